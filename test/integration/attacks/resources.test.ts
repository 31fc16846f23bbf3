/** Modules that take what they can: memory, tables, stack, time. Each is ended, says why, and takes nothing from the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';

test('probe', async () => {
  await using rig = await startAttacked({
    install: (folder) => [
      installAttack(folder, 'memory-bomb'),
      installAttack(folder, 'loop'),
      installAttack(folder, 'recursion'),
      installAttack(folder, 'recursion-with-log'),
      installAttack(folder, 'recursion-in-init'),
      installAttack(folder, 'slow-together', {limits: { fuelPerSecond: 20_000_000 }}),
    ],
  });
  const base = rig.anonymousBytes();
  rig.attack();
  for (const name of ['memory-bomb', 'loop', 'recursion', 'recursion-with-log', 'recursion-in-init']) {
    const m = await rig.failed(name);
    console.log(name, m.state, m.error);
  }
  const slow = await rig.moduleWhere('slow-together', 'to be throttled', (m) => m.throttledRows > 0);
  console.log(slow);
  await rig.assertWell();
  rig.rest();
  console.log(base / 1e6, rig.anonymousBytes() / 1e6);
  await rig.assertNothingLost();
  console.log(rig.log);
});
