/**
 * The current point of every series, in memory shared by the threads: written where points arise, and after a start from what the store
 * knows; read by pages.
 */
export interface SeriesBoardMemory {
  readonly shared: SharedArrayBuffer;
  readonly capacity: number;
}

export function allocateSeriesBoard(capacity: number): SeriesBoardMemory {
  return { shared: new SharedArrayBuffer(capacity * 24), capacity };
}

/** Indexed by the series' number within its range. A reader may see the time of one point with the value of the next: it is for eyes. */
export class SeriesBoard {
  readonly capacity: number;
  /** Of the newest point by the time of its source, Unix epoch milliseconds; 0 while none is known. Shape [capacity]. */
  readonly timeMs: Float64Array;
  /** Shape [capacity]. */
  readonly value: Float64Array;
  /** Points since the start. Shape [capacity]. */
  readonly count: Float64Array;

  constructor({ shared, capacity }: SeriesBoardMemory) {
    this.capacity = capacity;
    this.timeMs = new Float64Array(shared, 0, capacity);
    this.value = new Float64Array(shared, capacity * 8, capacity);
    this.count = new Float64Array(shared, capacity * 16, capacity);
  }

  /** A point has arisen. One that is older than what is known, by the time of its source, counts and changes nothing else. */
  hear(at: number, timeMs: number, value: number): void {
    this.remember(at, timeMs, value);
    this.count[at]!++;
  }

  /** A point that was stored before the start. */
  remember(at: number, timeMs: number, value: number): void {
    if (timeMs < this.timeMs[at]!) return;
    this.timeMs[at] = timeMs;
    this.value[at] = value;
  }
}
