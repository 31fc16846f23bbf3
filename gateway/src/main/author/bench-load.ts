/** Made-up readings for a bench: the same in every run, like what sensors send, with time that goes on. */
import type { BatchViews } from '../../core/modules/batch-layout.ts';

/** Batches that are made once and used over and over, their time moved on. */
const BATCHES = 64;
const STEP_MS = 1000;
const START_MS = Date.UTC(2026, 0, 1);

export class BenchLoad {
  readonly rows: number;
  readonly #series: number;
  readonly #values: Float64Array;
  #row = 0;

  /** @param rows of a batch. @param series among which they go round. */
  constructor(rows: number, series: number) {
    this.rows = rows;
    this.#series = series;
    this.#values = slowWaves(rows * BATCHES, series);
  }

  /** Fills the columns of the next batch: each series has one reading a second of its own time. */
  fill(into: BatchViews): void {
    const { timeMs, value, series, quality, channel } = into;
    for (let row = 0; row < this.rows; row++) {
      const number = this.#row++;
      timeMs[row] = START_MS + Math.floor(number / this.#series) * STEP_MS;
      value[row] = this.#values[number % this.#values.length]!;
      series[row] = number % this.#series;
    }
    quality.fill(0);
    channel.fill(0);
  }

  /** Of the newest row, Unix epoch milliseconds. */
  get nowMs(): number {
    return START_MS + Math.floor(this.#row / this.#series) * STEP_MS;
  }
}

/** A level of its own for each series, a slow wave, noise, and a spike every 997th reading: something for an alarm. */
function slowWaves(count: number, series: number): Float64Array {
  const values = new Float64Array(count);
  let state = 12_345;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = state / 2 ** 32 - 0.5;
    const wave = 5 * Math.sin((2 * Math.PI * Math.floor(i / series)) / 300);
    values[i] = 20 + (i % series) * 0.1 + wave + noise + (i % 997 === 996 ? 50 : 0);
  }
  return values;
}

/** For functions: what a reading's trigger hands over, or nearly. */
export const BENCH_EVENT = {
  attributes: {
    specversion: '1.0',
    id: '1',
    source: '/bench',
    type: 'tidegate.bench',
    datacontenttype: 'application/json',
  },
  data: new TextEncoder().encode(JSON.stringify({ device: 'pump-7', point: 'temperature', value: 21.5 })),
};
