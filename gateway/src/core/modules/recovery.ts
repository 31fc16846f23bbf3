/**
 * What outlives a module worker that had to be ended: the state of each module at the last checkpoint, all that came after it, what each saw of
 * it, and how many rows and events of each module have gone out since. From these the next worker makes its modules what they were, and says nothing twice.
 *
 * Memory shared with main. Only the worker writes, and only outside of modules' calls; a worker is ended only within a call
 * (`module-watchdog.ts`), so what stands here is always whole.
 */
import { BATCH_ROWS } from '../model/batch-pool.ts';
import type { PointColumns } from '../model/points.ts';

/** Modules of one worker. */
export const MODULE_SLOTS = 64;
/** Rows that wait for a checkpoint at most. Pages that are never written cost nothing. */
const LOG_ROWS = 1 << 19;
const LOG_RECORDS = 1 << 14;
/** Octets of the states of all modules together. */
export const CHECKPOINT_BYTES = 24 << 20;

/** Records of which a module did not see all: notes of that at most, two numbers each. */
const SKIPS = 1 << 14;
/** What a module puts out that is counted: rows of two lanes, and events. */
const COUNTS = 3;
const EVENTS = 2;
const HEADER = { records: 0, rows: 1, area: 2, areaBytes: 3, sequence: 4, skips: 5 } as const;
const TICK = -1;

/** 8-aligned parts of the shared memory, in order. */
const LAYOUT = {
  header: 64,
  sent: MODULE_SLOTS * COUNTS * 8,
  skips: SKIPS * 8,
  recordTime: LOG_RECORDS * 8,
  recordRows: LOG_RECORDS * 8,
  time: LOG_ROWS * 8,
  value: LOG_ROWS * 8,
  series: LOG_ROWS * 4,
  quality: LOG_ROWS,
  areas: 2 * CHECKPOINT_BYTES,
} as const;
type Part = keyof typeof LAYOUT;

function offsetOf(part: Part): number {
  let at = 0;
  for (const [name, octets] of Object.entries(LAYOUT)) {
    if (name === part) return at;
    at += octets;
  }
  return at;
}

export function allocateRecovery(): SharedArrayBuffer {
  return new SharedArrayBuffer(Object.values(LAYOUT).reduce((sum, octets) => sum + octets, 0));
}

export type LoggedRecord = (
  | { readonly kind: 'batch'; readonly points: PointColumns }
  | { readonly kind: 'tick'; readonly epochMs: number }
) & {
  /** Rows of its input that the module in a slot saw of it; undefined: all. A tick that it did not see is 0. */
  readonly seenBy: (slot: number) => number | undefined;
};

export class Recovery {
  readonly #header: Float64Array;
  readonly #recordTime: Float64Array;
  readonly #recordRows: Int32Array;
  readonly #log: PointColumns;
  readonly #shared: SharedArrayBuffer;
  readonly #skips: Int32Array;
  readonly #sent: Float64Array;

