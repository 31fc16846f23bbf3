/**
 * What is known of the readings of one pane: moments by Welford's method, extremes, and their distribution: the values themselves up
 * to 64 of them, bins in the same memory from the 65th on.
 */
import { addBins, binOf, BINS_OCTETS, countInBin, powerOfTwo, smallestExponent, spansTooMany } from './bins';

/** Values kept as they are: 64 of 8 octets take the place of 128 bins of 4. */
export const EXACT_MAX: u32 = 64;

@unmanaged
export class Pane {
  /** floor(ts / paneMs) of every reading in it; NaN when the pane is free. */
  number: f64;
  mean: f64;
  /** Sum of squared distances from the mean. */
  squares: f64;
  min: f64;
  max: f64;
  /** The series' moving average after the last reading of the pane to arrive. */
  ewma: f64;
  /** 1 / width of the bins; meaningful above EXACT_MAX readings. */
  scale: f64;
  exponent: i32;
  count: u32;
  /** 1 when a reading was uncertain, else 0. */
  grade: u32;
  reserved: u32;
}

/** Octets of a pane with its values or bins behind it. */
export const PANE_OCTETS: usize = offsetof<Pane>() + BINS_OCTETS;

// @ts-ignore: decorator
@inline
export function cellsOf(pane: Pane): usize {
  return changetype<usize>(pane) + offsetof<Pane>();
}

export function clearPane(pane: Pane, number: f64): void {
  pane.number = number;
  pane.mean = 0;
  pane.squares = 0;
  pane.min = Infinity;
  pane.max = -Infinity;
  pane.count = 0;
  pane.grade = 0;
}

// @ts-ignore: decorator
@inline
export function addReading(pane: Pane, value: f64, grade: u32): void {
  const before = pane.count;
  const count = before + 1;
  pane.count = count;
  pane.grade |= grade;
  const distance = value - pane.mean;
  const mean = pane.mean + distance / <f64>count;
  pane.mean = mean;
  pane.squares += distance * (value - mean);

  if (before < EXACT_MAX) {
    if (value < pane.min) pane.min = value;
    if (value > pane.max) pane.max = value;
    store<f64>(cellsOf(pane) + (<usize>before << 3), value);
  } else {
    if (before == EXACT_MAX || value < pane.min || value > pane.max) widen(pane, value);
    countInBin(cellsOf(pane), binOf(value, pane.scale), 1);
  }
}

const scratch: usize = memory.data(512, 8);

/** Makes the bins cover `value` too; the first time, makes bins of the values kept so far. */
function widen(pane: Pane, value: f64): void {
  const cells = cellsOf(pane);
  const oldMin = pane.min;
  const oldMax = pane.max;
  const min = Math.min(oldMin, value);
  const max = Math.max(oldMax, value);
  const isFirst = pane.count == EXACT_MAX + 1;
  pane.min = min;
  pane.max = max;
  if (!isFirst && !spansTooMany(min, max, pane.scale)) return;

  const exponent = smallestExponent(min, max);
  const scale = powerOfTwo(-exponent);
  memory.copy(scratch, cells, BINS_OCTETS);
  memory.fill(cells, 0, BINS_OCTETS);
  if (isFirst) binValues(cells, scratch, EXACT_MAX, scale);
  else addBins(cells, scratch, oldMin, oldMax, pane.scale, exponent - pane.exponent);
  pane.exponent = exponent;
  pane.scale = scale;
}

/** Counts `count` values at `from` in the bins at `to`. */
export function binValues(to: usize, from: usize, count: u32, scale: f64): void {
  for (let i: u32 = 0; i < count; i++) countInBin(to, binOf(load<f64>(from + (<usize>i << 3)), scale), 1);
}
