/**
 * How long batches take, counted in memory shared by the threads: one `++` a batch, nothing a point. Buckets are logarithmic, eight to an
 * octave, so that a percentile read from them is at most 9 % above the true one, and never below it.
 */

/** What is timed. Where two module workers count in the same moment one batch may be lost, which no percentile shows; the page and the metrics show the batches of the last ten seconds. */
export const LATENCIES = [
  {
    name: 'commit',
    metric: 'gateway_commit_latency_ms',
    help: 'From the first message of a batch to its points on disk, lately',
  },
  {
    name: 'module',
    metric: 'gateway_module_latency_ms',
    help: 'From the first message of a batch to the end of all module calls on it, lately',
  },
  {
    name: 'moduleAge',
    metric: 'gateway_module_age_ms',
    help: "Age of a batch's first reading, by its source's clock, at the end of all module calls on it, lately",
  },
] as const;
export type LatencyName = (typeof LATENCIES)[number]['name'];

const PER_OCTAVE = 8;
/** Bucket 0 takes everything up to 2^-4 ms, the last one everything beyond 65 s. */
const FIRST_OCTAVE = -4;
const BUCKETS = 20 * PER_OCTAVE + 1;

export function allocateLatencies(): SharedArrayBuffer {
  return new SharedArrayBuffer(LATENCIES.length * BUCKETS * 8);
}

/** One of the histograms. */
export class LatencyHistogram {
  /** Batches since the start. Shape [BUCKETS]. */
  readonly counts: Float64Array;

  constructor(shared: SharedArrayBuffer, name: LatencyName) {
    const index = LATENCIES.findIndex((latency) => latency.name === name);
    this.counts = new Float64Array(shared, index * BUCKETS * 8, BUCKETS);
  }

  record(ms: number): void {
    const at = ms > 0 ? Math.ceil((Math.log2(ms) - FIRST_OCTAVE) * PER_OCTAVE) : 0;
    this.counts[Math.max(0, Math.min(BUCKETS - 1, at))]!++;
  }
}

/** Null where there was no batch. */
export interface Percentiles {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly batches: number;
}

/** Percentiles of the batches of the last so many samples: of a histogram that only grows, the difference to an earlier one. */
export class RecentLatency {
  readonly #histogram: LatencyHistogram;
  readonly #samplesMax: number;
  readonly #samples: Float64Array[] = [];

  constructor(histogram: LatencyHistogram, samplesMax: number) {
    this.#histogram = histogram;
    this.#samplesMax = samplesMax;
  }

  /** Called at regular intervals. */
  sample(): void {
    this.#samples.push(this.#histogram.counts.slice());
    if (this.#samples.length > this.#samplesMax) this.#samples.shift();
  }

  percentiles(): Percentiles {
    const before = this.#samples[0];
    const counts = this.#histogram.counts.map((count, at) => count - (before?.[at] ?? 0));
    const batches = counts.reduce((sum, count) => sum + count, 0);
    return { p50Ms: quantile(counts, batches * 0.5), p99Ms: quantile(counts, batches * 0.99), batches };
  }
}

/** The upper bound of the bucket that holds the `rank`-th batch. */
function quantile(counts: Float64Array, rank: number): number | null {
  let seen = 0;
  for (let at = 0; at < counts.length; at++) {
    seen += counts[at]!;
    if (seen > 0 && seen >= rank) return 2 ** (at / PER_OCTAVE + FIRST_OCTAVE);
  }
  return null;
}
