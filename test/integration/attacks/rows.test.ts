/** Rows that are not what a row may be, and more of them than anybody wants. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';

test('bad rows', async () => {
  await using rig = await startAttacked({ install: (folder) => [installAttack(folder, 'bad-rows')] });
  rig.attack();
  await rig.moduleWhere('bad-rows', 'to have spoken', ({ rowsOut }) => rowsOut > 15 * 50);
  await rig.assertWell();
  rig.rest();
  const s = await rig.gateway.get('/api/series');
  console.log(s);
  console.log(JSON.stringify((await rig.gateway.status()).ledger));
  await rig.assertNothingLost();
  const rows = (await rig.gateway.exported('plant/x.bad-rows.**'));
  console.log(rows.slice(0, 20));
});
