/**
 * The store of one gateway: a journal that makes points durable, tails of points not yet in a segment, and segments with their index.
 *
 * A group commit is one journal record: points, new series, quarantined messages and the accounts of all of them, so the ledger
 * balances at every moment. A seal turns a lane's tail into a segment file and one SQLite transaction (segment row, pending saga,
 * checkpoint of ledger and registry); after it, journal files that hold nothing newer are deleted. Opening replays what is left.
 *
 * Synchronous by design: it runs alone on the store worker. Sealing goes in steps, so that commits come in between.
 */
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { GatewayError } from '../../base/errors.ts';
import { type Ledger, SHED_REASONS } from '../model/ledger.ts';
import { allocatePoints, appendPoints, endPoints, type PointColumns } from '../model/points.ts';
import { LANES, type Lane, type Series } from '../model/series.ts';
import { AlarmBoard } from './alarm-board.ts';
import type { Compressor } from './compressor.ts';
import type { Contribution, QuarantinedMessage } from './contribution.ts';
import { decodeJournalRecord, JournalRecordEncoder } from './journal-record.ts';
import type {
  Checkpoint,
  Journal,
  ListedSegment,
  SegmentFiles,
  SegmentRow,
  SegmentState,
  StoreIndex,
} from './ports.ts';
import { parseSegmentFileName, SEGMENT_MOVES, segmentFileName } from './ports.ts';
import { encodeSegment, SegmentReader } from './segment-format.ts';
import { Tail } from './tail.ts';
import { refuseForgotten, refuseLater } from './unlisted-segments.ts';

export interface StoreLimits {
  /** Points of a lane that make a segment. */
  readonly segmentPoints: number;
  /** Age of the oldest point of a tail that makes a segment, ms. */
  readonly segmentAgeMs: number;
  readonly alarmSegmentAgeMs: number;
  /** Largest contribution, rows. */
  readonly batchRowsMax: number;
  readonly quarantineMax: number;
}

export interface StorePorts {
  readonly journal: Journal;
  readonly files: SegmentFiles;
  readonly index: StoreIndex;
  readonly compressor: Compressor;
  readonly clock: Clock;
}

interface Seal {
  readonly lane: Lane;
  readonly points: PointColumns;
  /** Journal record whose points are the last in `points`. */
  readonly throughRecord: number;
  readonly sequence: number;
  steps: ReturnType<typeof encodeSegment>;
}

export class Store {
  readonly #ports: StorePorts;
  readonly #limits: StoreLimits;
  readonly #encoder = new JournalRecordEncoder();
  readonly #tails: Record<Lane, Tail>;
  readonly #series = new Map<number, Series>();
  readonly #alarms = new AlarmBoard();
  #ledger!: Ledger;
  #sealedThrough!: Record<Lane, number>;
  #lastSequence!: Record<Lane, number>;
  #record = 0;
  /** Number of the last record whose points have come to the tails: behind `#record` while the journal is replayed. */
  #tailRecord = 0;
  #epoch = '';
  #seal: Seal | null = null;
  #newSeries: Series[] = [];
  #quarantine: QuarantinedMessage[] = [];

