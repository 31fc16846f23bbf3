/** Rows that are not what a row may be: each is left out and counted, and those beside it are stored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';

/** Rows of one answer, and those among them that name no time, output, state or series that they may. */
const ROWS = 15;
const ILLEGAL = 9;

test('rows without a time, of unknown outputs, of series that were not given and alarms without a state are left out and counted', async () => {
  await using rig = await startAttacked({ install: (folder) => [installAttack(folder, 'bad-rows')] });
  // A series that the attack is not given: it names every series next to its own.
  rig.stream.alsoPublish('sensors/secret/y');
  rig.attack();
  await rig.moduleWhere('bad-rows', 'to have spoken', ({ rowsOut }) => rowsOut > ROWS * 50);
  await rig.assertWell();
  rig.rest();
  await rig.assertNothingLost();
  const rows = await rig.gateway.exported('**');
  const series = new Set(rows.map((row) => row.series).filter((name) => /bad-rows/.test(name)));
  assert.deepEqual([...series], ['plant/x.bad-rows.out'], 'no other series has a row of it');
  const values = rows.filter((row) => row.series === 'plant/x.bad-rows.out').map(({ value }) => value);
  assert.ok(
    values.every((value) => value === null || value === 1 || value === 2),
    'legal rows only',
  );
  assert.equal(values.length % (ROWS - ILLEGAL), 0, `${values.length} rows`);
  assert.ok(values.length > 0);
});
