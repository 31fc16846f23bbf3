/** What an operator has to hear of: rejected messages, refused connections, alarms; and what the page knows after a restart. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/eventually.ts';
import { CLI, GatewayProcess } from '../../support/gateway-process.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { openBrowser } from './browser.ts';

const PHONE = { width: 390, height: 844 };

const LIMITS = `
[store]
segment_age = "1s"
[[ingest.route]]
topic = "sensors/{device}/{point}"
[[module]]
name = "limits"
module = "threshold-alarm"
[[module.input]]
series = "**"
config = { high = 80, missingMs = 1000 }
`;

async function publish(gateway: GatewayProcess, topic: string, message: string, ...more: string[]): Promise<number> {
  const at = ['-p', String(gateway.mqttPort), '-t', topic, '-m', message, '-q', '1'];
  return (await runProgram('mosquitto_pub', [...at, ...more])).code ?? -1;
}

async function openPage(t: TestContext, web: string): Promise<Page> {
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: PHONE });
  await page.goto(web);
  await page.locator('#page').waitFor({ timeout: 20_000 });
  return page;
}

const says = (page: Page, where: string, words: RegExp) =>
  eventually(
    `${where}: ${words}`,
    async () => words.test((await page.locator(where).first().innerText()).replaceAll('\n', ' ')),
    20_000,
  );

test('rejected messages and refused connections are in the headline and the tiles, and what is rejected is not stored', {
  skip: skipWithout('chromium', 'mosquitto_pub'),
  timeout: 90_000,
}, async (t) => {
  const { stdout } = await runProgram(process.execPath, [CLI, 'user', 'hash'], { input: 'correct horse battery\n' });
  await using gateway = await new GatewayProcess({
    config: `[[mqtt.user]]\nname = "sensor"\npassword_hash = "${stdout.trim()}"\n`,
  }).start();
  const login = ['-u', 'sensor', '-P', 'correct horse battery'];
  assert.equal(await publish(gateway, 'sensors/boiler/temperature', '61.5', ...login), 0);
  for (const message of ['{"value": ', 'NaN']) await publish(gateway, 'sensors/boiler/temperature', message, ...login);
  assert.notEqual(await publish(gateway, 'sensors/boiler/temperature', '1', '-u', 'sensor', '-P', 'wrong'), 0);
  await fetch(`http://127.0.0.1:${gateway.mqttPort}/`).catch(() => undefined);

  const page = await openPage(t, gateway.web);
  await says(page, '#headline', /2 messages rejected in the last 10 minutes/);
  await says(page, '#remarks', /2 connections refused in the last 10 minutes/);
  await says(
    page,
    '#todo',
    /2 messages rejected.*What was rejected is not among the readings.*put it right at the sender/,
  );
  await says(page, '#todo', /2 connections refused.*is not let in.*protocol violation/);
  assert.ok(!(await page.innerText('body')).includes('All is well'));
  await says(page, '#tiles li:nth-child(2)', /3 2 set aside/);
  await says(page, '#tiles li:nth-child(3)', /Stored 1 /i);
  await says(page, '#ledger-sentence', /Of 3 points received, 1 were stored, 2 set aside/);
  await says(page, '#gateway-facts', /2 connections since the start/);
  await says(page, '#rejected', /malformed_json/);
  await page.locator('#rejected summary', { hasText: 'malformed_json' }).click();
  await says(page, '#rejected', /Not JSON by RFC 8259/);
  const { ingest } = await gateway.status();
  assert.deepEqual([ingest.refused, ingest.refusedRecently, ingest.rejectedRecently], [2, 2, 2]);
});

test('an alarm has the unit of its own value, the name of its point whole, and is not cleared while it is raised', {
  skip: skipWithout('chromium', 'mosquitto_pub'),
  timeout: 90_000,
}, async (t) => {
  await using gateway = await new GatewayProcess({ config: LIMITS }).start();
  await publish(gateway, 'sensors/pump 3/temp.x!y', '21.5');
  const page = await openPage(t, gateway.web);
  await says(page, '#alarms', /pump 3\/temp\.x!y .*Raised .*Limits\.missing .*[\d,]+ ms .*, for \d+ s now .*not yet/);
});

for (const ending of ['stop', 'kill'] as const) {
  test(`after a ${ending} the last values are those of the store, and a late reading does not replace them`, {
    skip: skipWithout('chromium', 'mosquitto_pub'),
    timeout: 90_000,
  }, async (t) => {
    await using gateway = await new GatewayProcess().start();
    const now = Date.now();
    const reading = (value: number, timeMs: number) => JSON.stringify({ value, time: timeMs });
    await publish(gateway, 'sensors/boiler/temperature', reading(21.7, now - 60_000));
    await publish(gateway, 'sensors/boiler/temperature', reading(1, now - 3_600_000));
    const before = await gateway.seriesWith('boiler/temperature', 2);
    assert.deepEqual([before.lastValue, before.lastMs], [21.7, now - 60_000]);
    await gateway[ending]();
    await gateway.start();
    const known = await eventually('the stored value', async () => {
      const row = await gateway.series('boiler/temperature');
      return row !== undefined && row.lastMs !== null && row;
    });
    assert.deepEqual([known.lastValue, known.lastMs, known.count], [21.7, now - 60_000, 0]);
    await publish(gateway, 'sensors/boiler/temperature', reading(2, now - 1_800_000));
    assert.equal((await gateway.seriesWith('boiler/temperature', 1)).lastValue, 21.7);
    const page = await openPage(t, gateway.web);
    await says(page, '#series-list', /temperature .*21\.7.*1 min ago/);
    await page.getByRole('link', { name: 'temperature', exact: true }).click();
    await says(page, '.chart-last', /21\.7.*1 min ago, 1 point since the start/);
  });
}
