import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import { listSagas, readTimeline, SqliteSagaStore } from '../../../gateway/src/adapters/sqlite/saga-store.ts';
import type { SagaEvent, SagaRow } from '../../../gateway/src/core/model/saga.ts';
import { assets } from '../../../gateway/src/main/assets.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function opened(folder: string) {
  const database = openDatabase(join(folder, 'a.db'), assets.migrations('gateway'));
  const store = new SqliteSagaStore(database);
  const add = (id: string, priority = 0, ordinal = 0) =>
    store.add({ id, definition: 'd', priority, ordinal, generation: 1, parameters: { id }, atMs: 5.4 });
  const change = (id: string, set: Partial<SagaRow>, kind: SagaEvent['kind'] = 'step', atMs = 10) =>
    store.record({ id, set, events: [{ atMs, kind, step: 's', attempt: 1, detail: null }], atMs });
  return { database, store, add, change, [Symbol.dispose]: () => void database.close() };
}

test('a row comes back as it was written, and fields left out stay', () => {
  using folder = temporaryFolder();
  using db = opened(folder.path);
  db.add('a', 2, 7);
  db.change('a', { state: 'executing', step: 1, attempt: 2, results: { s: { n: 1 } }, error: 'away', stepMs: 9 });
  db.change('a', { generation: 3 }, 'again', 12);
  assert.deepEqual(db.store.find('a'), {
    ...{ id: 'a', definition: 'd', state: 'executing', priority: 2, ordinal: 7, step: 1, attempt: 2, generation: 3 },
    ...{ parameters: { id: 'a' }, results: { s: { n: 1 } }, error: 'away', createdMs: 5, stepMs: 9, updatedMs: 12 },
  });
  db.change('a', { error: null });
  assert.equal(db.store.find('a')?.error, null);
});

test('of one saga the newest 200 lines of its timeline are kept', () => {
  using folder = temporaryFolder();
  using db = opened(folder.path);
  db.add('a');
  db.add('b');
  db.change('b', {}, 'started', 1);
  for (let i = 1; i <= 350; i++) db.change('a', { attempt: i }, 'retry', i);
  const lines = readTimeline(db.database, 'a');
  assert.deepEqual([lines.length, lines[0]?.atMs, lines.at(-1)?.atMs], [200, 151, 350]);
  assert.equal(readTimeline(db.database, 'b').length, 1);
});

test('pending sagas come by priority and ordinal, so many of each priority', () => {
  using folder = temporaryFolder();
  using db = opened(folder.path);
  for (const ordinal of [3, 1, 2]) for (const priority of [2, 0]) db.add(`${priority}-${ordinal}`, priority, ordinal);
  db.add('active', 0, 0);
  db.change('active', { state: 'executing' });
  assert.deepEqual(
    db.store.pending('d', 2).map(({ id }) => id),
    ['0-1', '0-2', '2-1', '2-2'],
  );
  assert.deepEqual(db.store.pending('other', 2), []);
  assert.deepEqual(
    db.store.active().map(({ id }) => id),
    ['active'],
  );
});

test('a saga added twice is left as it is, and a change of one that is not there is refused whole', () => {
  using folder = temporaryFolder();
  using db = opened(folder.path);
  db.add('a');
  db.change('a', { state: 'executing' });
  db.add('a');
  assert.equal(db.store.find('a')?.state, 'executing');
  assert.throws(() => db.change('nobody', { state: 'executing' }), /FOREIGN KEY/);
});

test('a thousand finished sagas are kept, the newest, with their timelines; unfinished ones are not touched', () => {
  using folder = temporaryFolder();
  using db = opened(folder.path);
  db.database.pragma('synchronous = OFF');
  db.add('waiting');
  for (let i = 1; i <= 1200; i++) {
    db.add(`s${i}`);
    db.change(`s${i}`, { state: 'succeeded' }, 'ended', i);
  }
  assert.equal(listSagas(db.database, 5000, ['succeeded']).length, 1000);
  assert.equal(db.store.find('s200'), undefined);
  assert.equal(db.store.find('s201')?.state, 'succeeded');
  assert.equal(db.store.find('waiting')?.state, 'pending');
  const lines = db.database.prepare('SELECT count(*) FROM saga_event').pluck().get();
  assert.equal(lines, 1000);
});
