/**
 * Quantiles of a window: exact up to 64 readings; above that from bins, and then within range / 127 of the exact one, range being the
 * window's largest minus its smallest reading (see `bins.ts`). A quantile between two readings is interpolated (Hyndman and Fan's
 * type 7, what most statistics software gives).
 */
import { addBins, BINS, BINS_OCTETS, binOf, powerOfTwo, smallestExponent } from './bins';
import { binValues, cellsOf, EXACT_MAX, Pane } from './pane';

const values: usize = memory.data(512, 8);
const bins: usize = memory.data(512, 8);

let total: u64 = 0;
let gathered: u32 = 0;
let min: f64 = 0;
let max: f64 = 0;
let exponent: i32 = 0;
let scale: f64 = 0;

/** Starts on a window of `count` readings in min..max; then its panes are added. */
export function beginQuantiles(count: u64, windowMin: f64, windowMax: f64): void {
  total = count;
  gathered = 0;
  min = windowMin;
  max = windowMax;
  if (count <= EXACT_MAX) return;
  exponent = smallestExponent(min, max);
  scale = powerOfTwo(-exponent);
  memory.fill(bins, 0, BINS_OCTETS);
}

export function addToQuantiles(pane: Pane): void {
  const cells = cellsOf(pane);
  if (total <= EXACT_MAX) {
    memory.copy(values + (<usize>gathered << 3), cells, <usize>pane.count << 3);
    gathered += pane.count;
    if (<u64>gathered == total) sortValues();
  } else if (pane.count <= EXACT_MAX) {
    binValues(bins, cells, pane.count, scale);
  } else {
    addBins(bins, cells, pane.min, pane.max, pane.scale, exponent - pane.exponent);
  }
}

/** `q` in 0..1; after all panes have been added. */
export function quantile(q: f64): f64 {
  const rank = <f64>(total - 1) * q;
  const lower = Math.floor(rank);
  const low = valueAt(<u64>lower);
  if (rank == lower || <u64>lower + 1 < throughBin) return low;
  const high = valueAt(<u64>lower + 1);
  return low + (high - low) * (rank - lower);
}

/** Readings up to the end of the bin that `valueAt` last found. */
let throughBin: u64 = 0;

/** The reading of that rank, 0 being the smallest, or the middle of its bin. */
function valueAt(rank: u64): f64 {
  if (total <= EXACT_MAX) {
    throughBin = rank + 1;
    return load<f64>(values + (<usize>rank << 3));
  }
  const last = binOf(max, scale);
  throughBin = 0;
  for (let bin = binOf(min, scale); bin <= last; bin++) {
    throughBin += load<u32>(bins + (<usize>(<u32>bin & (BINS - 1)) << 2));
    if (throughBin > rank) return Math.min(max, Math.max(min, (<f64>bin + 0.5) / scale));
  }
  return max;
}

/** Shell's sort: for at most 64 numbers in no particular order it does a third of the moves of inserting one by one. */
function sortValues(): void {
  sortByGap(23);
  sortByGap(10);
  sortByGap(4);
  sortByGap(1);
}

function sortByGap(gap: u32): void {
  const step = <usize>gap << 3;
  const end = values + (<usize>gathered << 3);
  for (let from = values + step; from < end; from += 8) {
    const value = load<f64>(from);
    let at = from;
    for (; at >= values + step && load<f64>(at - step) > value; at -= step) store<f64>(at, load<f64>(at - step));
    store<f64>(at, value);
  }
}
