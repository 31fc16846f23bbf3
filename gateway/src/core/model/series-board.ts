/** The latest point of every series, in memory shared by the threads: written where points arise, read by pages. */
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
  /** Unix epoch milliseconds; 0 when there was no point since the start. Shape [capacity]. */
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
}
