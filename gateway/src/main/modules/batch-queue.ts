import { systemClock } from '../../base/clock.ts';

/** How long batches may be worked off in one turn of the event loop, ms; at least one is. */
const TURN_MS = 2;

/**
 * Batches on their way through a module worker, worked off in turns: a port hands over all it holds in one go, and between two turns timers, the
 * store's answers and main's calls have theirs. What waits is bounded by who sends (`module-feed.ts`).
 */
export class BatchQueue<T> {
  readonly #workOff: (batch: T) => void;
  readonly #waiting: T[] = [];
  #isScheduled = false;
  /** Changes that are being made. */
  #holders = 0;

  constructor(workOff: (batch: T) => void) {
    this.#workOff = workOff;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get isHeld(): boolean {
    return this.#holders > 0;
  }

  add(batch: T): void {
    this.#waiting.push(batch);
    this.#schedule();
  }

  /** No batch is worked off until `work` is done. */
  async exclusively<R>(work: () => Promise<R>): Promise<R> {
    this.#holders++;
    try {
      return await work();
    } finally {
      this.#holders--;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.isHeld || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    const end = systemClock.monotonic() + TURN_MS;
    while (this.#waiting.length > 0 && !this.isHeld) {
      this.#workOff(this.#waiting.shift()!);
      if (systemClock.monotonic() >= end) break;
    }
    this.#schedule();
  }
}
