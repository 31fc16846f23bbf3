import type { ShedReason } from '../model/ledger.ts';
import type { PointColumns } from '../model/points.ts';
import type { Lane, Series } from '../model/series.ts';

/** A message that could not be decoded, kept for the technician to see. */
export interface QuarantinedMessage {
  /** Gateway time, Unix epoch milliseconds. */
  readonly atMs: number;
  readonly topic: string;
  /** A name from the decoder's or the listener's table of faults. */
  readonly reason: string;
  /** The first octets of the payload, at most `ingest.quarantine_sample`. */
  readonly sample: Uint8Array;
}

/**
 * What one batch adds to the store, with its accounts: it is committed whole or not at all, so the ledger balances at every moment.
 * `received` = rows of `points` + `quarantinedCount` + the sum of `shed`.
 */
export interface Contribution {
  readonly lane: Lane;
  readonly points: PointColumns;
  readonly received: number;
  readonly shed: Partial<Record<ShedReason, number>>;
  /** Series that appear for the first time in `points`. */
  readonly newSeries: readonly Series[];
  /** Messages rejected, whether or not a sample of each is kept. */
  readonly quarantinedCount: number;
  readonly quarantine: readonly QuarantinedMessage[];
}
