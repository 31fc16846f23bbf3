import type { Millis } from '../../base/units.ts';

/** Points that may be caught up after a pause, as time: longer ones are skipped, so that no burst follows them. */
const CATCH_UP_MS = 250;

/**
 * Gives out points at a steady rate. Time earns points; what is not taken in time is counted as skipped and never caught up,
 * so that a receiver which was slow or away is not flooded when it returns.
 */
export class Pacer {
  readonly #perMs: number;
  readonly #most: number;
  #ready = 0;
  #skipped = 0;

  /** @param rate points a second, above 0. @param step the largest number that is taken at once. */
  constructor(rate: number, step: number) {
    this.#perMs = rate / 1000;
    this.#most = Math.max(step, this.#perMs * CATCH_UP_MS);
  }

  /** Whole points skipped since the start. */
  get skipped(): number {
    return Math.floor(this.#skipped);
  }

  /** Time has passed; with `isOpen` false nothing can be sent now, and all that was earned is skipped. */
  advance(elapsed: Millis, isOpen: boolean): void {
    this.#ready += elapsed * this.#perMs;
    const kept = isOpen ? Math.min(this.#ready, this.#most) : 0;
    this.#skipped += this.#ready - kept;
    this.#ready = kept;
  }

  /** Takes `points` when so many are earned. */
  take(points: number): boolean {
    if (this.#ready < points) return false;
    this.#ready -= points;
    return true;
  }
}
