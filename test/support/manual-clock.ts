import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../gateway/src/base/clock.ts';
import { type EpochMs, epochMs, type Millis, millis } from '../../gateway/src/base/units.ts';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Turns of the event loop given to the code under test after each step: enough for a few awaits in a row, no time passes. */
const TURNS = 4;

/** Time that passes only when the test says so. Wall clock and monotonic clock go together. */
export class ManualClock implements Clock {
  readonly #startMs: number;
  readonly #sleepers = new Set<Sleeper>();
  #elapsedMs = 0;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
  }

  /** How many wait for time to pass. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  now(): EpochMs {
    return epochMs(this.#startMs + this.#elapsedMs);
  }

  monotonic(): Millis {
    return millis(this.#elapsedMs);
  }

  sleep(span: Millis, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper: Sleeper = { untilMs: this.#elapsedMs + span, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets `spanMs` pass; who sleeps wakes in order, each at its own time. */
  async advance(spanMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + spanMs;
    await settle();
    for (let next = this.#next(); next !== undefined && next.untilMs <= untilMs; next = this.#next()) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.untilMs);
      next.wake();
      await settle();
    }
    this.#elapsedMs = untilMs;
  }

  /** Lets time pass from sleeper to sleeper until `isDone`. @throws Error when `limitMs` has passed before. */
  async advanceUntil(isDone: () => boolean, limitMs = 3_600_000): Promise<void> {
    const endMs = this.#elapsedMs + limitMs;
    for (await settle(); !isDone(); await settle()) {
      const next = this.#next();
      if (next === undefined || next.untilMs > endMs)
        throw new Error(`not done after ${limitMs} ms of the test's time`);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.untilMs);
      next.wake();
    }
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (first === undefined || sleeper.untilMs < first.untilMs) first = sleeper;
    return first;
  }
}

/** Lets everything run that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await setImmediate();
}
