/**
 * The last changes of a series: a ring in order of arrival, and the same numbers sorted, so that median and deviations need no sorting.
 *
 * The score of a change is its distance from their median in units of their spread: the larger of 1.4826 times the median absolute
 * deviation and 1.2533 times the mean one. Both are the standard deviation where changes are normally distributed. The first is not
 * moved by outliers, but is 0 for sensors that mostly repeat themselves (Iglewicz and Hoaglin, 1993, use the second then); the
 * larger of both is right for such sensors and for changes with long tails.
 */
import { ruleOfSeries, Series, SERIES_OCTETS } from './series';

const MEDIAN_TO_SIGMA: f64 = 1.4826;
const MEAN_TO_SIGMA: f64 = 1.2533;
/** What is further away is as odd. */
const SCORE_MAX: f64 = 1e9;

export function changeCount(series: Series): u32 {
  return series.count;
}

function ringOf(series: Series): usize {
  return changetype<usize>(series) + SERIES_OCTETS;
}

function sortedOf(series: Series): usize {
  return ringOf(series) + (<usize>ruleOfSeries(series).window << 3);
}

/** 0 for what is usual, SCORE_MAX at most; 0 as long as nothing has ever varied: that is no measure. */
export function scoreOf(series: Series, change: f64): f64 {
  const sorted = sortedOf(series);
  const count = series.count;
  const median = medianOf(sorted, count);
  let sum: f64 = 0;
  for (let i: u32 = 0; i < count; i++) sum += Math.abs(at(sorted, i) - median);
  const spread = Math.max(MEDIAN_TO_SIGMA * medianDeviation(sorted, count, median), (MEAN_TO_SIGMA * sum) / <f64>count);
  const scale = Math.max(spread, ruleOfSeries(series).minScale);
  return scale > 0 ? Math.min(Math.abs(change - median) / scale, SCORE_MAX) : 0;
}

/** The newest change takes the place of the oldest where the ring is full. */
export function learnChange(series: Series, change: f64): void {
  const window = ruleOfSeries(series).window;
  const place = ringOf(series) + (<usize>series.next << 3);
  if (series.count == window) {
    removeSorted(sortedOf(series), window, load<f64>(place));
  } else {
    series.count++;
  }
  insertSorted(sortedOf(series), series.count, change);
  store<f64>(place, change);
  series.next = series.next + 1 == window ? 0 : series.next + 1;
}

/** The `index`th change, 0 being the oldest. */
export function changeAt(series: Series, index: u32): f64 {
  const window = ruleOfSeries(series).window;
  const place = series.count < window ? index : (series.next + index) % window;
  return at(ringOf(series), place);
}

// @ts-ignore: decorator
@inline
function at(column: usize, index: u32): f64 {
  return load<f64>(column + (<usize>index << 3));
}

function medianOf(sorted: usize, count: u32): f64 {
  const upper = at(sorted, count >> 1);
  return (count & 1) != 0 ? upper : (at(sorted, (count >> 1) - 1) + upper) / 2;
}

/** Median of the distances from `median`: the two nearest neighbours, left and right, are taken in turn from the middle outwards. */
function medianDeviation(sorted: usize, count: u32, median: f64): f64 {
  let right = count >> 1;
  let left = <i32>right - 1;
  let before: f64 = 0;
  let deviation: f64 = 0;
  for (let taken: u32 = 0; taken <= count >> 1; taken++) {
    before = deviation;
    const onLeft = left >= 0 ? median - at(sorted, left) : Infinity;
    const onRight = right < count ? at(sorted, right) - median : Infinity;
    deviation = Math.min(onLeft, onRight);
    if (onLeft <= onRight) left--;
    else right++;
  }
  return (count & 1) != 0 ? deviation : (before + deviation) / 2;
}

/** Index of the first of `count` numbers that is not below `value`. */
function lowerBound(sorted: usize, count: u32, value: f64): u32 {
  let from: u32 = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (at(sorted, middle) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

function removeSorted(sorted: usize, count: u32, value: f64): void {
  const from = sorted + (<usize>lowerBound(sorted, count, value) << 3);
  memory.copy(from, from + 8, sorted + (<usize>count << 3) - from - 8);
}

/** `count` numbers with the new one; its place is still free at the end. */
function insertSorted(sorted: usize, count: u32, value: f64): void {
  const to = sorted + (<usize>lowerBound(sorted, count - 1, value) << 3);
  memory.copy(to + 8, to, sorted + (<usize>count << 3) - to - 8);
  store<f64>(to, value);
}
