/**
 * Window aggregates: count, extremes, mean, variance, moving average and quantiles of each series over tumbling or sliding windows in
 * event time. This file is the way of a row; see `series.ts` for time, `pane.ts` for what is kept, `window.ts` for what is said.
 */
import { callBatch, callTick, reportFault } from '../../sdk-as/assembly/call';
import { ENOMEM } from '../../sdk-as/assembly/errors';
import { elapsedMs, tickClock } from '../../sdk-as/assembly/gateway-clock';
import { inputChannel, inputId, inputQuality, inputTs, inputValue, isReading } from '../../sdk-as/assembly/input';
import { clearState, restoreSeries, snapshotSeries } from '../../sdk-as/assembly/series-state';
import { findSeries, seriesAt } from '../../sdk-as/assembly/series-table';
import { readPart, STATE_TAG, STATE_VERSION, writePart } from './kept';
import { addReading, Pane } from './pane';
import { readRules, rulesFingerprint } from './rules';
import { createSeries, enterPane, leavePane, numberOf, restartSeries, ruleOfSeries, Series, setClosed } from './series';
import { sayWindow } from './window';

export * from '../../sdk-as/assembly/exports';

let inputs: i32 = 0;

export function gw_init(len: i32): i32 {
  const found = readRules(len);
  if (found < 0) return found;
  inputs = found;
  clearState();
  return 0;
}

export function gw_on_batch(len: i32): i32 {
  return callBatch(len, inputs, handleRows, closeIdle);
}

export function gw_on_tick(nowMs: f64): i32 {
  tickClock(nowMs);
  return callTick(handleRows, closeIdle);
}

export function gw_snapshot(page: i32): i32 {
  return snapshotSeries(page, STATE_TAG, STATE_VERSION, rulesFingerprint(inputs), writePart);
}

export function gw_restore(len: i32): i32 {
  return restoreSeries(len, STATE_TAG, STATE_VERSION, rulesFingerprint(inputs), (part) => readPart(part, inputs));
}

function handleRows(from: i32, to: i32): i32 {
  const nowMs = elapsedMs();
  let series = changetype<Series>(0);
  for (let row = from; row < to; row++) {
    const ts = inputTs(row);
    const value = inputValue(row);
    const quality = inputQuality(row);
    if (!isReading(ts, value, quality)) continue;

    const id = inputId(row);
    if (changetype<usize>(series) == 0 || series.id != id) {
      const known = findSeries(id);
      if (known != 0) {
        series = changetype<Series>(known);
      } else {
        const created = createSeries(id, inputChannel(row), ts);
        if (created === null) {
          reportFault(ENOMEM);
          continue;
        }
        series = created;
      }
    }
    if (!(ts >= series.paneFromMs && ts < series.paneToMs && ts < series.closeAtMs)) {
      const turn = turnTo(series, ts);
      if (turn == NO_ROOM) return row;
      if (turn == LATE) continue;
    }
    if (series.hasEwma != 0) {
      series.ewma += ruleOfSeries(series).ewmaAlpha * (value - series.ewma);
    } else {
      series.ewma = value;
      series.hasEwma = 1;
    }
    series.seenMs = nowMs;
    const pane = changetype<Pane>(series.pane);
    pane.ewma = series.ewma;
    addReading(pane, value, quality & 1);
  }
  return to;
}

const TAKE: i32 = 0;
const LATE: i32 = 1;
const NO_ROOM: i32 = 2;

/** Closes the windows that a reading at `ts` closes, and finds its pane. */
function turnTo(series: Series, ts: f64): i32 {
  const rule = ruleOfSeries(series);
  let number = numberOf(ts, rule.paneMs);
  if (number + rule.panesPerWindow <= series.closed) {
    if (!isStuckAhead(series)) {
      series.late++;
      leavePane(series);
      return LATE;
    }
    if (!closeTo(series, series.newest + rule.panesPerWindow)) return NO_ROOM;
    restartSeries(series, ts);
  } else if (ts >= series.closeAtMs) {
    if (!closeTo(series, numberOf(ts - rule.latenessMs, rule.paneMs))) return NO_ROOM;
  }
  series.lateSinceMs = NaN;
  enterPane(series, number);
  return TAKE;
}

/**
 * A reading stamped far ahead (a device's clock was wrong) would make all that follow late for ever. So when nothing but late readings
 * has come for the idle time, the series starts anew at the time they show.
 */
function isStuckAhead(series: Series): bool {
  const nowMs = elapsedMs();
  if (isNaN(series.lateSinceMs)) series.lateSinceMs = nowMs;
  return nowMs - series.lateSinceMs >= ruleOfSeries(series).idleMs;
}

/** Says and closes the windows up to `number`; false when the output had no room for all, and then it goes on where it stopped. */
function closeTo(series: Series, number: f64): bool {
  const last = Math.min(number, series.newest + ruleOfSeries(series).panesPerWindow);
  for (let next = series.closed + 1; next <= last; next++) {
    if (!sayWindow(series, next)) return false;
    setClosed(series, next);
  }
  if (number > series.closed) setClosed(series, number);
  return true;
}

/** Closes what is open of series that have been silent for the idle time. */
function closeIdle(from: i32, to: i32): i32 {
  const nowMs = elapsedMs();
  for (let i = from; i < to; i++) {
    const series = changetype<Series>(seriesAt(i));
    const rule = ruleOfSeries(series);
    const last = series.newest + rule.panesPerWindow;
    if (series.closed >= last || nowMs - series.seenMs < rule.idleMs) continue;
    if (!closeTo(series, last)) return i;
  }
  return to;
}
