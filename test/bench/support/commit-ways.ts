/** Three ways to make a batch of points durable, as one group commit each. */
import { join } from 'node:path';
import { JournalFiles } from '../../../gateway/src/adapters/files/journal-files.ts';
import { openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import type { PointColumns } from '../../../gateway/src/core/model/points.ts';
import { JournalRecordEncoder } from '../../../gateway/src/core/store/journal-record.ts';

export interface CommitWay extends Disposable {
  /** The points survive a power cut when it returns. */
  commit(points: PointColumns, number: number): void;
  /** The points of all commits so far stand in segments: they are not needed here any more. */
  release(number: number): void;
}

/** What the gateway does: a frame appended to a file of its own, fdatasync. */
export function journalFile(folder: string): CommitWay {
  const journal = new JournalFiles(join(folder, 'journal'), (error) => {
    throw error;
  });
  journal.replay(() => undefined);
  const encoder = new JournalRecordEncoder();
  return {
    commit: (points, number) => journal.append(encode(encoder, points, number), number),
    release: (number) => journal.releaseThrough(number),
    [Symbol.dispose]: () => journal.close(),
  };
}

/** The same record as a row with one blob, in SQLite with WAL and synchronous=FULL. */
export function rowsOfBlobs(folder: string): CommitWay {
  const sql = 'CREATE TABLE batch (number INTEGER PRIMARY KEY, octets BLOB NOT NULL) STRICT';
  const database = openDatabase(join(folder, 'blobs.db'), [{ name: '0001_batch.sql', sql }]);
  const insert = database.prepare('INSERT INTO batch (number, octets) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM batch WHERE number <= ?');
  const encoder = new JournalRecordEncoder();
  return {
    commit: (points, number) => void insert.run(number, encode(encoder, points, number)),
    release: (number) => void remove.run(number),
    [Symbol.dispose]: () => void database.close(),
  };
}

/** A row for each point, in SQLite with WAL and synchronous=FULL. These rows are the store: there are no segments to move on to. */
export function rows(folder: string): CommitWay {
  const columns = 'series INTEGER NOT NULL, time_ms REAL NOT NULL, value REAL NOT NULL, quality INTEGER NOT NULL';
  const sql = `CREATE TABLE point (${columns}) STRICT`;
  const database = openDatabase(join(folder, 'rows.db'), [{ name: '0001_point.sql', sql }]);
  const insert = database.prepare('INSERT INTO point (series, time_ms, value, quality) VALUES (?, ?, ?, ?)');
  const insertAll = database.transaction((points: PointColumns) => {
    const { series, timeMs, value, quality } = points;
    for (let row = 0; row < points.length; row++) insert.run(series[row], timeMs[row], value[row], quality[row]);
  });
  return {
    commit: (points) => void insertAll.immediate(points),
    release: () => undefined,
    [Symbol.dispose]: () => void database.close(),
  };
}

function encode(encoder: JournalRecordEncoder, points: PointColumns, number: number): Uint8Array {
  const accounts = { received: points.length, shed: {}, newSeries: [], quarantinedCount: 0, quarantine: [] };
  return encoder.encode({ number, contributions: [{ lane: 'live', points, ...accounts }] });
}
