/** The input buffer: the host writes a batch (or, before `gw_init`, the configuration) into it; we read columns in place. */
import {
  AT_COUNT,
  AT_RESERVED,
  AT_VERSION,
  BATCH_HEADER,
  BATCH_VERSION,
  BEFORE_CHANNEL,
  BEFORE_ID,
  BEFORE_QUALITY,
  BEFORE_TS,
  BEFORE_VALUE,
  ROW_OCTETS,
} from './layout';
import { EINVAL, ENOTSUP } from './errors';

/** Rows of the largest batch we take. */
const INPUT_ROWS: i32 = 8192;
/** A multiple of 8. */
export const INPUT_OCTETS: i32 = 24 + 24 * 8192;
export const INPUT: usize = memory.data(24 + 24 * 8192, 8);

/** Starts of the columns of the batch last opened. */
let tsColumn: usize = 0;
let valueColumn: usize = 0;
let idColumn: usize = 0;
let qualityColumn: usize = 0;
let channelColumn: usize = 0;

// @ts-ignore: decorator
@inline
export function inputTs(row: i32): f64 {
  return load<f64>(tsColumn + (<usize>row << 3));
}

// @ts-ignore: decorator
@inline
export function inputValue(row: i32): f64 {
  return load<f64>(valueColumn + (<usize>row << 3));
}

// @ts-ignore: decorator
@inline
export function inputId(row: i32): u32 {
  return load<u32>(idColumn + (<usize>row << 2));
}

/** Bits 0 and 1 are the grade: 0 good, 1 uncertain, 2 bad. */
// @ts-ignore: decorator
@inline
export function inputQuality(row: i32): u32 {
  return load<u8>(qualityColumn + <usize>row);
}

// @ts-ignore: decorator
@inline
export function inputChannel(row: i32): u32 {
  return load<u8>(channelColumn + <usize>row);
}

const GRADE_BAD: u32 = 2;
/** The range of a JavaScript date, 273,790 years around 1970: beyond it milliseconds are no longer told apart. */
const TS_MAX: f64 = 8.64e15;

/** Whether a row holds a reading to reckon with: not graded bad, a moment, a finite number. */
// @ts-ignore: decorator
@inline
export function isReading(ts: f64, value: f64, quality: u32): bool {
  return (quality & GRADE_BAD) == 0 && Math.abs(ts) <= TS_MAX && Math.abs(value) <= f64.MAX_VALUE;
}

/**
 * Checks the batch of `len` octets in the buffer and finds its columns.
 * Returns the number of rows, or EINVAL or ENOTSUP, and then nothing of the batch may be read.
 */
export function openBatch(len: i32, inputs: u32): i32 {
  if (len < <i32>BATCH_HEADER || len > INPUT_OCTETS) return EINVAL;
  if (load<u32>(INPUT + AT_VERSION) != BATCH_VERSION) return ENOTSUP;
  if (load<u32>(INPUT + AT_RESERVED) != 0) return EINVAL;
  const count = load<u32>(INPUT + AT_COUNT);
  if (count > <u32>INPUT_ROWS || <usize>len != BATCH_HEADER + ROW_OCTETS * count) return EINVAL;

  const columns = INPUT + BATCH_HEADER;
  tsColumn = columns + BEFORE_TS * count;
  valueColumn = columns + BEFORE_VALUE * count;
  idColumn = columns + BEFORE_ID * count;
  qualityColumn = columns + BEFORE_QUALITY * count;
  channelColumn = columns + BEFORE_CHANNEL * count;
  return areChannelsBelow(inputs, count) ? <i32>count : EINVAL;
}

/**
 * Looks at eight channels at a time: with `limit` in 1..128, an octet at or above it carries into its own top bit
 * when 128 − limit is added.
 */
function areChannelsBelow(limit: u32, count: u32): bool {
  const EACH: u64 = 0x0101_0101_0101_0101;
  const TOP: u64 = 0x8080_8080_8080_8080;
  const addend = EACH * <u64>(128 - limit);
  const end = channelColumn + count;
  let at = channelColumn;
  let over: u64 = 0;
  for (; at + 8 <= end; at += 8) {
    const eight = load<u64>(at);
    over |= eight | ((eight & ~TOP) + addend);
  }
  if ((over & TOP) != 0) return false;
  for (; at < end; at++) if (<u32>load<u8>(at) >= limit) return false;
  return true;
}
