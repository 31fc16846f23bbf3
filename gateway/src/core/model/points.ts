/**
 * Points as columns. Rows `0..length-1` are valid, in order of arrival; rows beyond hold old data.
 * Columns are reused between batches and may lie in shared memory: whoever is handed a batch reads it, and gives it back.
 */
export interface PointColumns {
  length: number;
  /** Unix epoch milliseconds: the source's time, or the gateway's where the source sent none. Shape [capacity]. */
  readonly timeMs: Float64Array;
  /** In the series' unit (see the registry). Shape [capacity]. */
  readonly value: Float64Array;
  /** Series identifier, see `series.ts`. Shape [capacity]. */
  readonly series: Uint32Array;
  /** See `quality.ts`. Shape [capacity]. */
  readonly quality: Uint8Array;
}

/** Octets of one row over all four columns. */
export const POINT_ROW_BYTES = 8 + 8 + 4 + 1;

/** Columns in ordinary memory. */
export function allocatePoints(capacity: number): PointColumns {
  return {
    length: 0,
    timeMs: new Float64Array(capacity),
    value: new Float64Array(capacity),
    series: new Uint32Array(capacity),
    quality: new Uint8Array(capacity),
  };
}

/**
 * Ends the memory of columns that nobody reads any more, which would otherwise wait for a collection: megabytes of it each few seconds.
 * They are of length 0 afterwards. Not for shared memory.
 */
export function endPoints({ timeMs, value, series, quality }: PointColumns): void {
  for (const { buffer } of [timeMs, value, series, quality]) (buffer as ArrayBuffer).transfer(0);
}

/** Appends rows `from..to-1` of `source`; the caller has made sure that they fit. */
export function appendPoints(target: PointColumns, source: PointColumns, from = 0, to = source.length): void {
  const at = target.length;
  target.timeMs.set(source.timeMs.subarray(from, to), at);
  target.value.set(source.value.subarray(from, to), at);
  target.series.set(source.series.subarray(from, to), at);
  target.quality.set(source.quality.subarray(from, to), at);
  target.length = at + (to - from);
}
