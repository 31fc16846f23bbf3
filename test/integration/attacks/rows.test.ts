/** Rows that are not what a row may be: each is left out and counted, and those beside it are stored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';
import { eventually } from '../../support/eventually.ts';

/** Rows of one answer, and those among them that name no time, output, state or series that they may. A value may be anything. */
const ROWS = 15;
const ILLEGAL = 11;

test('rows without a time, of unknown outputs, of series that were not given and alarms without a state are left out and counted', async () => {
  await using rig = await startAttacked({ install: (folder) => [installAttack(folder, 'bad-rows')] });
  // A series that the attack is not given: it names every series next to its own.
  rig.stream.alsoPublish('sensors/secret/y');
  rig.attack();
  await rig.moduleWhere('bad-rows', 'to have spoken', ({ rowsOut }) => rowsOut > ROWS * 50);
  await rig.assertWell();
  rig.rest();
  await eventually('every illegal row to be counted', async () => {
    const { aggregate, alarm } = (await rig.gateway.status()).ledger.lanes;
    const shed = aggregate.shed.module_output + alarm.shed.module_output;
    const stored = (await rig.gateway.series('plant/x.bad-rows.out'))?.count ?? 0;
    return shed > 0 && shed * (ROWS - ILLEGAL) === stored * ILLEGAL;
  });
  await rig.assertNothingLost();
  const rows = await rig.gateway.exported('**');
  const series = new Set(rows.map((row) => row.series).filter((name) => /bad-rows/.test(name)));
  assert.deepEqual([...series], ['plant/x.bad-rows.out'], 'no other series has a row of it');
  const values = rows.filter((row) => row.series === 'plant/x.bad-rows.out').map(({ value }) => value);
  assert.ok(
    values.every((value) => value === null || value === 1),
    'legal rows only',
  );
  assert.equal(values.length % (ROWS - ILLEGAL), 0, `${values.length} rows`);
  assert.ok(values.length > 0);
});

test('a flood of rows is shed and counted; readings are acknowledged all the while, and no other module loses a row', async () => {
  await using rig = await startAttacked({ install: (folder) => [installAttack(folder, 'flood-of-rows')] });
  rig.attack();
  await rig.moduleWhere('flood-of-rows', 'to have spoken', ({ rowsOut }) => rowsOut > 5_000_000);
  await rig.stream.acknowledged(50);
  rig.rest();
  await rig.assertWell();
  await rig.stream.stop();
  const { balanced, lanes } = (await rig.gateway.status()).ledger;
  assert.ok(balanced);
  assert.ok(lanes.aggregate.shed.module_output > 0);
  assert.equal(lanes.live.received, rig.stream.sent);
  assert.equal(lanes.live.stored, rig.stream.sent);
  await rig.assertNothingLost();
});
