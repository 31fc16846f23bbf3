import assert from 'node:assert/strict';
import test from 'node:test';
import type { Lane } from '../../../gateway/src/core/model/series.ts';
import type { SegmentRow, StoreIndex } from '../../../gateway/src/core/store/ports.ts';
import { dueForRetention, type RetentionLimits } from '../../../gateway/src/core/store/retention.ts';

const row = (state: 'sealed' | 'confirmed' | 'corrupt', lane: Lane, sequence: number, bytes = 100): SegmentRow => ({
  ...{ state, lane, sequence, bytes },
  ...{ points: 10, series: 1, firstMs: 0, lastMs: 1, sealedMs: sequence },
});

/** The few questions that retention asks, answered from a list. */
function indexOf(rows: readonly SegmentRow[]): StoreIndex {
  const of = (state: string, lane: Lane | null, limit: number) =>
    rows.filter((one) => one.state === state && (lane === null || one.lane === lane)).slice(0, limit);
  const sum = (list: readonly SegmentRow[]) => list.reduce((total, one) => total + one.bytes, 0);
  const index: Pick<StoreIndex, 'oldest' | 'expirable' | 'kept'> = {
    oldest: of,
    expirable: (lane, limit) => of('sealed', lane, limit),
    kept: () => ({
      ...{ segments: rows.length, bytes: sum(rows) },
      ...{ confirmedBytes: sum(of('confirmed', null, 1e9)), corruptBytes: sum(of('corrupt', null, 1e9)) },
    }),
  };
  return index as StoreIndex;
}

function due(rows: readonly SegmentRow[], limits: Partial<RetentionLimits>, journalBytes = 0): string[] {
  const all = { diskMaxBytes: 1e9, confirmedKeepBytes: 1e9, ...limits };
  return dueForRetention(indexOf(rows), journalBytes, all).map(
    ({ segment, to }) => `${to} ${segment.lane} ${segment.sequence}`,
  );
}

test('within the limits nothing goes', () => {
  assert.deepEqual(due([row('sealed', 'live', 1), row('confirmed', 'live', 2)], { diskMaxBytes: 200 }), []);
});

test('confirmed segments beyond what is kept of them go, oldest first, and no other', () => {
  const rows = [1, 2, 3].map((sequence) => row('confirmed', 'live', sequence));
  assert.deepEqual(due([...rows, row('sealed', 'live', 4)], { confirmedKeepBytes: 150 }), [
    'pruned live 1',
    'pruned live 2',
  ]);
});

test('a full disk takes confirmed segments before unconfirmed ones', () => {
  const rows = [row('sealed', 'live', 1), row('confirmed', 'alarm', 2), row('confirmed', 'live', 3)];
  assert.deepEqual(due(rows, { diskMaxBytes: 150 }), ['pruned alarm 2', 'pruned live 3']);
});

test('a full disk takes corrupt segments first, oldest first, so that no good one goes for their sake', () => {
  const rows = [
    ...[1, 2, 3].map((sequence) => row('corrupt', sequence === 2 ? 'alarm' : 'live', sequence)),
    ...[row('confirmed', 'live', 4), row('sealed', 'live', 5)],
  ];
  assert.deepEqual(due(rows, { diskMaxBytes: 500 }), []);
  assert.deepEqual(due(rows, { diskMaxBytes: 300 }), ['pruned live 1', 'pruned alarm 2']);
  assert.deepEqual(due(rows, { diskMaxBytes: 100 }), [
    ...['pruned live 1', 'pruned alarm 2', 'pruned live 3', 'pruned live 4'],
  ]);
});

test('too many confirmed segments cost no corrupt one while the disk has room', () => {
  const rows = [row('corrupt', 'live', 1), row('confirmed', 'live', 2), row('confirmed', 'live', 3)];
  assert.deepEqual(due(rows, { confirmedKeepBytes: 100 }), ['pruned live 2']);
});

test('more corrupt segments than a step takes leave the others alone until they are gone', () => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    row(i < 30 ? 'corrupt' : i < 35 ? 'confirmed' : 'sealed', 'live', i + 1),
  );
  assert.deepEqual(
    due(rows, { diskMaxBytes: 0, confirmedKeepBytes: 0 }),
    Array.from({ length: 16 }, (_, i) => `pruned live ${i + 1}`),
  );
});

test('then live points expire, then aggregates, and alarms never', () => {
  const rows = [
    row('sealed', 'alarm', 1),
    row('sealed', 'aggregate', 1),
    row('sealed', 'live', 1),
    row('sealed', 'live', 2),
  ];
  assert.deepEqual(due(rows, { diskMaxBytes: 0 }), ['expired live 1', 'expired live 2', 'expired aggregate 1']);
  assert.deepEqual(due(rows, { diskMaxBytes: 300 }), ['expired live 1']);
});

test('the journal counts as used disk', () => {
  assert.deepEqual(due([row('sealed', 'live', 1)], { diskMaxBytes: 100 }, 1), ['expired live 1']);
});

test('a far too full disk is worked off in steps', () => {
  const rows = Array.from({ length: 40 }, (_, i) => row(i < 10 ? 'confirmed' : 'sealed', 'live', i + 1));
  const first = due(rows, { diskMaxBytes: 0 });
  assert.equal(first.length, 16);
  assert.equal(first.filter((line) => line.startsWith('pruned')).length, 10);
});
