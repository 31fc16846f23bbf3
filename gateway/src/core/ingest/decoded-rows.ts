/** The name of a row that is of the topic's own device and point. */
export const TOPIC_NAME = -1;

/**
 * What a decoder appends to: columns, allocated once and reused. Rows `0..length-1` are valid, in order of arrival.
 * The caller sets `length` back to 0, and makes sure that `readingsMax` rows are free before each message.
 */
export interface DecodedRows {
  length: number;
  /** Unix epoch milliseconds, to the microsecond; the gateway's own time where the source sent none. Shape [capacity]. */
  readonly timeMs: Float64Array;
  /** NaN where the source sent null. Shape [capacity]. */
  readonly value: Float64Array;
  /** See `core/model/quality.ts`. Shape [capacity]. */
  readonly quality: Uint8Array;
  /** An index into the names of the decoder that wrote the row, or `TOPIC_NAME`. Shape [capacity]. */
  readonly name: Int32Array;
}

export interface DecodeLimits {
  /** Rows one message may give. */
  readonly readingsMax: number;
  /** A source time outside these, both included, is a fault. Unix epoch milliseconds. */
  readonly timeMinMs: number;
  readonly timeMaxMs: number;
}

export function allocateDecodedRows(capacity: number): DecodedRows {
  return {
    length: 0,
    timeMs: new Float64Array(capacity),
    value: new Float64Array(capacity),
    quality: new Uint8Array(capacity),
    name: new Int32Array(capacity),
  };
}
