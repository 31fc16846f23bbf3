import type { PointColumns } from './points.ts';

/** A series drawn on few columns: for each span of time with points, its smallest, largest and mean value. */
export interface Bucketed {
  readonly timeMs: number[];
  readonly min: number[];
  readonly max: number[];
  readonly mean: number[];
}

/** Gathers points into at most `count` spans of equal length over `[fromMs, toMs]`; values that are not numbers are left out. */
export class Buckets {
  readonly #fromMs: number;
  readonly #spanMs: number;
  readonly #count: number;
  readonly #rows: Float64Array;
  readonly #sum: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #lastMs: Float64Array;

  constructor(fromMs: number, toMs: number, count: number) {
    this.#fromMs = fromMs;
    this.#count = count;
    this.#spanMs = Math.max(1, (toMs - fromMs) / count);
    this.#rows = new Float64Array(count);
    this.#sum = new Float64Array(count);
    this.#min = new Float64Array(count).fill(Infinity);
    this.#max = new Float64Array(count).fill(-Infinity);
    this.#lastMs = new Float64Array(count);
  }

  add(points: PointColumns): void {
    for (let row = 0; row < points.length; row++) {
      const value = points.value[row]!;
      const time = points.timeMs[row]!;
      const at = Math.min(this.#count - 1, Math.floor((time - this.#fromMs) / this.#spanMs));
      if (at < 0 || Number.isNaN(value)) continue;
      this.#rows[at]!++;
      this.#sum[at]! += value;
      if (value < this.#min[at]!) this.#min[at] = value;
      if (value > this.#max[at]!) this.#max[at] = value;
      if (time > this.#lastMs[at]!) this.#lastMs[at] = time;
    }
  }

  /** The time of a span is that of its last point, so that few points stand where they are. */
  result(): Bucketed {
    const drawn: Bucketed = { timeMs: [], min: [], max: [], mean: [] };
    for (let at = 0; at < this.#count; at++) {
      const rows = this.#rows[at]!;
      if (rows === 0) continue;
      drawn.timeMs.push(this.#lastMs[at]!);
      drawn.min.push(this.#min[at]!);
      drawn.max.push(this.#max[at]!);
      drawn.mean.push(this.#sum[at]! / rows);
    }
    return drawn;
  }
}
