/** An alarm must not outlive what raised it: after a restart the module knows nothing of it, so its host clears it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const CONFIG = `
[[module]]
name = "lim"
module = "threshold-alarm"
[[module.input]]
series = "**/temperature"
config = { high = 90 }
`;

test('an alarm raised before a kill is cleared by the restart, and raised again when its condition still holds', {
  skip: skipWithout('mosquitto_pub'),
}, async () => {
  await using gateway = await new GatewayProcess({ config: CONFIG }).start();
  const publish = async (value: number) => {
    const args = ['-p', String(gateway.mqttPort), '-t', 'sensors/oven/temperature', '-m', String(value), '-q', '1'];
    assert.equal((await runProgram('mosquitto_pub', args)).code, 0);
  };
  const stands = (state: string) => async () => {
    const alarm = (await gateway.status()).alarms.find(({ kind }) => kind === 'lim.high');
    return alarm?.state === state;
  };
  await publish(95);
  await eventually('the alarm', stands('raised'));
  await gateway.kill();
  await gateway.start();
  await eventually('the alarm to be cleared', stands('cleared'));
  await publish(50);
  await publish(96);
  await eventually('the alarm again', stands('raised'));
  assert.equal((await gateway.status()).ledger.balanced, true);
});

for (const [what, change] of [
  ['taken out of the configuration', (text: string) => text.replace(CONFIG, '')],
  ['disabled there', (text: string) => text.replace('name = "lim"', 'name = "lim"\nenabled = false')],
] as const) {
  test(`the alarm of a module that is ${what} is cleared at the next start, on disk and for good`, async () => {
    await using gateway = await new GatewayProcess({ config: CONFIG }).start();
    const stateNow = async () => (await gateway.status()).alarms.find(({ kind }) => kind === 'lim.high')?.state;
    using client = await RawClient.connect(gateway.mqttPort, 'oven');
    client.publish('sensors/oven/temperature', '95', 1, 1);
    await client.next('puback');
    await eventually('the alarm', async () => (await stateNow()) === 'raised');
    await gateway.stop();
    writeFileSync(gateway.configFile, change(readFileSync(gateway.configFile, 'utf8')));
    for (const start of ['first', 'second']) {
      await gateway.start();
      assert.equal(await stateNow(), 'cleared', `the ${start} start after it`);
      assert.equal((await gateway.status()).ledger.balanced, true);
      await gateway.stop();
    }
    assert.equal(gateway.log.match(/module lim: does not run: its alarms are cleared/g)?.length, 1);
  });
}
