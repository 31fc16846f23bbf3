/**
 * One call of the host, and its pages. When the output buffer is full, the work stops where it stands, the rows go out with `MORE`,
 * and `gw_on_batch(0)` takes the work up again: the rest of the batch still stands in the input buffer. So no queue of output is
 * needed, whatever a batch sets off. An error that comes beside rows is said last, on a page of its own.
 */
import { openBatch } from './input';
import { clearOutput, outputRows, sealOutput } from './output';
import { seriesCount } from './series-table';

/** Handles rows or series `from..to-1`; returns the first one not handled for want of room in the output, or `to`. */
export type Work = (from: i32, to: i32) => i32;

let rowNext: i32 = 0;
let rowEnd: i32 = 0;
let seriesNext: i32 = 0;
let seriesEnd: i32 = 0;
let fault: i32 = 0;

export function clearCall(): void {
  rowNext = rowEnd = seriesNext = seriesEnd = fault = 0;
}

/** Whether the host has still to fetch rows or an error by `gw_on_batch(0)`. */
export function isCallUnfinished(): bool {
  return rowNext < rowEnd || seriesNext < seriesEnd || fault != 0;
}

/** Notes an error to return once all rows have gone out. */
export function reportFault(errno: i32): void {
  fault = errno;
}

/** `gw_on_batch`. Rows of an earlier batch that were never fetched are dropped when another comes. */
export function callBatch(len: i32, inputs: u32, handleRows: Work, handleSeries: Work): i32 {
  if (len != 0) {
    clearCall();
    const count = openBatch(len, inputs);
    if (count < 0) return count;
    rowEnd = count;
  }
  return run(handleRows, handleSeries);
}

/** `gw_on_tick`: every known series is looked at. */
export function callTick(handleRows: Work, handleSeries: Work): i32 {
  clearCall();
  seriesEnd = seriesCount();
  return run(handleRows, handleSeries);
}

function run(handleRows: Work, handleSeries: Work): i32 {
  clearOutput();
  if (rowNext < rowEnd) rowNext = handleRows(rowNext, rowEnd);
  if (seriesNext < seriesEnd) seriesNext = handleSeries(seriesNext, seriesEnd);
  if (outputRows() == 0) {
    const errno = fault;
    fault = 0;
    return errno;
  }
  return sealOutput(rowNext < rowEnd || seriesNext < seriesEnd || fault != 0);
}
