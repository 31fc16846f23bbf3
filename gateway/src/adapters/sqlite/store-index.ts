import { randomBytes } from 'node:crypto';
import { emptyLaneLedger, type Ledger } from '../../core/model/ledger.ts';
import { LANES, type Lane } from '../../core/model/series.ts';
import type {
  Checkpoint,
  IndexSnapshot,
  ListedSegment,
  SegmentRow,
  SegmentState,
  StoreIndex,
  UnconfirmedTotals,
} from '../../core/store/ports.ts';
import { type Database, sqliteError } from './database.ts';
import { readAlarms, readSeries, type SegmentRecord, segmentFrom } from './rows.ts';

/** Rows of segments whose files are gone are kept as history, the newest of them. */
const HISTORY_ROWS_MAX = 10_000;

/** Inserts the pending saga of a new segment, within the same transaction. */
export type OnSegment = (segment: SegmentRow, epoch: string) => void;

interface LedgerRecord {
  lane: Lane;
  received: number;
  stored: number;
  confirmed: number;
  quarantined: number;
  expired: number;
  shed_series_limit: number;
  shed_module_output: number;
  last_sequence: number;
  sealed_through: number;
}

export class SqliteStoreIndex implements StoreIndex {
  readonly #database: Database;
  readonly #onSegment: OnSegment;
  readonly #quarantineMax: number;
  readonly #sql: ReturnType<typeof prepare>;
  #epoch = '';

  constructor(database: Database, quarantineMax: number, onSegment: OnSegment) {
    this.#database = database;
    this.#quarantineMax = quarantineMax;
    this.#onSegment = onSegment;
    this.#sql = prepare(database);
  }

  open(): IndexSnapshot {
    const sql = this.#sql;
    sql.addMeta.run({ key: 'epoch', value: randomBytes(8).toString('hex') });
    sql.addMeta.run({ key: 'record_number', value: '0' });
    this.#epoch = sql.meta.get('epoch') as string;
    const rows = sql.ledger.all() as LedgerRecord[];
    const perLane = <T>(read: (row: LedgerRecord) => T) =>
      Object.fromEntries(rows.map((row) => [row.lane, read(row)])) as Record<Lane, T>;
    return {
      epoch: this.#epoch,
      recordNumber: Number(sql.meta.get('record_number')),
      ledger: perLane(accountFrom) as Ledger,
      series: readSeries(this.#database),
      alarms: readAlarms(this.#database),
      sealedThrough: perLane((row) => row.sealed_through),
      lastSequence: perLane((row) => row.last_sequence),
    };
  }

  checkpoint(checkpoint: Checkpoint): void {
    this.#commit('write a checkpoint', () => this.#write(checkpoint));
  }

  addSegment(segment: SegmentRow, sealedThrough: number, checkpoint: Checkpoint): void {
    const sql = this.#sql;
    this.#commit(`add segment ${segment.lane} ${segment.sequence}`, () => {
      sql.addSegment.run({
        lane: segment.lane,
        sequence: segment.sequence,
        state: segment.state,
        points: segment.points,
        series: segment.series,
        firstMs: segment.firstMs,
        lastMs: segment.lastMs,
        bytes: segment.bytes,
        sealedMs: Math.round(segment.sealedMs),
      });
      sql.advanceLane.run({ lane: segment.lane, lastSequence: segment.sequence, sealedThrough });
      this.#write(checkpoint);
      this.#onSegment(segment, this.#epoch);
    });
  }

  moveSegment(lane: Lane, sequence: number, to: SegmentState, checkpoint: Checkpoint): void {
    this.#commit(`move segment ${lane} ${sequence} to ${to}`, () => {
      this.#sql.moveSegment.run({ lane, sequence, to });
      if (to === 'pruned' || to === 'expired') this.#sql.dropHistory.run(HISTORY_ROWS_MAX);
      this.#write(checkpoint);
    });
  }

  segment(lane: Lane, sequence: number): SegmentRow | undefined {
    const record = this.#sql.segment.get({ lane, sequence }) as SegmentRecord | undefined;
    return record && segmentFrom(record);
  }

  unconfirmed(lane: Lane): UnconfirmedTotals {
    return this.#sql.unconfirmed.get(lane) as UnconfirmedTotals;
  }

  oldest(state: SegmentState, lane: Lane | null, limit: number): SegmentRow[] {
    return (this.#sql.oldest.all({ state, lane, limit }) as SegmentRecord[]).map(segmentFrom);
  }

  expirable(lane: Lane, limit: number): SegmentRow[] {
    return (this.#sql.expirable.all({ lane, limit }) as SegmentRecord[]).map(segmentFrom);
  }

  kept(): ReturnType<StoreIndex['kept']> {
    return this.#sql.kept.get() as ReturnType<StoreIndex['kept']>;
  }

  files(): ListedSegment[] {
    return this.#sql.files.all() as ListedSegment[];
  }

  /** One transaction. @throws GatewayError `exhausted` when the disk is full; then nothing has changed. */
  #commit(action: string, change: () => void): void {
    try {
      this.#database.transaction(change).immediate();
    } catch (error) {
      throw sqliteError(action, error);
    }
  }

  #write(checkpoint: Checkpoint): void {
    const sql = this.#sql;
    sql.setMeta.run({ key: 'record_number', value: String(checkpoint.recordNumber) });
    for (const lane of LANES) {
      const { queued: _, shed, ...account } = checkpoint.ledger[lane];
      sql.setAccount.run({
        lane,
        ...account,
        shedSeriesLimit: shed.series_limit,
        shedModuleOutput: shed.module_output,
      });
    }
    for (const series of checkpoint.newSeries) sql.addSeries.run({ ...series });
    for (const message of checkpoint.quarantine) sql.addQuarantine.run({ ...message, atMs: Math.round(message.atMs) });
    if (checkpoint.quarantine.length > 0) sql.trimQuarantine.run(this.#quarantineMax);
    for (const alarm of checkpoint.alarms) sql.setAlarm.run({ ...alarm });
  }
}

