/** Pointers and lengths outside a module's memory, in every place where it hands one over, and exports that are not of the ABI's types. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack, installBinary } from '../../support/attack-module.ts';
import { MISSHAPEN } from '../../support/attack-octets.ts';
import { startAttacked } from '../../support/attack-rig.ts';

const OUTSIDE = {
  'log-outside': /gw1\.log: octets inside its memory/,
  'log-negative': /gw1\.log: octets inside its memory/,
  'log-across-the-end': /gw1\.log: octets inside its memory/,
  'metric-outside': /gw1\.metric: octets inside its memory/,
  'metric-negative': /gw1\.metric: octets inside its memory/,
  'emit-type-outside': /gw1\.emit: octets inside its memory/,
  'emit-data-outside': /gw1\.emit: octets inside its memory/,
  'emit-negative': /gw1\.emit: octets inside its memory/,
  'output-huge': /at most 65536 octets expected, 2147483647 found/,
  'output-of-many-rows': /1 rows at most expected, 4294967295 found/,
  'output-of-another-version': /version 1 expected, 2 found/,
  'endless-pages': /at most 64 pages of output expected/,
} as const;

test('every pointer, length and type that is not what it should be ends its own instance and no other', async () => {
  await using rig = await startAttacked({
    install: (folder) => {
      for (const [id, { wasm }] of Object.entries(MISSHAPEN)) {
        installBinary(folder, id, wasm, { limits: { outBytes: 4096 } });
      }
      const names = Object.keys(OUTSIDE) as (keyof typeof OUTSIDE)[];
      const refusing = installAttack(folder, 'output-negative-length');
      return [...Object.keys(MISSHAPEN), ...names.map((name) => installAttack(folder, name)), refusing];
    },
  });
  rig.attack();
  for (const [name, reason] of Object.entries(OUTSIDE)) {
    assert.match((await rig.failed(name)).error ?? '', reason, name);
  }
  for (const [name, { reason }] of Object.entries(MISSHAPEN)) {
    assert.match((await rig.failed(name)).error ?? '', reason, name);
  }
  assert.ok(!rig.log.includes('module worker:'), rig.log);
  const refusing = await rig.moduleWhere('output-negative-length', 'to be refused', ({ refusals }) => refusals > 2);
  assert.deepEqual([refusing.state, refusing.traps], ['running', 0], 'a negative length is an error of the module');
  await rig.assertWell();
  await rig.assertNothingLost();
});
