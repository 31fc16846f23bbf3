/**
 * The output buffer. While rows are added, the columns stand as far apart as a full buffer needs; `sealOutput` then moves them
 * together. Each column moves down and ends before the next one starts, so one pass in order of address is safe.
 */
import {
  AT_COUNT,
  AT_FLAGS,
  AT_RESERVED,
  AT_SEQUENCE,
  AT_VERSION,
  BATCH_HEADER,
  BATCH_VERSION,
  BEFORE_CHANNEL,
  BEFORE_ID,
  BEFORE_QUALITY,
  BEFORE_RESERVED,
  BEFORE_STATE,
  BEFORE_VALUE,
  FLAG_MORE,
  ROW_OCTETS,
} from './layout';

/** 256 KiB; a module's manifest allows it as `limits.outBytes`. */
export const OUTPUT_OCTETS: i32 = 262144;
export const OUTPUT: usize = memory.data(262144, 8);
/** Rows that fit: (262144 − 24) / 24, rounded down. */
const OUTPUT_ROWS: i32 = 10921;

const COLUMNS: usize = OUTPUT + BATCH_HEADER;

let rows: i32 = 0;
let sequence: u64 = 0;

export function clearOutput(): void {
  rows = 0;
}

export function outputRows(): i32 {
  return rows;
}

/** Whether `wanted` more rows fit. Ask before the first row of what belongs together. */
// @ts-ignore: decorator
@inline
export function hasRoom(wanted: i32): bool {
  return rows + wanted <= OUTPUT_ROWS;
}

/** The caller has asked `hasRoom`. `channel` is the index of the output in the manifest; `state` is 0 for a point. */
export function addRow(ts: f64, value: f64, id: u32, quality: u32, channel: u32, state: u32): void {
  const row = <usize>rows;
  rows++;
  store<f64>(COLUMNS + (row << 3), ts);
  store<f64>(COLUMNS + BEFORE_VALUE * OUTPUT_ROWS + (row << 3), value);
  store<u32>(COLUMNS + BEFORE_ID * OUTPUT_ROWS + (row << 2), id);
  store<u8>(COLUMNS + BEFORE_QUALITY * OUTPUT_ROWS + row, quality);
  store<u8>(COLUMNS + BEFORE_CHANNEL * OUTPUT_ROWS + row, channel);
  store<u8>(COLUMNS + BEFORE_STATE * OUTPUT_ROWS + row, state);
}

/** Makes a batch of the rows added since `clearOutput`; returns its octets. */
export function sealOutput(more: bool): i32 {
  const n = <usize>rows;
  moveColumn(BEFORE_VALUE, 8);
  moveColumn(BEFORE_ID, 4);
  moveColumn(BEFORE_QUALITY, 1);
  moveColumn(BEFORE_CHANNEL, 1);
  moveColumn(BEFORE_STATE, 1);
  memory.fill(COLUMNS + BEFORE_RESERVED * n, 0, n);
  store<u32>(OUTPUT + AT_VERSION, BATCH_VERSION);
  store<u32>(OUTPUT + AT_FLAGS, more ? FLAG_MORE : 0);
  store<u32>(OUTPUT + AT_COUNT, <u32>rows);
  store<u32>(OUTPUT + AT_RESERVED, 0);
  store<u64>(OUTPUT + AT_SEQUENCE, sequence++);
  return <i32>(BATCH_HEADER + ROW_OCTETS * n);
}

function moveColumn(before: usize, octets: usize): void {
  const n = <usize>rows;
  memory.copy(COLUMNS + before * n, COLUMNS + before * OUTPUT_ROWS, octets * n);
}

/** The number that the next batch will carry. */
export function outputSequence(): u64 {
  return sequence;
}

export function setOutputSequence(next: u64): void {
  sequence = next;
}
