import type { Ledger } from '../model/ledger.ts';
import { LANES, type Lane, type Series } from '../model/series.ts';
import type { QuarantinedMessage } from './contribution.ts';
import type { SegmentSummary } from './segment-format.ts';

/** What the store needs from the world, in a few verbs. All calls are synchronous: they run on the store worker. */

/** The write-ahead log of points: durable when `append` returns. */
export interface Journal {
  /** Octets in all files. */
  readonly bytes: number;
  /** @throws GatewayError `exhausted` when the disk is full; then nothing was appended. */
  append(record: Uint8Array, recordNumber: number): void;
  /** Calls back with every whole record, oldest first; called once, before the first append. @returns false when records are missing. */
  replay(onRecord: (record: Uint8Array) => void): boolean;
  /** Deletes the files all of whose records are numbered `recordNumber` or less. */
  releaseThrough(recordNumber: number): void;
}

export interface SegmentFiles {
  /** Durable when it returns. @throws GatewayError `exhausted` when the disk is full. */
  write(name: string, octets: Uint8Array): void;
  read(name: string): Uint8Array;
  /** Harmless when the file is gone. */
  remove(name: string): void;
  list(): { readonly name: string; readonly bytes: number }[];
}

/** Life of a segment's row; a segment is unconfirmed while `sealed`. */
export const SEGMENT_MOVES = {
  sealed: ['confirmed', 'expired', 'corrupt'],
  confirmed: ['pruned'],
  expired: [],
  corrupt: ['pruned'],
  pruned: [],
} as const;
export type SegmentState = keyof typeof SEGMENT_MOVES;

export interface SegmentRow extends SegmentSummary {
  readonly state: SegmentState;
  readonly bytes: number;
  readonly sealedMs: number;
}

export type ListedSegment = Pick<SegmentRow, 'lane' | 'sequence' | 'state' | 'bytes'>;

export interface AlarmRow {
  readonly series: number;
  readonly state: 'raised' | 'cleared';
  readonly value: number;
  readonly raisedMs: number;
  readonly clearedMs: number | null;
}

/** Everything but the points since the last checkpoint, as of journal record `recordNumber`. */
export interface Checkpoint {
  readonly recordNumber: number;
  readonly ledger: Ledger;
  readonly newSeries: readonly Series[];
  readonly quarantine: readonly QuarantinedMessage[];
  readonly alarms: readonly AlarmRow[];
}

/** What the index knows when the store opens. */
export interface IndexSnapshot {
  readonly epoch: string;
  readonly recordNumber: number;
  readonly ledger: Ledger;
  readonly series: readonly Series[];
  readonly alarms: readonly AlarmRow[];
  /** Of each lane: the last journal record whose points are in a segment. */
  readonly sealedThrough: Record<Lane, number>;
  /** Of each lane: the sequence of the last segment sealed. */
  readonly lastSequence: Record<Lane, number>;
}

export interface UnconfirmedTotals {
  readonly segments: number;
  readonly points: number;
}

/** The SQLite side. Each verb is one transaction, durable when it returns. */
export interface StoreIndex {
  open(): IndexSnapshot;
  checkpoint(checkpoint: Checkpoint): void;
  /** Adds the segment's row and its pending saga together with the checkpoint. */
  addSegment(segment: SegmentRow, sealedThrough: number, checkpoint: Checkpoint): void;
  moveSegment(lane: Lane, sequence: number, to: SegmentState, checkpoint: Checkpoint): void;
  segment(lane: Lane, sequence: number): SegmentRow | undefined;
  unconfirmed(lane: Lane): UnconfirmedTotals;
  /** Oldest first, of the given state. */
  oldest(state: SegmentState, lane: Lane | null, limit: number): SegmentRow[];
  /** Unconfirmed segments of a lane that nobody is past recalling, oldest first. */
  expirable(lane: Lane, limit: number): SegmentRow[];
  /** Octets and number of segments whose file is kept, corrupt ones among them. */
  kept(): { segments: number; bytes: number; confirmedBytes: number; corruptBytes: number };
  /** Segments whose file is kept, corrupt ones among them. */
  files(): ListedSegment[];
}

export function segmentFileName(lane: Lane, sequence: number): string {
  return `${lane}-${String(sequence).padStart(12, '0')}.tgs`;
}

/** The other way round; null when it is no whole segment's name. */
export function parseSegmentFileName(name: string): { lane: Lane; sequence: number } | null {
  const [, word, digits] = /^([a-z]+)-(\d{12,})\.tgs$/.exec(name) ?? [];
  const lane = LANES.find((candidate) => candidate === word);
  return lane === undefined ? null : { lane, sequence: Number(digits) };
}
