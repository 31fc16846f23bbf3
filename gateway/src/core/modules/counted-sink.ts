import { TokenBucket } from '../../base/token-bucket.ts';
import type { ShedReason } from '../model/ledger.ts';
import type { OutputSink } from './module-binding.ts';

/** Lanes of derived rows, by their index in shared counts. */
export const DERIVED_LANES = ['aggregate', 'alarm'] as const;
export type DerivedLane = (typeof DERIVED_LANES)[number];

/** Rows taken from the rate in one go. */
const CREDIT_ROWS = 256;

/**
 * The way of one module's rows to the common outbox. It counts what has been sent since the last checkpoint; after a recovery, when the module
 * goes once more over what came since then, it holds back as many rows as had been sent already.
 */
export class CountedSink implements OutputSink {
  readonly #target: OutputSink;
  /** Shared: rows sent since the checkpoint. Shape [lanes]. */
  readonly #sent: Float64Array;
  /** Handed to the outbox, and not sent yet. */
  readonly #pending = [0, 0];
  readonly #held = [0, 0];
  readonly #nowMs: () => number;
  #rate: TokenBucket;
  /** Rows taken from the rate and not used yet: the clock is read once for many. */
  #credit = 0;

  /** @param rowsPerSec what is over it is shed. @param nowMs monotonic. */
  constructor(target: OutputSink, sent: Float64Array, rowsPerSec: number, nowMs: () => number) {
    this.#target = target;
    this.#sent = sent;
    this.#nowMs = nowMs;
    this.#rate = new TokenBucket(rowsPerSec, nowMs());
  }

  /** Another version speaks, under its own rate. */
  setRate(rowsPerSec: number): void {
    this.#rate = new TokenBucket(rowsPerSec, this.#nowMs());
    this.#credit = 0;
  }

  /** From now on the rows that count as sent are held back, as often as they were. */
  holdBackSent(): void {
    for (const lane of DERIVED_LANES.keys()) this.#held[lane] = this.#sent[lane]!;
  }

  /** Repeats are over: what was not held back has not been said in the first place. */
  holdBackNothing(): void {
    this.#held.fill(0);
  }

  point(lane: DerivedLane, series: number, timeMs: number, value: number, quality: number): void {
    const index = lane === 'alarm' ? 1 : 0;
    if (this.#holds(index, 1)) return;
    if (this.#mayGo()) this.#target.point(lane, series, timeMs, value, quality);
    else this.#target.shed(lane, 'module_output', 1);
    this.#pending[index]!++;
  }

  shed(lane: DerivedLane, reason: ShedReason, rows: number): void {
    const index = lane === 'alarm' ? 1 : 0;
    if (this.#holds(index, rows)) return;
    this.#target.shed(lane, reason, rows);
    this.#pending[index]! += rows;
  }

  /** The outbox has sent all it held of a lane. */
  laneSent(lane: DerivedLane): void {
    const index = lane === 'alarm' ? 1 : 0;
    this.#sent[index]! += this.#pending[index]!;
    this.#pending[index] = 0;
  }

  /** Rows wait in the outbox: a checkpoint now would forget that they have not been sent. */
  get hasPending(): boolean {
    return this.#pending[0]! + this.#pending[1]! > 0;
  }

  #mayGo(): boolean {
    if (this.#credit === 0) {
      this.#credit = Math.min(CREDIT_ROWS, Math.max(0, Math.floor(this.#rate.available(this.#nowMs()))));
      this.#rate.spend(this.#credit);
    }
    if (this.#credit === 0) return false;
    this.#credit--;
    return true;
  }

  #holds(lane: number, rows: number): boolean {
    if (this.#held[lane]! <= 0) return false;
    this.#held[lane]! -= rows;
    return true;
  }
}
