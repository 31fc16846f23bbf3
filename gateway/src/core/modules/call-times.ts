/** Buckets to an octave; from 1 µs to 16 s. */
const PER_OCTAVE = 8;
const FIRST_OCTAVE = -10;
const BUCKETS = 24 * PER_OCTAVE;
/** Calls after which all counts are halved: percentiles are of lately, not of ever. */
const HALVE_AFTER = 8192;

/** How long calls take lately: one addition a call, percentiles on demand, at most 9 % above the true ones. */
export class CallTimes {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  record(ms: number): void {
    const at = ms > 0 ? Math.ceil((Math.log2(ms) - FIRST_OCTAVE) * PER_OCTAVE) : 0;
    this.#counts[Math.max(0, Math.min(BUCKETS - 1, at))]!++;
    if (++this.#total >= HALVE_AFTER) this.#halve();
  }

  percentiles(): { readonly callP50Ms: number | null; readonly callP99Ms: number | null } {
    return { callP50Ms: this.#at(0.5), callP99Ms: this.#at(0.99) };
  }

  #at(share: number): number | null {
    if (this.#total === 0) return null;
    let bucket = 0;
    for (let seen = this.#counts[0]!; seen < share * this.#total; seen += this.#counts[bucket]!) bucket++;
    return 2 ** (bucket / PER_OCTAVE + FIRST_OCTAVE);
  }

  #halve(): void {
    this.#total = 0;
    for (let at = 0; at < BUCKETS; at++) {
      this.#counts[at]! >>>= 1;
      this.#total += this.#counts[at]!;
    }
  }
}
