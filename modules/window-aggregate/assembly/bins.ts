/**
 * Bins of a histogram that follows the data. Bin number i holds the values in [i * w, (i + 1) * w), where the width w = 2^exponent is
 * the smallest power of two for which the range seen spans at most 128 bins; bin i is cell i mod 128, so nothing moves when the range
 * grows within that span. When it grows further, w doubles and neighbours fall together: a wider histogram is exactly what it would
 * have been from the start, so panes can be merged. From w being the smallest: w < range / 63.5, and the middle of a bin is at most
 * range / 127 from any value in it.
 */

export const BINS: i32 = 128;
/** Octets of the u32 counts. */
export const BINS_OCTETS: usize = 512;
/** Below 2^-1000 nothing is told apart. */
const EXPONENT_MIN: i32 = -1000;
/** Bits below the leading one that still tell a value from its neighbour, and 2^7 bins below that. */
const EXPONENT_BELOW_VALUE: i32 = 60;

/** Floor of the base-2 logarithm of a positive number. */
function exponentOf(value: f64): i32 {
  return <i32>((reinterpret<u64>(value) >> 52) & 0x7ff) - 1023;
}

/** 2^exponent, for exponents of normal numbers. */
export function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>(<u64>(exponent + 1023) << 52);
}

/** The number of the bin that holds `value`, where `scale` is 1 / w. Exact: scaling by a power of two does not round. */
// @ts-ignore: decorator
@inline
export function binOf(value: f64, scale: f64): i64 {
  return <i64>Math.floor(value * scale);
}

// @ts-ignore: decorator
@inline
export function spansTooMany(min: f64, max: f64, scale: f64): bool {
  return binOf(max, scale) - binOf(min, scale) >= BINS;
}

/** The smallest exponent for which min..max spans at most 128 bins. */
export function smallestExponent(min: f64, max: f64): i32 {
  const range = max - min;
  const start =
    range == 0 ? exponentOf(Math.max(Math.abs(min), Math.abs(max))) - EXPONENT_BELOW_VALUE : exponentOf(range) - 6;
  let exponent = start < EXPONENT_MIN ? EXPONENT_MIN : start;
  while (spansTooMany(min, max, powerOfTwo(-exponent))) exponent++;
  return exponent;
}

// @ts-ignore: decorator
@inline
export function countInBin(cells: usize, bin: i64, more: u32): void {
  const cell = cells + (<usize>(<u32>bin & (BINS - 1)) << 2);
  store<u32>(cell, load<u32>(cell) + more);
}

/** Adds the bins that `min..max` covers in `from` to `to`, whose width is 2^coarser times theirs. */
export function addBins(to: usize, from: usize, min: f64, max: f64, scale: f64, coarser: i32): void {
  const last = binOf(max, scale);
  const shift: i64 = coarser > 63 ? 63 : coarser;
  for (let bin = binOf(min, scale); bin <= last; bin++) {
    const count = load<u32>(from + (<usize>(<u32>bin & (BINS - 1)) << 2));
    if (count != 0) countInBin(to, bin >> shift, count);
  }
}
