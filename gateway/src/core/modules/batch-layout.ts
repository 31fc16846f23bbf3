/** The batch of ABI `gw1` in a module's memory: columns after a header of 24 octets (docs/reference/module-abi.md). */
import { GatewayError } from '../../base/errors.ts';

export const BATCH_HEADER_BYTES = 24;
export const BATCH_ROW_BYTES = 24;
export const BATCH_VERSION = 1;
export const FLAG_MORE = 1;

export const ROW_STATE = { point: 0, raised: 1, cleared: 2 } as const;

/** Rows that fit into so many octets. */
export function rowsThatFit(octets: number): number {
  return Math.max(0, Math.floor((octets - BATCH_HEADER_BYTES) / BATCH_ROW_BYTES));
}

/** Views of one batch of `count` rows at `offset` of `buffer`. */
export interface BatchViews {
  readonly count: number;
  readonly timeMs: Float64Array;
  readonly value: Float64Array;
  readonly series: Uint32Array;
  readonly quality: Uint8Array;
  readonly channel: Uint8Array;
  readonly state: Uint8Array;
}

export function viewBatch(buffer: ArrayBuffer, offset: number, count: number): BatchViews {
  const columns = offset + BATCH_HEADER_BYTES;
  return {
    count,
    timeMs: new Float64Array(buffer, columns, count),
    value: new Float64Array(buffer, columns + 8 * count, count),
    series: new Uint32Array(buffer, columns + 16 * count, count),
    quality: new Uint8Array(buffer, columns + 20 * count, count),
    channel: new Uint8Array(buffer, columns + 21 * count, count),
    state: new Uint8Array(buffer, columns + 22 * count, count),
  };
}

/** @returns octets of the batch, rounded up to a multiple of 8. */
export function writeHeader(buffer: ArrayBuffer, offset: number, count: number, sequence: number): number {
  const header = new DataView(buffer, offset, BATCH_HEADER_BYTES);
  header.setUint32(0, BATCH_VERSION, true);
  header.setUint32(4, 0, true);
  header.setUint32(8, count, true);
  header.setUint32(12, 0, true);
  header.setBigUint64(16, BigInt(sequence), true);
  return BATCH_HEADER_BYTES + BATCH_ROW_BYTES * count;
}

/**
 * Reads what a module returned: nothing it says is believed before it is checked.
 * @throws GatewayError `corrupt` naming what was expected.
 */
export function readOutput(
  buffer: ArrayBuffer,
  offset: number,
  capacity: number,
  length: number,
): { views: BatchViews; hasMore: boolean } {
  const refuse = (expected: string, found: number) =>
    new GatewayError('corrupt', `module output: ${expected} expected, ${found} found`);
  if (length > capacity) throw refuse(`at most ${capacity} octets`, length);
  if (length < BATCH_HEADER_BYTES) throw refuse(`a header of ${BATCH_HEADER_BYTES} octets`, length);
  const header = new DataView(buffer, offset, BATCH_HEADER_BYTES);
  const version = header.getUint32(0, true);
  if (version !== BATCH_VERSION) throw refuse(`version ${BATCH_VERSION}`, version);
  const count = header.getUint32(8, true);
  if (BATCH_HEADER_BYTES + BATCH_ROW_BYTES * count > length) throw refuse(`${rowsThatFit(length)} rows at most`, count);
  return { views: viewBatch(buffer, offset, count), hasMore: (header.getUint32(4, true) & FLAG_MORE) !== 0 };
}
