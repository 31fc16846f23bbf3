import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource, valuesOf } from './contributions.ts';
import { OpenState } from './open-state.ts';

test('what was committed is there after a crash, with the same accounts, series and alarms', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(1);
  const committed = Array.from({ length: 30 }, () => source.any(40));
  for (let i = 0; i < committed.length; i += 3) state.store.commit(committed.slice(i, i + 3));

  using crashed = temporaryFolder(folder.path);
  using again = new OpenState(crashed.path);
  assert.deepEqual(again.damage, []);
  assert.deepEqual(again.ledger(), state.ledger());
  assert.deepEqual(again.values(), valuesOf(committed));
  assert.deepEqual([...again.store.series], [...state.store.series]);
  assert.deepEqual(again.store.alarms.list(100), state.store.alarms.list(100));
  assert.equal(again.store.epoch, state.store.epoch);
});

test('a crash during a seal, after more was committed, loses nothing and sends nothing twice', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(2);
  const committed = [source.make('live', 400), source.make('alarm', 20)];
  state.store.commit(committed);
  assert.equal(state.store.sealStep(true), 'working');
  const later = [source.make('live', 300), source.make('alarm', 5)];
  state.store.commit(later);

  using crashed = temporaryFolder(folder.path);
  using again = new OpenState(crashed.path);
  assert.deepEqual(again.values(), valuesOf([...committed, ...later]));
  assert.deepEqual(again.ledger(), state.ledger());
});

test('a seal begun during a replay covers what was replayed by then, not what the checkpoint knew', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(3);
  const committed = Array.from({ length: 6 }, () => source.make('live', 500));
  for (const contribution of committed.slice(0, 3)) state.store.commit([contribution]);
  assert.equal(state.store.sealStep(), 'working');
  for (const contribution of committed.slice(3)) state.store.commit([contribution]);
  state.store.checkpoint();

  using crashed = temporaryFolder(folder.path);
  using again = new OpenState(crashed.path);
  while (typeof again.store.sealStep(true) === 'string');
  assert.deepEqual(again.values(), valuesOf(committed));
  using crashedAgain = temporaryFolder(crashed.path);
  using third = new OpenState(crashedAgain.path);
  assert.deepEqual(third.values(), valuesOf(committed));
  assert.deepEqual(third.ledger(), state.ledger());
});

test('a store that opens with smaller segments than before seals what it replays', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(4);
  const committed = Array.from({ length: 12 }, () => source.make('live', 100));
  for (const contribution of committed) state.store.commit([contribution]);
  state.store.checkpoint();

  using crashed = temporaryFolder(folder.path);
  const limits = { segmentPoints: 150, batchRowsMax: 100 };
  {
    using again = new OpenState(crashed.path, { limits });
    assert.deepEqual(again.values(), valuesOf(committed));
    assert.deepEqual(again.ledger(), state.ledger());
  }
  using third = new OpenState(crashed.path, { limits });
  assert.deepEqual(third.values(), valuesOf(committed));
  assert.deepEqual(third.ledger(), state.ledger());
});

test('a segment file whose transaction never came is swept, and its points are sealed anew', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(5);
  const committed = [source.make('live', 200)];
  state.store.commit(committed);
  state.database.exec("CREATE TRIGGER crash BEFORE INSERT ON segment BEGIN SELECT raise(ABORT, 'crash'); END");
  assert.throws(() => state.sealAll(), /crash/);
  const [name] = readdirSync(state.paths.segments);
  assert.ok(name, 'the file was written');

  using crashed = temporaryFolder(folder.path);
  using again = new OpenState(crashed.path);
  assert.deepEqual(readdirSync(again.paths.segments), []);
  again.database.exec('DROP TRIGGER crash');
  again.sealAll();
  assert.deepEqual(again.values(), valuesOf(committed));
  assert.deepEqual(readdirSync(again.paths.segments), [name]);
  assert.equal(again.ledger().live.queued, 200);
});

test('a seal that fails once goes on with the same points and sequence, in the running store', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(6);
  const committed = [source.make('live', 200)];
  state.store.commit(committed);
  state.database.exec("CREATE TRIGGER crash BEFORE INSERT ON segment BEGIN SELECT raise(ABORT, 'crash'); END");
  for (let i = 0; i < 3; i++) assert.throws(() => state.sealAll(), /crash/);
  assert.equal(state.ledger().live.queued, 200);
  state.database.exec('DROP TRIGGER crash');
  state.sealAll();
  assert.deepEqual(state.values(), valuesOf(committed));
  assert.deepEqual(
    state.index.files().map(({ lane, sequence }) => [lane, sequence]),
    [['live', 1]],
  );
});

test('a half-written segment is swept', () => {
  using folder = temporaryFolder();
  {
    using state = new OpenState(folder.path);
    writeFileSync(join(state.paths.segments, 'live-000000000001.tgs.tmp'), 'half');
  }
  using again = new OpenState(folder.path);
  assert.equal(existsSync(join(again.paths.segments, 'live-000000000001.tgs.tmp')), false);
});

test('the row of a segment and its pending saga stand together', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(7);
  state.store.commit([source.make('alarm', 3), source.make('live', 10)]);
  state.sealAll();
  const pending = state.sagas.pending('ship-segment', 10);
  assert.deepEqual(
    pending.map(({ id, priority, parameters }) => [id, priority, parameters]),
    [
      ['ship-alarm-1', 0, { lane: 'alarm', sequence: 1 }],
      ['ship-live-1', 2, { lane: 'live', sequence: 1 }],
    ],
  );
  state.database.exec("CREATE TRIGGER crash BEFORE INSERT ON saga BEGIN SELECT raise(ABORT, 'crash'); END");
  state.store.commit([source.make('live', 10)]);
  assert.throws(() => state.sealAll(), /crash/);
  assert.deepEqual(state.index.files().length, 2);
  assert.equal(state.ledger().live.queued, 20);
});

test('a segment nobody knows is an error of its own', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  assert.throws(
    () => state.store.moveSegment('live', 9, 'confirmed'),
    (error) => error instanceof GatewayError && error.code === 'not_found',
  );
});
