/** Says what a window held: merges its panes (Chan's method for the moments) and adds one output row for each figure. */
import { addRow, hasRoom, outputRows } from '../../sdk-as/assembly/output';
import { findPane, ruleOfSeries, Series } from './series';
import { beginQuantiles, addToQuantiles, quantile } from './quantiles';
import { Pane } from './pane';

/** Indices into the manifest's `outputs`. */
const COUNT: u32 = 0;
const MIN: u32 = 1;
const MAX: u32 = 2;
const MEAN: u32 = 3;
const VARIANCE: u32 = 4;
const EWMA: u32 = 5;
const P50: u32 = 6;
const P95: u32 = 7;
const LATE: u32 = 8;
const OUTPUTS: i32 = 9;

/** Panes visited for one page of output, so that no call comes near its deadline however many panes a window has. */
const PANES_A_PAGE: f64 = 16384;
let panesVisited: f64 = 0;

/** The window under work: one at a time. */
let count: f64 = 0;
let mean: f64 = 0;
let squares: f64 = 0;
let min: f64 = 0;
let max: f64 = 0;
let ewma: f64 = 0;
let grade: u32 = 0;

/** Adds the rows of the window numbered `number` unless it is empty. False, and nothing said, when the page is full. */
export function sayWindow(series: Series, number: f64): bool {
  if (outputRows() == 0) panesVisited = 0;
  if (!hasRoom(OUTPUTS) || panesVisited > PANES_A_PAGE) return false;
  const rule = ruleOfSeries(series);
  panesVisited += rule.panesPerWindow;
  const first = number - rule.panesPerWindow;
  count = 0;
  grade = 0;
  for (let n = first; n < number; n++) {
    const pane = findPane(series, n);
    if (pane !== null) mergePane(pane);
  }
  if (count == 0) return true;

  beginQuantiles(<u64>count, min, max);
  for (let n = first; n < number; n++) {
    const pane = findPane(series, n);
    if (pane !== null) addToQuantiles(pane);
  }
  const endMs = number * rule.paneMs;
  say(series, endMs, COUNT, count);
  say(series, endMs, MIN, min);
  say(series, endMs, MAX, max);
  say(series, endMs, MEAN, mean);
  if (count > 1) say(series, endMs, VARIANCE, squares / (count - 1));
  say(series, endMs, EWMA, ewma);
  say(series, endMs, P50, quantile(0.5));
  say(series, endMs, P95, quantile(0.95));
  if (series.late > 0) say(series, endMs, LATE, <f64>series.late);
  series.late = 0;
  return true;
}

/** A figure too large for a number (a variance of values near 1e308) is left out. */
function say(series: Series, endMs: f64, output: u32, value: f64): void {
  if (isFinite(value)) addRow(endMs, value, series.id, grade, output, 0);
}

function mergePane(pane: Pane): void {
  const added = <f64>pane.count;
  ewma = pane.ewma;
  grade |= pane.grade;
  if (count == 0) {
    count = added;
    mean = pane.mean;
    squares = pane.squares;
    min = pane.min;
    max = pane.max;
    return;
  }
  const total = count + added;
  const distance = pane.mean - mean;
  squares += pane.squares + distance * distance * ((count * added) / total);
  mean += distance * (added / total);
  count = total;
  min = Math.min(min, pane.min);
  max = Math.max(max, pane.max);
}