function accountFrom(row: LedgerRecord) {
  return {
    ...emptyLaneLedger(),
    received: row.received,
    stored: row.stored,
    confirmed: row.confirmed,
    quarantined: row.quarantined,
    expired: row.expired,
    shed: { series_limit: row.shed_series_limit, module_output: row.shed_module_output },
  };
}

/** Prepared once. */
function prepare(database: Database) {
  return {
    addMeta: database.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (:key, :value)'),
    setMeta: database.prepare('UPDATE meta SET value = :value WHERE key = :key'),
    meta: database.prepare('SELECT value FROM meta WHERE key = ?').pluck(),
    ledger: database.prepare('SELECT * FROM ledger'),
    setAccount: database.prepare(
      `UPDATE ledger SET received = :received, stored = :stored, confirmed = :confirmed, quarantined = :quarantined, expired = :expired,
       shed_series_limit = :shedSeriesLimit, shed_module_output = :shedModuleOutput WHERE lane = :lane`,
    ),
    advanceLane: database.prepare(
      'UPDATE ledger SET last_sequence = :lastSequence, sealed_through = :sealedThrough WHERE lane = :lane',
    ),
    addSeries: database.prepare(
      'INSERT INTO series (id, lane, device, point, unit, type) VALUES (:id, :lane, :device, :point, :unit, :type) ON CONFLICT (id) DO NOTHING',
    ),
    addSegment: database.prepare(
      `INSERT INTO segment (lane, sequence, state, points, series, first_ms, last_ms, bytes, sealed_ms)
       VALUES (:lane, :sequence, :state, :points, :series, :firstMs, :lastMs, :bytes, :sealedMs)`,
    ),
    moveSegment: database.prepare('UPDATE segment SET state = :to WHERE lane = :lane AND sequence = :sequence'),
    dropHistory: database.prepare(
      `DELETE FROM segment WHERE (lane, sequence) IN (
         SELECT lane, sequence FROM segment WHERE state IN ('pruned', 'expired') ORDER BY sealed_ms DESC LIMIT -1 OFFSET ?)`,
    ),
    segment: database.prepare('SELECT * FROM segment WHERE lane = :lane AND sequence = :sequence'),
    unconfirmed: database.prepare(
      `SELECT count(*) AS segments, coalesce(sum(points), 0) AS points FROM segment WHERE state = 'sealed' AND lane = ?`,
    ),
    oldest: database.prepare(
      `SELECT * FROM segment WHERE state = :state AND (:lane IS NULL OR lane = :lane) ORDER BY sealed_ms, sequence LIMIT :limit`,
    ),
    // A saga under way may have told the cloud already: only segments whose saga has not begun, or has ended, may go.
    expirable: database.prepare(
      `SELECT * FROM segment WHERE state = 'sealed' AND lane = :lane AND NOT EXISTS (
         SELECT 1 FROM saga WHERE saga.state IN ('executing', 'compensating')
         AND saga.parameters ->> 'lane' = segment.lane AND saga.parameters ->> 'sequence' = segment.sequence)
       ORDER BY sequence LIMIT :limit`,
    ),
    kept: database.prepare(
      `SELECT count(*) AS segments, coalesce(sum(bytes), 0) AS bytes,
       coalesce(sum(bytes) FILTER (WHERE state = 'confirmed'), 0) AS confirmedBytes,
       coalesce(sum(bytes) FILTER (WHERE state = 'corrupt'), 0) AS corruptBytes
       FROM segment WHERE state IN ('sealed', 'confirmed', 'corrupt')`,
    ),
    files: database.prepare(
      `SELECT lane, sequence, state, bytes FROM segment WHERE state IN ('sealed', 'confirmed', 'corrupt')`,
    ),
    addQuarantine: database.prepare(
      'INSERT INTO quarantine (at_ms, topic, reason, sample) VALUES (:atMs, :topic, :reason, :sample)',
    ),
    trimQuarantine: database.prepare('DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?'),
    setAlarm: database.prepare(
      `INSERT INTO alarm (series, state, value, raised_ms, cleared_ms) VALUES (:series, :state, :value, :raisedMs, :clearedMs)
       ON CONFLICT (series) DO UPDATE SET state = excluded.state, value = excluded.value, raised_ms = excluded.raised_ms,
       cleared_ms = excluded.cleared_ms`,
    ),
  };
}
