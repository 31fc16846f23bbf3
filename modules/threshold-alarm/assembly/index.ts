/**
 * Alarms on limits, on the rate of change, on a value that is stuck, on readings that stay away. Only changes are said: raised, cleared.
 * Readings are judged in order of arrival, whatever their time: an alarm out of order is better than one missed because a device's
 * clock was once ahead.
 */
import { callBatch, callTick, reportFault } from '../../sdk-as/assembly/call';
import { ENOMEM } from '../../sdk-as/assembly/errors';
import { elapsedMs, lastTickMs, tickClock } from '../../sdk-as/assembly/gateway-clock';
import { inputChannel, inputId, inputQuality, inputTs, inputValue, isReading } from '../../sdk-as/assembly/input';
import { hasRoom } from '../../sdk-as/assembly/output';
import { clearState, restoreSeries, snapshotSeries } from '../../sdk-as/assembly/series-state';
import { findSeries, seriesAt } from '../../sdk-as/assembly/series-table';
import { readPart, STATE_TAG, STATE_VERSION, writePart } from './kept';
import { readRules, rulesFingerprint } from './rules';
import { createSeries, isRaised, ruleOfSeries, say, Series } from './series';

export * from '../../sdk-as/assembly/exports';

/** Indices into the manifest's `outputs`. */
const HIGH: u32 = 0;
const LOW: u32 = 1;
const RATE: u32 = 2;
const STUCK: u32 = 3;
const MISSING: u32 = 4;
/** Rows one reading can set off. */
const OUTPUTS: i32 = 5;

let inputs: i32 = 0;

export function gw_init(len: i32): i32 {
  const found = readRules(len);
  if (found < 0) return found;
  inputs = found;
  clearState();
  return 0;
}

export function gw_on_batch(len: i32): i32 {
  return callBatch(len, inputs, handleRows, findMissing);
}

export function gw_on_tick(nowMs: f64): i32 {
  tickClock(nowMs);
  return callTick(handleRows, findMissing);
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
    if (!hasRoom(OUTPUTS)) return row;
    const id = inputId(row);
    if (changetype<usize>(series) == 0 || series.id != id) {
      const known = findSeries(id);
      const found = known != 0 ? changetype<Series>(known) : createSeries(id, inputChannel(row));
      if (found === null) {
        reportFault(ENOMEM);
        continue;
      }
      series = found;
    }
    const quality = inputQuality(row);
    if (isRaised(series, MISSING)) say(series, MISSING, lastTickMs(), nowMs - series.seenMs, 0);
    // A bad value is not a missing one: it has been seen, and nothing more is read from it.
    series.seenMs = nowMs;
    const ts = inputTs(row);
    const value = inputValue(row);
    if (isReading(ts, value, quality)) judge(series, ts, value, quality);
  }
  return to;
}

function judge(series: Series, ts: f64, value: f64, quality: u32): void {
  const rule = ruleOfSeries(series);
  const isHigh = isRaised(series, HIGH);
  if (isHigh ? value <= rule.high - rule.hysteresis : value > rule.high) say(series, HIGH, ts, value, quality);
  const isLow = isRaised(series, LOW);
  if (isLow ? value >= rule.low + rule.hysteresis : value < rule.low) say(series, LOW, ts, value, quality);

  // Between readings out of order or of one moment there is no rate: what stands, stands.
  if (ts > series.ts && rule.ratePerSecond >= 0) {
    const isFast = Math.abs(value - series.value) * 1000 > rule.ratePerSecond * (ts - series.ts);
    if (isFast != isRaised(series, RATE)) say(series, RATE, ts, value, quality);
  }

  if (value != series.value || ts < series.sameSinceMs) series.sameSinceMs = ts;
  const isStuck = value == series.value && ts - series.sameSinceMs >= rule.stuckMs;
  if (isRaised(series, STUCK) ? value != series.value : isStuck) say(series, STUCK, ts, value, quality);

  series.ts = ts;
  series.value = value;
}

/** Raises `missing` for series that have been silent too long. */
function findMissing(from: i32, to: i32): i32 {
  const nowMs = elapsedMs();
  for (let i = from; i < to; i++) {
    if (!hasRoom(1)) return i;
    const series = changetype<Series>(seriesAt(i));
    const silentMs = nowMs - series.seenMs;
    if (silentMs >= ruleOfSeries(series).missingMs && !isRaised(series, MISSING)) {
      say(series, MISSING, lastTickMs(), silentMs, 0);
    }
  }
  return to;
}
