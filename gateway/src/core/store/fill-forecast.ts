interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Growth is measured over at least and at most so long, ms. */
const SPAN_MIN_MS = 20_000;
const SPAN_MAX_MS = 3_600_000;
const SAMPLE_EVERY_MS = 5000;
const MS_PER_DAY = 86_400_000;

/** Says how many days the disk share lasts at the rate at which unconfirmed segments have been growing. */
export class FillForecast {
  #samples: Sample[] = [];

  /** Samples nearer than five seconds are left out. */
  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < SAMPLE_EVERY_MS) return;
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && atMs - this.#samples[0]!.atMs > SPAN_MAX_MS) this.#samples.shift();
  }

  /** Null while nothing is known, or while the share does not fill. */
  daysLeft(freeBytes: number): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < SPAN_MIN_MS) return null;
    const bytesPerMs = (last.bytes - first.bytes) / (last.atMs - first.atMs);
    return bytesPerMs <= 0 ? null : Math.max(0, freeBytes) / bytesPerMs / MS_PER_DAY;
  }
}