  constructor(shared: SharedArrayBuffer) {
    this.#shared = shared;
    this.#header = new Float64Array(shared, 0, LAYOUT.header / 8);
    this.#sent = new Float64Array(shared, offsetOf('sent'), MODULE_SLOTS * COUNTS);
    this.#skips = new Int32Array(shared, offsetOf('skips'), SKIPS * 2);
    this.#recordTime = new Float64Array(shared, offsetOf('recordTime'), LOG_RECORDS);
    this.#recordRows = new Int32Array(shared, offsetOf('recordRows'), LOG_RECORDS);
    this.#log = {
      length: 0,
      timeMs: new Float64Array(shared, offsetOf('time'), LOG_ROWS),
      value: new Float64Array(shared, offsetOf('value'), LOG_ROWS),
      series: new Uint32Array(shared, offsetOf('series'), LOG_ROWS),
      quality: new Uint8Array(shared, offsetOf('quality'), LOG_ROWS),
    };
  }

  /** Number of the last batch that is in the log or in the checkpoint. */
  get sequence(): number {
    return this.#header[HEADER.sequence]!;
  }

  /** Whether a checkpoint has to come before more can be logged. */
  get isFull(): boolean {
    const hasRoom = this.#rows + BATCH_ROWS <= LOG_ROWS && this.#records < LOG_RECORDS;
    return !hasRoom || this.#header[HEADER.skips]! + MODULE_SLOTS > SKIPS;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  get #records(): number {
    return this.#header[HEADER.records]!;
  }

  get #rows(): number {
    return this.#header[HEADER.rows]!;
  }

  logBatch(points: PointColumns, sequence: number): void {
    const from = this.#rows;
    const { length } = points;
    this.#log.timeMs.set(points.timeMs.subarray(0, length), from);
    this.#log.value.set(points.value.subarray(0, length), from);
    this.#log.series.set(points.series.subarray(0, length), from);
    this.#log.quality.set(points.quality.subarray(0, length), from);
    this.#recordRows[this.#records] = length;
    this.#header[HEADER.rows] = from + length;
    this.#header[HEADER.sequence] = sequence;
    this.#header[HEADER.records]!++;
  }

  logTick(epochMs: number): void {
    this.#recordRows[this.#records] = TICK;
    this.#recordTime[this.#records] = epochMs;
    this.#header[HEADER.records]!++;
  }

  /** The module saw no more of the last record than these rows of its input, because of its fuel or its lag. */
  noteSeen(slot: number, rows: number): void {
    const at = this.#header[HEADER.skips]!;
    this.#skips[at * 2] = (this.#records - 1) * MODULE_SLOTS + slot;
    this.#skips[at * 2 + 1] = rows;
    this.#header[HEADER.skips] = at + 1;
  }

  /** What came since the checkpoint, in order. */
  *log(): Generator<LoggedRecord> {
    const seen = new Map<number, number>();
    for (let at = 0; at < this.#header[HEADER.skips]!; at++) seen.set(this.#skips[at * 2]!, this.#skips[at * 2 + 1]!);
    let from = 0;
    for (let record = 0; record < this.#records; record++) {
      const seenBy = (slot: number) => seen.get(record * MODULE_SLOTS + slot);
      const rows = this.#recordRows[record]!;
      if (rows === TICK) {
        yield { kind: 'tick', epochMs: this.#recordTime[record]!, seenBy };
        continue;
      }
      yield { kind: 'batch', points: sliceOf(this.#log, from, rows), seenBy };
      from += rows;
    }
  }

  /** Rows that a module has sent to the store since the checkpoint: [aggregate, alarm]. */
  sentBy(slot: number): Float64Array {
    return this.#sent.subarray(slot * COUNTS, slot * COUNTS + EVENTS);
  }

  /** Events that a module has emitted since the checkpoint: [count]. */
  emittedBy(slot: number): Float64Array {
    return this.#sent.subarray(slot * COUNTS + EVENTS, (slot + 1) * COUNTS);
  }

  /**
   * Replaces checkpoint and log in one go.
   * @param states of each module by slot. The smallest go first, so that a module that fills the room leaves out nobody but itself.
   * @returns slots left out.
   */
  checkpoint(states: ReadonlyMap<number, Uint8Array>): number[] {
    const area = 1 - this.#header[HEADER.area]!;
    const into = Buffer.from(this.#shared, this.#areaAt(area), CHECKPOINT_BYTES);
    const leftOut: number[] = [];
    let at = 0;
    for (const [slot, octets] of [...states].sort(([, a], [, b]) => a.length - b.length)) {
      if (at + 8 + octets.length > CHECKPOINT_BYTES) {
        leftOut.push(slot);
        continue;
      }
      into.writeUInt32LE(slot, at);
      into.writeUInt32LE(octets.length, at + 4);
      into.set(octets, at + 8);
      at += 8 + octets.length;
    }
    this.#header[HEADER.areaBytes] = at;
    this.#header[HEADER.area] = area;
    this.#header[HEADER.records] = 0;
    this.#header[HEADER.rows] = 0;
    this.#header[HEADER.skips] = 0;
    this.#sent.fill(0);
    return leftOut;
  }

  /** States at the checkpoint, by slot. Copies. */
  states(): Map<number, Uint8Array> {
    const from = Buffer.from(this.#shared, this.#areaAt(this.#header[HEADER.area]!), CHECKPOINT_BYTES);
    const states = new Map<number, Uint8Array>();
    for (let at = 0; at < this.#header[HEADER.areaBytes]!; ) {
      const length = from.readUInt32LE(at + 4);
      states.set(from.readUInt32LE(at), Uint8Array.from(from.subarray(at + 8, at + 8 + length)));
      at += 8 + length;
    }
    return states;
  }

  #areaAt(area: number): number {
    return offsetOf('areas') + area * CHECKPOINT_BYTES;
  }
}

function sliceOf(columns: PointColumns, from: number, rows: number): PointColumns {
  return {
    length: rows,
    timeMs: columns.timeMs.subarray(from, from + rows),
    value: columns.value.subarray(from, from + rows),
    series: columns.series.subarray(from, from + rows),
    quality: columns.quality.subarray(from, from + rows),
  };
}
