/** A rate with a burst of one second: what is not used does not pile up beyond that. Pure: time is handed in. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #sinceMs: number;

  /** @param perSecond also the most that is ever saved. @param nowMs monotonic. */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#sinceMs = nowMs;
  }

  /** What may be taken now; negative after `spend` went beyond it. */
  available(nowMs: number): number {
    const passed = Math.max(0, nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (passed * this.#perSecond) / 1000);
    return this.#tokens;
  }

  /** Takes all or nothing. @returns whether it was there. */
  take(amount: number, nowMs: number): boolean {
    if (this.available(nowMs) < amount) return false;
    this.#tokens -= amount;
    return true;
  }

  /** Takes what has been used already, into debt if need be; a debt is at most one second's worth. */
  spend(amount: number): void {
    this.#tokens = Math.max(-this.#perSecond, this.#tokens - amount);
  }
}
