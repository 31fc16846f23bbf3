import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { COMMIT_ROWS_MAX } from '../core/model/batch-pool.ts';
import { COUNTER_INDEX } from '../core/model/counters.ts';
import type { Contribution } from '../core/store/contribution.ts';
import type { Store } from '../core/store/store.ts';

export interface PendingCommit {
  readonly contribution: Contribution;
  /** The contribution is on disk. */
  readonly onCommitted: () => void;
}

export interface CommitLoopParts {
  readonly store: Store;
  readonly counters: Float64Array;
  /** Shortest time from the beginning of one group commit to the next, ms, while few rows wait. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly onSealed: () => void;
  /** A commit or seal failed and will be repeated. */
  readonly onFailure: (text: string) => void;
}

/** So many rows are worth a commit at once: their octets fill some pages of flash. */
const EAGER_ROWS = 2048;
const RETRY_MS = 500;
/** How often tails are looked at when nothing else happens. */
const SEAL_CHECK_MS = 50;

/**
 * Decides when the store commits and when it seals. Everything that arrived while a commit ran goes into the next one; a disk that
 * fails keeps contributions waiting, and with them the sources, until it mends. What waits is bounded by those who add: each
 * holds a slot of the batch pool, or a place in the module worker's window.
 */
export class CommitLoop {
  readonly #parts: CommitLoopParts;
  #pending: PendingCommit[] = [];
  #pendingRows = 0;
  #timer: NodeJS.Timeout | null = null;
  /** The next commit comes with the next turn of the event loop. */
  #isImmediate = false;
  #lastStartMs = -Infinity;
  #isSealing = false;
  #notBeforeMs = 0;
  /** Duration of the last commit, ms. */
  lastCommitTookMs = 0;
  /** Why the last commit or seal failed; null while all is well. */
  problem: string | null = null;

  constructor(parts: CommitLoopParts) {
    this.#parts = parts;
    setInterval(() => this.#sealSoon(), SEAL_CHECK_MS).unref();
  }

  add(commit: PendingCommit): void {
    this.#pending.push(commit);
    this.#pendingRows += commit.contribution.points.length;
    this.#schedule();
  }

  /** Resolves when everything added is on disk and every tail is in a segment. @throws the failure of the disk after one repetition. */
  async drain(): Promise<void> {
    for (let failures = 0; this.#pending.length > 0; ) {
      if (this.#commit()) continue;
      if (++failures > 1) throw new Error(`cannot commit: ${this.problem}`);
    }
    while (this.#sealStep(true));
  }

  /** @returns false when there is nothing more to do at once. */
  #sealStep(all: boolean): boolean {
    const step = this.#parts.store.sealStep(all);
    if (typeof step === 'string') return step === 'working';
    this.#parts.counters[COUNTER_INDEX.gateway_store_segments]!++;
    this.#parts.counters[COUNTER_INDEX.gateway_store_segment_octets]! += step.bytes;
    this.#parts.onSealed();
    return true;
  }

  #schedule(): void {
    const isEager = this.#pendingRows >= EAGER_ROWS;
    if (this.#isImmediate || (this.#timer !== null && !isEager)) return;
    clearTimeout(this.#timer ?? undefined);
    const gathered = isEager ? 0 : this.#lastStartMs + this.#parts.intervalMs;
    const wait = Math.max(gathered, this.#notBeforeMs) - this.#parts.clock.monotonic();
    const run = () => {
      this.#timer = null;
      this.#isImmediate = false;
      this.#commit();
      if (this.#pending.length > 0) this.#schedule();
      this.#sealSoon();
    };
    this.#isImmediate = wait <= 0.5;
    if (this.#isImmediate) setImmediate(run);
    else this.#timer = setTimeout(run, wait);
  }

  /** @returns false when the disk refused. */
  #commit(): boolean {
    const { store, counters, clock } = this.#parts;
    const group = this.#takeGroup();
    if (group.length === 0) return true;
    const start = clock.monotonic();
    this.#lastStartMs = start;
    try {
      const contributions = group.map(({ contribution }) => contribution).filter(hasContent);
      if (contributions.length > 0) {
        store.commit(contributions);
        counters[COUNTER_INDEX.gateway_store_commits]!++;
        counters[COUNTER_INDEX.gateway_store_points]! += contributions.reduce((sum, c) => sum + c.points.length, 0);
      }
    } catch (error) {
      this.#failed('commit', error);
      this.#pending = [...group, ...this.#pending];
      this.#pendingRows += rowsOf(group);
      return false;
    }
    this.problem = null;
    this.lastCommitTookMs = clock.monotonic() - start;
    counters[COUNTER_INDEX.gateway_store_commit_ms]! += this.lastCommitTookMs;
    for (const { onCommitted } of group) onCommitted();
    return true;
  }

  #takeGroup(): PendingCommit[] {
    let rows = 0;
    let count = 0;
    for (const { contribution } of this.#pending) {
      rows += contribution.points.length;
      if (count > 0 && rows > COMMIT_ROWS_MAX) break;
      count++;
    }
    const group = this.#pending.splice(0, count);
    this.#pendingRows -= rowsOf(group);
    return group;
  }

  /** Seals in steps; a commit that is due comes in between. */
  #sealSoon(): void {
    if (this.#isSealing) return;
    this.#isSealing = true;
    setImmediate(() => {
      this.#isSealing = false;
      if (this.#parts.clock.monotonic() < this.#notBeforeMs) return;
      try {
        if (this.#sealStep(false)) this.#sealSoon();
      } catch (error) {
        this.#failed('seal', error);
      }
    });
  }

  #failed(what: string, error: unknown): void {
    this.#parts.counters[COUNTER_INDEX.gateway_store_retries]!++;
    this.problem = describeError(error);
    this.#notBeforeMs = this.#parts.clock.monotonic() + RETRY_MS;
    this.#parts.onFailure(`${what}: ${this.problem}; trying again in ${RETRY_MS} ms`);
  }
}

function hasContent({ points, received, newSeries }: Contribution): boolean {
  return points.length > 0 || received > 0 || newSeries.length > 0;
}

function rowsOf(group: readonly PendingCommit[]): number {
  return group.reduce((sum, { contribution }) => sum + contribution.points.length, 0);
}
