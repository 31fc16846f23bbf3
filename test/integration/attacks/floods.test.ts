/** Modules that say more than they may: what is over a rate is dropped and counted, and the log stays readable. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';

/** Gauges of one module, see docs/reference/module-abi.md. */
const GAUGES_MAX = 32;
/** Lines of the gateway's log a second, see gateway/src/main/log.ts. */
const LINES_PER_SECOND_MAX = 20;

test('log lines, metrics, events and fuel of a second are kept to their rates, and what is beyond is counted', async () => {
  const startedMs = Date.now();
  await using rig = await startAttacked({
    install: (folder) => [
      installAttack(folder, 'log-flood', { limits: { logBytesPerSec: 64 } }),
      installAttack(folder, 'metric-flood'),
      installAttack(folder, 'emit-flood', { limits: { fuelPerSecond: 20_000_000 } }),
      installAttack(folder, 'slow-together', { limits: { fuelPerSecond: 20_000_000 } }),
    ],
  });
  const before = rig.anonymousBytes();
  rig.attack();
  await rig.moduleWhere('log-flood', 'to be kept short', ({ dropped }) => dropped.logLines > 100_000);
  const { gauges } = await rig.moduleWhere(
    'metric-flood',
    'to be kept short',
    ({ dropped }) => dropped.metrics > 100_000,
  );
  assert.ok(Object.keys(gauges).length <= GAUGES_MAX);
  await rig.moduleWhere('emit-flood', 'to be kept short', ({ dropped }) => dropped.emits > 10_000);
  const slow = await rig.moduleWhere('slow-together', 'to be throttled', ({ throttledRows }) => throttledRows > 50);
  await rig.assertWell();
  for (const name of ['log-flood', 'metric-flood', 'emit-flood', 'slow-together']) {
    const { state, traps } = await rig.module(name);
    assert.deepEqual([state, traps], ['running', 0], name);
  }
  const metrics = await (await fetch(new URL('/metrics', rig.gateway.web))).text();
  assert.match(metrics, /metric-flood/);
  rig.rest();
  await rig.moduleWhere('slow-together', 'to be called again', ({ calls }) => calls > slow.calls);
  const lines = rig.log.split('\n').filter(Boolean);
  const seconds = (Date.now() - startedMs) / 1000;
  assert.ok(lines.length <= seconds * LINES_PER_SECOND_MAX, `${lines.length} lines in ${seconds} s`);
  const flooded = lines.filter((line) => line.includes('module log-flood:'));
  assert.ok(
    flooded.length > 0 && flooded.length <= seconds + 2,
    `${flooded.length} lines of one module in ${seconds} s`,
  );
  assert.deepEqual(
    lines.filter((line) => !/^\d{4}-\d\d-\d\dT\S+ (info|warn|error) /.test(line)),
    [],
    'no line is forged',
  );
  await rig.memoryBackTo(before);
  await rig.assertNothingLost();
});
