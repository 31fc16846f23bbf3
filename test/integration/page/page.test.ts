/** The technician's page in a real browser, against a real gateway: it shows what is there, fits a phone, and says nothing wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { openBrowser } from './browser.ts';

const SIZES = [
  { name: 'phone', width: 390, height: 844 },
  { name: 'desktop', width: 1280, height: 900 },
] as const;

async function publish(gateway: GatewayProcess, topic: string, message: string): Promise<void> {
  const { code, stderr } = await runProgram('mosquitto_pub', [
    '-p',
    String(gateway.mqttPort),
    '-t',
    topic,
    '-m',
    message,
    '-q',
    '1',
  ]);
  assert.equal(code, 0, stderr);
}

for (const size of SIZES) {
  test(`the page shows readings, ledger and rejected messages at ${size.name} width`, {
    skip: skipWithout('chromium', 'mosquitto_pub'),
  }, async (t) => {
    await using gateway = await new GatewayProcess().start();
    await publish(gateway, 'sensors/boiler/temperature', '{"value": 61.5}');
    await publish(gateway, 'nobody/knows', '<img src=x onerror="document.title=1">');
    const browser = await openBrowser();
    t.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: size.width, height: size.height } });
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));

    await page.goto(gateway.web);
    await page.getByText('61.5').first().waitFor({ timeout: 15_000 });
    await page.getByText('nobody/knows').click({ timeout: 15_000 });
    await page.getByText('<img src=x').waitFor({ timeout: 5000 });
    const text = (await page.textContent('body')) ?? '';
    assert.match(text, /boiler/);
    assert.match(text, /Balances/);
    assert.equal(await page.locator('img[src="x"]').count(), 0, 'what came from the network is shown as text');
    assert.notEqual(await page.title(), '1');
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `no horizontal scrolling: ${overflow} px too wide`);
    await page.getByRole('link', { name: 'temperature', exact: true }).click();
    await page.locator('dialog canvas').waitFor({ timeout: 10_000 });
    assert.deepEqual(complaints, []);
  });
}

test('the page says so when the gateway is gone, and comes back with it', {
  skip: skipWithout('chromium'),
  timeout: 60_000,
}, async (t) => {
  await using gateway = await new GatewayProcess().start();
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(gateway.web);
  const says = async (words: string) => (await page.innerText('body')).includes(words);
  await eventually('the first answer', () => says('No cloud is set up'));
  await gateway.kill();
  await eventually('the banner', () => says('cannot reach the gateway'));
  await gateway.start();
  await page.goto(gateway.web);
  await eventually('the next answer', () => says('No cloud is set up'));
});
