import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import { readSinkTotals, SqliteSinkStore } from '../../../gateway/src/adapters/sqlite/sink-store.ts';
import { allocatePoints } from '../../../gateway/src/core/model/points.ts';
import type { Series } from '../../../gateway/src/core/model/series.ts';
import type { DecodedSegment } from '../../../gateway/src/core/sync/receive.ts';
import type { Manifest } from '../../../gateway/src/core/sync/shipment.ts';
import { assets } from '../../../gateway/src/main/assets.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function opened(folder: string, settings: { pointsMax?: number; ndjson?: boolean } = {}) {
  const database = openDatabase(join(folder, 'sink.db'), assets.migrations('sink'));
  const ndjsonPath = settings.ndjson ? join(folder, 'points.ndjson') : undefined;
  const store = new SqliteSinkStore(database, { pointsMax: settings.pointsMax ?? 1e9, ndjsonPath });
  const crash = (table: string, event: string) =>
    database.exec(`CREATE TRIGGER crash BEFORE ${event} ON ${table} BEGIN SELECT raise(ABORT, 'crash'); END`);
  const mend = () => database.exec('DROP TRIGGER crash');
  return { database, store, crash, mend, [Symbol.dispose]: () => void database.close() };
}

function manifest(gateway: string, sequence: number, points: number): Manifest {
  const same = { epoch: 'e1', lane: 'live', generation: 1, format: 'tgs1', parts: 1 } as const;
  return { ...same, gateway, sequence, points, bytes: 1, sha256: '0'.repeat(64), firstMs: 1, lastMs: 2, sealedMs: 3 };
}

/** One series, its values counting up from `first`. */
function segment(device: string, id: number, first: number, rows: number): DecodedSegment {
  const series: Series = { id, lane: 'live', device, point: 'p', unit: '', type: 'gauge' };
  const points = allocatePoints(rows);
  points.length = rows;
  points.series.fill(id);
  for (let i = 0; i < rows; i++) points.value[i] = first + i;
  return { series: [series], points };
}

const linesOf = (folder: string) =>
  readFileSync(join(folder, 'points.ndjson'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).value);

test('points stand under their own device after a segment before them was rolled back', () => {
  using folder = temporaryFolder();
  using sink = opened(folder.path);
  sink.crash('point', 'INSERT');
  assert.throws(() => sink.store.store(manifest('a', 1, 3), segment('dev-a', 0, 100, 3), 1), /crash/);
  sink.mend();
  sink.store.store(manifest('b', 1, 3), segment('dev-b', 0, 200, 3), 1);
  sink.store.store(manifest('a', 1, 3), segment('dev-a', 0, 100, 3), 1);
  const rows = sink.database.prepare('SELECT DISTINCT gateway, device FROM reading ORDER BY gateway').all();
  assert.deepEqual(rows, [
    { gateway: 'a', device: 'dev-a' },
    { gateway: 'b', device: 'dev-b' },
  ]);
  assert.deepEqual(readSinkTotals(sink.database), { unique: 6, duplicates: 0, segments: 2, redeliveries: 0 });
});

test('lines of a segment that was rolled back do not stay in the NDJSON file', () => {
  using folder = temporaryFolder();
  {
    using sink = opened(folder.path, { ndjson: true });
    sink.store.store(manifest('a', 1, 2), segment('d', 0, 1, 2), 1);
    sink.crash('ndjson', 'UPDATE');
    assert.throws(() => sink.store.store(manifest('a', 2, 2), segment('d', 0, 3, 2), 1), /crash/);
    sink.mend();
    sink.store.store(manifest('a', 2, 2), segment('d', 0, 3, 2), 1);
    assert.deepEqual(linesOf(folder.path), [1, 2, 3, 4]);
  }
  using sink = opened(folder.path, { ndjson: true });
  sink.store.store(manifest('a', 3, 1), segment('d', 0, 5, 1), 1);
  assert.deepEqual(linesOf(folder.path), [1, 2, 3, 4, 5]);
});

test('beyond its bound the oldest segments lose their points, and are still known', () => {
  using folder = temporaryFolder();
  using sink = opened(folder.path, { pointsMax: 25 });
  for (let sequence = 1; sequence <= 5; sequence++) {
    sink.store.store(manifest('a', sequence, 10), segment('d', 0, sequence * 10, 10), 1);
  }
  const values = sink.database.prepare('SELECT min(value) AS low, count(*) AS n FROM reading').get();
  assert.deepEqual(values, { low: 40, n: 20 });
  assert.equal(sink.store.has(manifest('a', 1, 10)), true);
  assert.deepEqual(readSinkTotals(sink.database), { unique: 50, duplicates: 0, segments: 5, redeliveries: 0 });
});

test('a value that is no number is kept as a reading without one', () => {
  using folder = temporaryFolder();
  using sink = opened(folder.path);
  sink.store.store(manifest('a', 1, 2), segment('d', 0, Number.NaN, 2), 1);
  assert.deepEqual(sink.database.prepare('SELECT value FROM reading').pluck().all(), [null, null]);
});
