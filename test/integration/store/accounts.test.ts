import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { readQuarantine } from '../../../gateway/src/adapters/sqlite/rows.ts';
import { segmentFileName } from '../../../gateway/src/core/store/ports.ts';
import { dueForRetention } from '../../../gateway/src/core/store/retention.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource } from './contributions.ts';
import { OpenState } from './open-state.ts';

test('sealing, confirming, expiring, damage and pruning keep every lane balanced, now and after a crash', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(21);
  for (let sequence = 1; sequence <= 4; sequence++) {
    state.store.commit([source.make('live', 100)]);
    state.sealAll();
  }
  state.store.moveSegment('live', 1, 'confirmed');
  state.store.moveSegment('live', 2, 'expired');
  state.store.moveSegment('live', 3, 'corrupt');
  const { confirmed, expired, quarantined, queued } = state.ledger().live;
  assert.deepEqual(
    { confirmed, expired, quarantined, queued },
    { confirmed: 100, expired: 100, quarantined: 100, queued: 100 },
  );
  state.store.moveSegment('live', 1, 'pruned');

  using crashed = temporaryFolder(folder.path);
  using again = new OpenState(crashed.path);
  assert.deepEqual(again.ledger(), state.ledger());
  const kept = [1, 2, 3, 4].map((sequence) =>
    existsSync(join(again.paths.segments, segmentFileName('live', sequence))),
  );
  assert.deepEqual(kept, [false, false, true, true]);
});

test('a move made twice counts once, and one that is not legal any more changes nothing', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  state.store.commit([new ContributionSource(22).make('live', 10)]);
  state.sealAll();
  for (const to of ['confirmed', 'confirmed', 'expired', 'corrupt'] as const) {
    assert.equal(state.store.moveSegment('live', 1, to).state, 'confirmed');
  }
  assert.equal(state.store.moveSegment('live', 1, 'pruned').state, 'pruned');
  for (const to of ['confirmed', 'expired', 'corrupt', 'pruned'] as const) {
    assert.equal(state.store.moveSegment('live', 1, to).state, 'pruned');
  }
  const { confirmed, expired, quarantined, queued } = state.ledger().live;
  assert.deepEqual(
    { confirmed, expired, quarantined, queued },
    { confirmed: 10, expired: 0, quarantined: 0, queued: 0 },
  );
});

test('a move whose transaction fails leaves the accounts as they were', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  state.store.commit([new ContributionSource(23).make('live', 10)]);
  state.sealAll();
  const before = state.ledger();
  state.database.exec("CREATE TRIGGER crash BEFORE UPDATE ON segment BEGIN SELECT raise(ABORT, 'crash'); END");
  assert.throws(() => state.store.moveSegment('live', 1, 'confirmed'), /crash/);
  assert.deepEqual(state.ledger(), before);
});

test('a quiet lane with one unsealed point holds back only what it needs until it is sealed itself', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(25);
  state.store.commit([source.make('aggregate', 1)]);
  for (let i = 0; i < 10; i++) {
    state.store.commit([source.make('live', 500)]);
    while (state.store.sealStep() !== 'idle');
  }
  using crashed = temporaryFolder(folder.path);
  using again = new OpenState(crashed.path);
  assert.equal(again.ledger().aggregate.queued, 1);
  assert.equal(again.ledger().live.queued, 5000);
});

test('the newest rejected messages are kept up to the bound, and all are counted', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path, { limits: { quarantineMax: 5 } });
  const source = new ContributionSource(26);
  for (let i = 0; i < 12; i++) {
    const message = { atMs: i, topic: `t${i}`, reason: 'not_json', sample: Buffer.from('{') };
    const empty = source.make('live', 0);
    state.store.commit([{ ...empty, received: 1, quarantinedCount: 1, quarantine: [message] }]);
    if (i % 4 === 0) state.store.checkpoint();
  }
  state.store.checkpoint();
  assert.deepEqual(
    readQuarantine(state.database, 100).map(({ topic }) => topic),
    ['t11', 't10', 't9', 't8', 't7'],
  );
  assert.equal(state.ledger().live.quarantined, 12);
});

test('retention leaves a segment alone whose saga has begun, and takes it when the saga has not', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(27);
  for (let sequence = 1; sequence <= 2; sequence++) {
    state.store.commit([source.make('live', 50)]);
    state.sealAll();
  }
  const change = { id: 'ship-live-1', set: { state: 'executing', attempt: 1 }, events: [], atMs: 1 } as const;
  state.sagas.record(change);
  const due = dueForRetention(state.index, state.journal.bytes, { diskMaxBytes: 0, confirmedKeepBytes: 0 });
  assert.deepEqual(
    due.map(({ segment, to }) => [segment.sequence, to]),
    [[2, 'expired']],
  );
});

test('corrupt segments make room before any good one: row and file go, the accounts stay', () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(29);
  for (let sequence = 1; sequence <= 4; sequence++) {
    state.store.commit([source.make('live', 50)]);
    state.sealAll();
  }
  for (const sequence of [2, 3]) state.store.moveSegment('live', sequence, 'corrupt');
  const before = state.ledger();
  const { bytes, corruptBytes } = state.index.kept();
  const sizes = [2, 3].map((sequence) => state.index.segment('live', sequence)!.bytes);
  assert.equal(corruptBytes, sizes[0]! + sizes[1]!);
  const limits = { diskMaxBytes: bytes - corruptBytes, confirmedKeepBytes: 0 };
  for (const { segment, to } of dueForRetention(state.index, 0, limits)) {
    assert.equal(state.store.moveSegment(segment.lane, segment.sequence, to).state, 'pruned');
  }
  assert.deepEqual(state.ledger(), before);
  assert.deepEqual(state.index.kept(), {
    segments: 2,
    bytes: bytes - corruptBytes,
    confirmedBytes: 0,
    corruptBytes: 0,
  });
  assert.deepEqual(dueForRetention(state.index, 0, limits), []);
  const kept = [1, 2, 3, 4].map((sequence) =>
    existsSync(join(state.paths.segments, segmentFileName('live', sequence))),
  );
  assert.deepEqual(kept, [true, false, false, true]);
});

test('a lane is sealed by age and by size, alarms first', async () => {
  using folder = temporaryFolder();
  using state = new OpenState(folder.path);
  const source = new ContributionSource(28);
  const sealed: string[] = [];
  const sealDue = () => {
    for (let step = state.store.sealStep(); step !== 'idle'; step = state.store.sealStep()) {
      if (typeof step !== 'string') sealed.push(`${step.lane} ${step.points}`);
    }
    return sealed;
  };
  state.store.commit([source.make('live', 499), source.make('live', 500), source.make('alarm', 1)]);
  assert.deepEqual(sealDue(), []);
  await state.clock.advance(1000);
  assert.deepEqual(sealDue(), ['alarm 1']);
  state.store.commit([source.make('live', 1)]);
  assert.deepEqual(sealDue(), ['alarm 1', 'live 1000']);
  state.store.commit([source.make('live', 3)]);
  await state.clock.advance(60_000);
  assert.deepEqual(sealDue(), ['alarm 1', 'live 1000', 'live 3']);
});