  constructor(ports: StorePorts, limits: StoreLimits) {
    this.#ports = ports;
    this.#limits = limits;
    // Room for a second segment while the first is sealed in steps; columns grow only when they are needed.
    const tail = (lane: Lane) => new Tail(2 * this.#sealAt(lane) + limits.batchRowsMax);
    this.#tails = { alarm: tail('alarm'), aggregate: tail('aggregate'), live: tail('live') };
  }

  get epoch(): string {
    return this.#epoch;
  }

  get alarms(): AlarmBoard {
    return this.#alarms;
  }

  get series(): ReadonlyMap<number, Series> {
    return this.#series;
  }

  /**
   * Reads the index, replays the journal, deletes files that no row knows. Called once, first.
   * @returns what is wrong with the files of segments that rows do know, of each one line.
   * @throws GatewayError `corrupt` when there are files of later segments than the index knows; then nothing was deleted.
   */
  open(): string[] {
    const { index, journal, files } = this.#ports;
    const snapshot = index.open();
    this.#epoch = snapshot.epoch;
    this.#ledger = snapshot.ledger;
    this.#record = snapshot.recordNumber;
    this.#sealedThrough = snapshot.sealedThrough;
    this.#lastSequence = snapshot.lastSequence;
    for (const series of snapshot.series) this.#series.set(series.id, series);
    this.#alarms.load(snapshot.alarms);
    const found = new Map(files.list().map(({ name, bytes }) => [name, bytes]));
    refuseLater([...found.keys()], this.#lastSequence);
    const listed = index.files();
    const known = new Set(listed.map((row) => segmentFileName(row.lane, row.sequence)));
    const unlisted = [...found.keys()].filter((name) => !known.has(name));
    // Those of rows that keep no file any more go now; the next segment of a lane when it is clear whose it is.
    const next = unlisted.filter((name) => !this.#isSealed(name));
    for (const name of unlisted) if (!next.includes(name)) files.remove(name);
    const isWhole = journal.replay((octets) => this.#replay(octets, snapshot.recordNumber));
    if (isWhole) for (const name of next) this.#refuseForgotten(name);
    else this.#writeOffLost();
    for (const name of next) if (!this.#isSealed(name)) files.remove(name);
    return listed.flatMap((row) => faultOf(row, found.get(segmentFileName(row.lane, row.sequence))) ?? []);
  }

  /**
   * Makes the contributions durable as one record: when it returns they survive a power cut.
   * @throws GatewayError `exhausted` when the disk is full; then none of them was stored, and the call may be repeated.
   */
  commit(contributions: readonly Contribution[]): void {
    this.#makeRoom(contributions);
    const number = this.#record + 1;
    this.#ports.journal.append(this.#encoder.encode({ number, contributions }), number);
    this.#record = number;
    this.#tailRecord = number;
    for (const contribution of contributions) {
      this.#account(contribution);
      this.#register(contribution);
      this.#tails[contribution.lane].append(contribution.points, this.#ports.clock.monotonic());
    }
  }

  /**
   * Does one step of sealing, beginning with the most urgent lane that is due; with `all`, every lane that holds a point is due.
   * @returns the segment's row when this step finished one; `working` when there is more to do at once, `idle` when nothing is due.
   */
  sealStep(all = false): SegmentRow | 'working' | 'idle' {
    this.#seal ??= this.#beginSeal(all);
    if (this.#seal === null) return 'idle';
    const seal = this.#seal;
    try {
      const step = seal.steps.next();
      return step.done ? this.#finishSeal(seal, step.value) : 'working';
    } catch (error) {
      // The points stay frozen and in the journal; the next step encodes them again.
      seal.steps = this.#encode(seal.lane, seal.sequence, seal.points);
      throw error;
    }
  }

  /** Moves a segment on and keeps the ledger: a receipt confirms, policy expires, a failed checksum makes corrupt. Repeating is harmless, and so is a move that is no longer legal: the row stays. */
  moveSegment(lane: Lane, sequence: number, to: Exclude<SegmentState, 'sealed'>): SegmentRow {
    const { index, files } = this.#ports;
    const row = index.segment(lane, sequence);
    if (row === undefined) throw new GatewayError('not_found', `segment ${lane} ${sequence}: no such row`);
    if (!(SEGMENT_MOVES[row.state] as readonly SegmentState[]).includes(to)) return row;
    const account = { confirmed: 'confirmed', expired: 'expired', corrupt: 'quarantined', pruned: null } as const;
    const column = account[to];
    if (column !== null) this.#ledger[lane][column] += row.points;
    try {
      index.moveSegment(lane, sequence, to, this.#checkpoint());
    } catch (error) {
      if (column !== null) this.#ledger[lane][column] -= row.points;
      throw error;
    }
    this.#afterCheckpoint();
    if (to === 'expired' || to === 'pruned') files.remove(segmentFileName(lane, sequence));
    return { ...row, state: to };
  }

  /** Writes ledger, registry and alarms of this moment to the index, so that a reader of the database sees them. */
  checkpoint(): void {
    this.#ports.index.checkpoint(this.#checkpoint());
    this.#afterCheckpoint();
  }

  /** The accounts of this moment, `queued` counted afresh. The caller must not keep it. */
  ledger(): Ledger {
    for (const lane of LANES)
      this.#ledger[lane].queued = this.#pending(lane) + this.#ports.index.unconfirmed(lane).points;
    return this.#ledger;
  }

  /** Copies the points of one series that are in no segment yet. */
  tailOf(id: number): PointColumns {
    const series = this.#series.get(id);
    if (series === undefined) return allocatePoints(0);
    const sources = this.#unsealed(series.lane);
    const rows = sources.map((points) =>
      points.series.subarray(0, points.length).reduce((n, s) => n + (s === id ? 1 : 0), 0),
    );
    const found = allocatePoints(rows.reduce((a, b) => a + b, 0));
    for (const points of sources) {
      for (let i = 0; i < points.length; i++) if (points.series[i] === id) appendPoints(found, points, i, i + 1);
    }
    return found;
  }

  /** The newest rejected messages that are in the journal and not yet in the index, newest first. */
  rejected(limit: number): QuarantinedMessage[] {
    return this.#quarantine.slice(-limit).reverse();
  }

  /** Every point that is in no segment yet, by lane, oldest first. Called between `open` and the first commit. */
  tails(): PointColumns[] {
    return LANES.map((lane) => this.#tails[lane].points);
  }

  /** Points that are in no segment, oldest first. */
  #unsealed(lane: Lane): PointColumns[] {
    const tail = this.#tails[lane].points;
    return this.#seal?.lane === lane ? [this.#seal.points, tail] : [tail];
  }

  #pending(lane: Lane): number {
    return this.#tails[lane].length + (this.#seal?.lane === lane ? this.#seal.points.length : 0);
  }

  /** A tail at its bound waits for the seal: commits slow down, and with them the sources. */
  #makeRoom(contributions: readonly Contribution[]): void {
    for (const lane of LANES) {
      const rows = contributions.reduce((sum, c) => sum + (c.lane === lane ? c.points.length : 0), 0);
      for (let steps = 0; !this.#tails[lane].hasRoomFor(rows); steps++) {
        assert(steps < 1_000_000, `lane ${lane} makes no room for ${rows} points`);
        this.sealStep(true);
      }
    }
  }

  #account(contribution: Contribution): void {
    const account = this.#ledger[contribution.lane];
    account.received += contribution.received;
    account.stored += contribution.points.length + contribution.quarantinedCount;
    account.quarantined += contribution.quarantinedCount;
    for (const reason of SHED_REASONS) account.shed[reason] += contribution.shed[reason] ?? 0;
  }

  #register(contribution: Contribution): void {
    for (const series of contribution.newSeries) {
      this.#series.set(series.id, series);
      this.#newSeries.push(series);
    }
    for (const message of contribution.quarantine) this.#quarantine.push(message);
    const excess = this.#quarantine.length - this.#limits.quarantineMax;
    if (excess > 0) this.#quarantine.splice(0, excess);
    if (contribution.lane === 'alarm') this.#alarms.apply(contribution.points);
  }

  /** Also by the replay, when the journal holds more than a tail takes. What is no segment's name counts as sealed: nobody waits for it. */
  #isSealed(name: string): boolean {
    const segment = parseSegmentFileName(name);
    return segment === null || segment.sequence <= this.#lastSequence[segment.lane];
  }

  /** A file that cannot be read, as a disk may leave it, says nothing. @throws GatewayError `corrupt`. */
  #refuseForgotten(name: string): void {
    const segment = parseSegmentFileName(name);
    if (segment === null || this.#isSealed(name)) return;
    let file: SegmentReader;
    try {
      file = new SegmentReader(this.#ports.files.read(name), this.#ports.compressor, name);
    } catch {
      return;
    }
    refuseForgotten(name, file, this.#unsealed(segment.lane));
  }

  #replay(octets: Uint8Array, checkpointed: number): void {
    const record = decodeJournalRecord(octets);
    const isNew = record.number > checkpointed;
    const unsealed = record.contributions.filter(({ lane }) => record.number > this.#sealedThrough[lane]);
    // Room first: a seal writes a checkpoint, which must not hold half of this record.
    this.#makeRoom(unsealed);
    if (isNew) for (const contribution of record.contributions) this.#nameLost(contribution);
    this.#record = Math.max(this.#record, record.number);
    this.#tailRecord = record.number;
    for (const contribution of isNew ? record.contributions : []) {
      this.#account(contribution);
      this.#register(contribution);
    }
    for (const { lane, points } of unsealed) this.#tails[lane].append(points, this.#ports.clock.monotonic());
  }

  /**
   * Points whose series was made known by a record that is damaged: they are kept under a name that says so, and their identifier stays
   * taken, lest it be given to another device.
   */
  #nameLost({ lane, points, newSeries }: Contribution): void {
    const known = new Set(newSeries.map(({ id }) => id));
    for (const id of new Set(points.series.subarray(0, points.length))) {
      if (known.has(id) || this.#series.has(id)) continue;
      const series: Series = { id, lane, device: 'name-lost', point: `series-${id}`, unit: '', type: 'gauge' };
      this.#series.set(id, series);
      this.#newSeries.push(series);
    }
  }

  /** Points in the accounts of the last checkpoint whose journal records are damaged: they are as lost as those of a corrupt segment. */
  #writeOffLost(): void {
    const ledger = this.ledger();
    for (const lane of LANES) {
      const { stored, confirmed, queued, quarantined, expired } = ledger[lane];
      ledger[lane].quarantined += Math.max(0, stored - confirmed - queued - quarantined - expired);
    }
  }

  #beginSeal(all: boolean): Seal | null {
    const now = this.#ports.clock.monotonic();
    const lane = LANES.find((candidate) => (all ? this.#tails[candidate].length > 0 : this.#isDue(candidate, now)));
    if (lane === undefined) return null;
    const points = this.#tails[lane].freeze();
    const sequence = this.#lastSequence[lane] + 1;
    const seal: Seal = {
      lane,
      points,
      sequence,
      throughRecord: this.#tailRecord,
      steps: this.#encode(lane, sequence, points),
    };
    return seal;
  }

  #encode(lane: Lane, sequence: number, points: PointColumns): ReturnType<typeof encodeSegment> {
    const seriesOf = (id: number) => {
      const series = this.#series.get(id);
      assert(series !== undefined, `a point of series ${id}, which is not registered`);
      return series;
    };
    return encodeSegment(lane, sequence, points, seriesOf, this.#ports.compressor);
  }

  #isDue(lane: Lane, nowMs: number): boolean {
    const tail = this.#tails[lane];
    const age = lane === 'alarm' ? this.#limits.alarmSegmentAgeMs : this.#limits.segmentAgeMs;
    return tail.length > 0 && (tail.length >= this.#sealAt(lane) || nowMs - tail.sinceMs >= age);
  }

  /** Points that make a segment; lanes that carry little have smaller ones. */
  #sealAt(lane: Lane): number {
    return lane === 'live' ? this.#limits.segmentPoints : Math.min(this.#limits.segmentPoints, 32_768);
  }

  #finishSeal(
    seal: Seal,
    result: { octets: Uint8Array; summary: Omit<SegmentRow, 'state' | 'bytes' | 'sealedMs'> },
  ): SegmentRow {
    const { files, index, clock } = this.#ports;
    const row: SegmentRow = { ...result.summary, state: 'sealed', bytes: result.octets.length, sealedMs: clock.now() };
    files.write(segmentFileName(seal.lane, seal.sequence), result.octets);
    index.addSegment(row, seal.throughRecord, this.#checkpoint());
    this.#sealedThrough[seal.lane] = seal.throughRecord;
    this.#lastSequence[seal.lane] = seal.sequence;
    this.#seal = null;
    endPoints(seal.points);
    this.#afterCheckpoint();
    this.#ports.journal.releaseThrough(this.#releasable());
    return row;
  }

  /** The last record that neither a tail nor the checkpoint needs any more. */
  #releasable(): number {
    return Math.min(...LANES.map((lane) => (this.#pending(lane) > 0 ? this.#sealedThrough[lane] : this.#record)));
  }

  #checkpoint(): Checkpoint {
    return {
      recordNumber: this.#record,
      ledger: this.#ledger,
      newSeries: this.#newSeries,
      quarantine: this.#quarantine,
      alarms: this.#alarms.changed(),
    };
  }

  #afterCheckpoint(): void {
    this.#newSeries = [];
    this.#quarantine = [];
    this.#alarms.clearChanged();
  }
}

/** By size alone; what a corrupt segment's file is like has been told already. */
function faultOf({ lane, sequence, state, bytes }: ListedSegment, found: number | undefined): string | null {
  if (state === 'corrupt' || found === bytes) return null;
  return `${segmentFileName(lane, sequence)}: ${bytes} octets expected, ${found === undefined ? 'no file' : found} found`;
}
