/** What the tables hold, as the model's types; shared by the writer and by readers in other threads and commands. */
import type { Lane, Series } from '../../core/model/series.ts';
import type { AlarmRow, SegmentRow, SegmentState } from '../../core/store/ports.ts';
import type { Database } from './database.ts';

export interface SegmentRecord {
  lane: Lane;
  sequence: number;
  state: SegmentState;
  points: number;
  series: number;
  first_ms: number;
  last_ms: number;
  bytes: number;
  sealed_ms: number;
}

export function segmentFrom(record: SegmentRecord): SegmentRow {
  const { first_ms: firstMs, last_ms: lastMs, sealed_ms: sealedMs, ...same } = record;
  return { ...same, firstMs, lastMs, sealedMs };
}

export function readSeries(database: Database): Series[] {
  return database.prepare('SELECT id, lane, device, point, unit, type FROM series ORDER BY id').all() as Series[];
}

export function readAlarms(database: Database): AlarmRow[] {
  return database
    .prepare('SELECT series, state, value, raised_ms AS raisedMs, cleared_ms AS clearedMs FROM alarm')
    .all() as AlarmRow[];
}

/** Segments of a lane whose files are kept and whose points may lie between the two times, oldest first. */
export function readSegmentsBetween(database: Database, lane: Lane, fromMs: number, toMs: number): SegmentRow[] {
  const records = database
    .prepare(
      `SELECT * FROM segment WHERE lane = :lane AND last_ms >= :fromMs AND first_ms <= :toMs
       AND state IN ('sealed', 'confirmed') ORDER BY sequence`,
    )
    .all({ lane, fromMs, toMs }) as SegmentRecord[];
  return records.map(segmentFrom);
}

/** The segments of a lane whose files are kept, newest first. */
export function readNewestSegments(database: Database, lane: Lane, limit: number): SegmentRow[] {
  const records = database
    .prepare(
      `SELECT * FROM segment WHERE lane = :lane AND state IN ('sealed', 'confirmed') ORDER BY sequence DESC LIMIT :limit`,
    )
    .all({ lane, limit }) as SegmentRecord[];
  return records.map(segmentFrom);
}

export function readSegmentState(database: Database, lane: Lane, sequence: number): SegmentState | undefined {
  const sql = 'SELECT state FROM segment WHERE lane = ? AND sequence = ?';
  return database.prepare(sql).pluck().get(lane, sequence) as SegmentState | undefined;
}

export interface QuarantineRow {
  readonly atMs: number;
  readonly topic: string;
  readonly reason: string;
  /** The first octets, as text where they are text. */
  readonly sample: string;
}

export function readQuarantine(database: Database, limit: number): QuarantineRow[] {
  const rows = database
    .prepare('SELECT at_ms AS atMs, topic, reason, sample FROM quarantine ORDER BY id DESC LIMIT ?')
    .all(limit) as { atMs: number; topic: string; reason: string; sample: Buffer }[];
  return rows.map((row) => ({ ...row, sample: row.sample.toString('utf8') }));
}
