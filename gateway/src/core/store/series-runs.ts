import type { PointColumns } from '../model/points.ts';
import { DERIVED_SERIES_BASE } from '../model/series.ts';

const LOCAL_MASK = DERIVED_SERIES_BASE - 1;

/**
 * Groups the rows of a batch by series: a counting sort, stable, so that rows of one series keep their order of arrival.
 * One batch holds series of one range only (sent or derived), so the low bits tell them apart.
 * Reused between batches; its arrays are valid until the next call of `group`.
 */
export class SeriesRuns {
  /** Row numbers, run after run. Shape [rows]. */
  order = new Uint32Array(0);
  /** Series of each run, ascending. */
  series: number[] = [];
  #rowsOf = new Int32Array(1024);
  #startOf = new Int32Array(1024);

  group(points: PointColumns): void {
    const { length, series } = points;
    if (this.order.length < length) this.order = new Uint32Array(length);
    const found: number[] = [];
    for (let row = 0; row < length; row++) {
      const local = series[row]! & LOCAL_MASK;
      if (local >= this.#rowsOf.length) this.#grow(local + 1);
      if (this.#rowsOf[local]!++ === 0) found.push(series[row]!);
    }
    found.sort((a, b) => a - b);
    let start = 0;
    for (const id of found) {
      const local = id & LOCAL_MASK;
      this.#startOf[local] = start;
      start += this.#rowsOf[local]!;
    }
    for (let row = 0; row < length; row++) this.order[this.#startOf[series[row]! & LOCAL_MASK]!++] = row;
    this.series = found;
  }

  /** Number of rows of run `index`; also clears its counter, so each run is asked for once after `group`. */
  takeRows(index: number): number {
    const local = this.series[index]! & LOCAL_MASK;
    const rows = this.#rowsOf[local]!;
    this.#rowsOf[local] = 0;
    return rows;
  }

  #grow(size: number): void {
    const capacity = Math.max(size, this.#rowsOf.length * 2);
    const rows = new Int32Array(capacity);
    rows.set(this.#rowsOf);
    this.#rowsOf = rows;
    const starts = new Int32Array(capacity);
    starts.set(this.#startOf);
    this.#startOf = starts;
  }
}
