/** A module that no fuel ends outlasts its deadline: its worker is replaced, and the modules beside it go on as if nothing had been. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HUGE_FUEL, installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';
import { eventually } from '../../support/eventually.ts';

const HANGS = { fuelPerCall: HUGE_FUEL, startFuel: HUGE_FUEL, fuelPerSecond: 1e12, deadlineMs: 100 };
const ALARM = { series: 'test/modules', kind: 'loop.quarantined' };

test('neighbours of a module that hangs lose and double no window, and it ends in a quarantine that is told and can be ended', async () => {
  await using rig = await startAttacked({
    install: (folder) => [
      installAttack(folder, 'loop', { limits: HANGS }),
      installAttack(folder, 'snapshot-loop', { limits: HANGS }),
    ],
    quarantineAfter: 3,
  });
  const alarm = async () =>
    (await rig.gateway.status()).alarms.find(({ series, kind }) => series === ALARM.series && kind === ALARM.kind);
  rig.attack();
  const isQuarantined = ({ state }: { state: string }) => state === 'quarantined';
  const looping = await rig.moduleWhere('loop', 'to be in quarantine', isQuarantined);
  assert.match(looping.error ?? '', /a call outlasted its deadline/);
  assert.equal(looping.failures, 3);
  await rig.logSays(/module loop: version \S+: a call outlasted its deadline of \d+ ms: its worker is replaced/);
  await rig.logSays(
    /module snapshot-loop: version \S+: a call outlasted its deadline of \d+ ms: its worker is replaced/,
  );
  await eventually('the alarm to be raised', async () => (await alarm())?.state === 'raised');
  await rig.moduleWhere('snapshot-loop', 'to be in quarantine', isQuarantined);
  await rig.assertWell();
  rig.rest();
  const { code, stderr } = await rig.gateway.cli(['module', 'resume', 'loop', '--config', rig.gateway.configFile]);
  assert.equal(code, 0, stderr);
  await rig.moduleWhere('loop', 'to run', ({ state }) => state === 'running');
  await eventually('the alarm to be cleared', async () => (await alarm())?.state === 'cleared');
  await rig.assertWell();
  await rig.assertNothingLost();
});

test('a stop while a module hangs waits for the next worker, and nothing of its neighbours is lost', async () => {
  await using rig = await startAttacked({
    install: (folder) => [installAttack(folder, 'loop', { limits: { ...HANGS, deadlineMs: 1500 } })],
  });
  rig.attack();
  await rig.stream.acknowledged(50);
  assert.equal((await rig.module('loop')).traps, 0, 'it hangs still');
  await rig.assertNothingLost(true);
  assert.match(rig.log, /module loop: version \S+: a call outlasted its deadline of \d+ ms: its worker is replaced/);
});
