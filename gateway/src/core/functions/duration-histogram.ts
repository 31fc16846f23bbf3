/** How long calls take: logarithmic buckets, eight to an octave, so that a percentile is at most 9 % above the true one and never below it. */

const PER_OCTAVE = 8;
const FIRST_OCTAVE = -4;
const OCTAVES = 18;
const BUCKETS = OCTAVES * PER_OCTAVE + 1;

export interface DurationSummary {
  readonly count: number;
  readonly sumMs: number;
  readonly lastMs: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export class DurationHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #lastMs: number | null = null;

  record(ms: number): void {
    const at = ms > 0 ? Math.ceil((Math.log2(ms) - FIRST_OCTAVE) * PER_OCTAVE) : 0;
    this.#counts[Math.max(0, Math.min(BUCKETS - 1, at))]!++;
    this.#count++;
    this.#sumMs += ms;
    this.#lastMs = ms;
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      sumMs: this.#sumMs,
      lastMs: this.#lastMs,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
    };
  }

  /** Calls of at most so many milliseconds, one row an octave from 1/16 ms to 16 s. Cumulative. */
  octaves(): { leMs: number; count: number }[] {
    const rows: { leMs: number; count: number }[] = [];
    let count = 0;
    for (let at = 0; at < BUCKETS; at++) {
      count += this.#counts[at]!;
      if (at % PER_OCTAVE === 0) rows.push({ leMs: 2 ** (at / PER_OCTAVE + FIRST_OCTAVE), count });
    }
    // What lies beyond the last bound is in the last bucket and must not count as below it.
    return rows.slice(0, -1);
  }

  #quantile(share: number): number | null {
    const rank = this.#count * share;
    let seen = 0;
    for (let at = 0; at < BUCKETS; at++) {
      seen += this.#counts[at]!;
      if (seen > 0 && seen >= rank) return 2 ** (at / PER_OCTAVE + FIRST_OCTAVE);
    }
    return null;
  }
}
