/** What modules make of readings: windows become series of their own, alarms raise and clear; by the two modules that come with the gateway. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { startGateway } from '../../support/gateway-process.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const CONFIG = `
[[module]]
name = "w1s"
module = "window-aggregate"
[[module.input]]
series = "plant/*"
config = { windowMs = 1000 }
[[module]]
name = "limits"
module = "threshold-alarm"
[[module.input]]
series = "plant/temp"
config = { high = 80, hysteresis = 5 }
`;

test('windows become aggregate series, with the right sums, in the store and on the page', async () => {
  await using gateway = await startGateway({ config: CONFIG });
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  const start = Math.floor(Date.now() / 1000) * 1000 - 20_000;
  // Ten windows of ten readings each, then one far ahead that closes them.
  for (let i = 0; i < 100; i++)
    client.publish('sensors/plant/flow', `{"value":${i},"time":${start + i * 100}}`, 1, i + 1);
  client.publish('sensors/plant/flow', `{"value":0,"time":${start + 19_000}}`, 1, 200);
  const mean = await gateway.seriesWith('plant/flow.w1s.mean', 10);
  assert.equal(mean.lane, 'aggregate');
  assert.equal(await gateway.stop(), 0, gateway.log);
  const valuesOf = async (output: string) =>
    (await gateway.exported(`plant/flow.w1s.${output}`)).slice(0, 10).map(({ value }) => value);
  assert.deepEqual(
    await valuesOf('mean'),
    Array.from({ length: 10 }, (_, i) => i * 10 + 4.5),
  );
  assert.deepEqual(await valuesOf('count'), new Array(10).fill(10));
  assert.deepEqual(
    await valuesOf('max'),
    Array.from({ length: 10 }, (_, i) => i * 10 + 9),
  );
});

test('an alarm is raised above its limit, cleared below its hysteresis, and known after a kill', async () => {
  await using gateway = await startGateway({ config: CONFIG });
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  const alarmIs = (state: string) =>
    eventually(`the alarm to be ${state}`, async () => {
      const { alarms } = await gateway.status();
      return alarms.find((alarm) => alarm.series === 'plant/temp' && alarm.state === state);
    });
  client.publish('sensors/plant/temp', '79', 1, 1);
  await client.next('puback');
  assert.deepEqual((await gateway.status()).alarms, []);
  client.publish('sensors/plant/temp', '81.5', 1, 2);
  const raised = await alarmIs('raised');
  assert.deepEqual([raised.kind, raised.value, raised.clearedMs], ['limits.high', 81.5, null]);
  await gateway.kill();
  await gateway.start();
  await alarmIs('raised');
  using again = await RawClient.connect(gateway.mqttPort, 'c');
  // The module begins anew after a restart: it raises the alarm again before it can clear it.
  for (const [index, value] of ['82', '76', '74'].entries()) again.publish('sensors/plant/temp', value, 1, index + 1);
  const cleared = await alarmIs('cleared');
  assert.ok(cleared.clearedMs !== null && cleared.clearedMs >= raised.raisedMs);
  assert.ok((await gateway.status()).ledger.balanced);
});

test('a module whose name is not known is refused in words, and the others run', async () => {
  const unknown = '[[module]]\nname = "ghost"\nmodule = "no-such-module"\n[[module.input]]\nseries = "**"\n';
  await using gateway = await startGateway({ config: CONFIG + unknown });
  const modules = await eventually('the modules to report', async () => {
    const status = await gateway.status();
    return status.modules.length === 3 && status.modules;
  });
  const [window, limits, ghost] = ['w1s', 'limits', 'ghost'].map((name) =>
    modules.find((module) => module.name === name),
  );
  assert.deepEqual([window?.state, limits?.state, ghost?.state], ['running', 'running', 'refused']);
  assert.match(ghost?.error ?? '', /no-such-module/);
});

test('how many series each input has found is told, and an input that has found none', async () => {
  await using gateway = await startGateway({ config: CONFIG });
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  for (const [index, point] of ['flow', 'level', 'flow'].entries())
    client.publish(`sensors/plant/${point}`, '1', 1, index + 1);
  const found = await eventually('two series to be found', async () => {
    const { modules } = await gateway.status();
    return modules.find(({ name }) => name === 'w1s')?.seriesRead[0] === 2 && modules;
  });
  assert.deepEqual(
    found.map(({ name, seriesRead }) => [name, ...seriesRead]),
    [
      ['w1s', 2],
      ['limits', 0],
    ],
  );
  const { stdout: list } = await gateway.cli(['module', 'list', '--config', gateway.configFile]);
  assert.match(list, /^name +module +version +state +signed by +series +calls/m);
  assert.match(list, /^limits: no series matches plant\/temp so far$/m);
  assert.doesNotMatch(list, /^w1s: /m);
  const show = async (name: string) =>
    (await gateway.cli(['module', 'show', name, '--config', gateway.configFile])).stdout;
  assert.match(await show('w1s'), /^reads +plant\/\* {2}windowMs=1000 {2}2 series$/m);
  assert.match(await show('limits'), /^reads +plant\/temp {2}.*no series so far$/m);
});
