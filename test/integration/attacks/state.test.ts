/** States that are not what they should be, from modules and from files: whoever they belong to begins empty and is named, and nobody else. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeState } from '../../../gateway/src/core/modules/carried-state.ts';
import { HUGE_FUEL, installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';

const NOT_CARRIED: Readonly<Record<string, RegExp>> = {
  'snapshot-huge': /module snapshot-huge: its state cannot be carried: gw_snapshot: pages of at most 65536 octets/,
  'snapshot-negative': /module snapshot-negative: its state cannot be carried: gw_snapshot:/,
  'snapshot-endless': /module snapshot-endless: its state cannot be carried: its state is larger than/,
  'snapshot-large': /module snapshot-large: its state is too large for a checkpoint/,
  'snapshot-trap': /module snapshot-trap: version 1\.0\.0 failed: unreachable; new instance/,
};

/** As `ModuleStateFolder` writes it. */
function stateFile(module: string, form: number, pages: readonly Uint8Array[]): Buffer {
  const octets = encodeState({ module, version: '1.0.0', form, pages });
  return Buffer.concat([octets, createHash('sha256').update(octets).digest()]);
}

test('modules that lie about their state, or hang while they take one back, cost their neighbours nothing, even over a stop', async () => {
  const large = { snapshotBytes: 16 << 20 };
  await using rig = await startAttacked({
    install: (folder) => [
      installAttack(folder, 'snapshot-huge'),
      installAttack(folder, 'snapshot-negative'),
      installAttack(folder, 'snapshot-endless', { limits: { snapshotBytes: 1000 } }),
      installAttack(folder, 'snapshot-trap'),
      installAttack(folder, 'snapshot-large', { id: 'large-too', limits: large }),
      installAttack(folder, 'snapshot-large', { limits: large }),
      installAttack(folder, 'restore-trap'),
      installAttack(folder, 'restore-refuse'),
      installAttack(folder, 'restore-loop', { limits: { fuelPerCall: HUGE_FUEL, deadlineMs: 100 } }),
      ...['damaged', 'foreign', 'newer'].map((id) => installAttack(folder, 'restore-trap', { id })),
    ],
  });
  for (const pattern of Object.values(NOT_CARRIED)) await rig.logSays(pattern);
  await rig.assertWell();
  await rig.stopAndStart(() => {
    const states = join(rig.gateway.stateFolder, 'modules', 'states');
    mkdirSync(states, { recursive: true });
    const whole = readFileSync(join(states, 'restore-refuse.state'));
    writeFileSync(join(states, 'damaged.state'), whole.fill(0, 0, 1));
    writeFileSync(join(states, 'foreign.state'), stateFile('window-aggregate', 1, [Buffer.alloc(8)]));
    writeFileSync(join(states, 'newer.state'), stateFile('newer', 7, [Buffer.alloc(8)]));
    writeFileSync(join(states, 'nobody.state'), Buffer.from('no module of that name'));
  });
  await rig.logSays(/module damaged: its state is damaged: it begins empty/);
  await rig.logSays(/module foreign: begins empty: state of foreign expected, of window-aggregate found/);
  await rig.logSays(/module newer: begins empty: state of version 1 expected, 7 found/);
  await rig.logSays(/module restore-refuse: begins empty: it refuses the state/);
  await rig.logSays(/module restore-trap: version 1\.0\.0 failed: unreachable; new instance/);
  await rig.logSays(/module restore-loop: version .*: a call outlasted its deadline of \d+ ms: its worker is replaced/);
  for (const name of ['damaged', 'foreign', 'newer', 'restore-refuse']) {
    await rig.moduleWhere(name, 'to run', ({ state }) => state === 'running');
  }
  await rig.assertWell();
  assert.equal((await rig.module('after')).error, null);
  await rig.assertNothingLost();
});
