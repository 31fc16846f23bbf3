/**
 * Anomalies, found as readings come: how far a reading is from the last normal one, measured by how far readings of this series usually
 * move. This file is the way of a row; `changes.ts` is what a series is known to do, `series.ts` what is kept of it.
 *
 * Compared are changes, not values, for a daily or yearly course makes values wander far but change little. The last normal reading
 * stays the measure while an anomaly lasts, so that its end is no second anomaly; a new level that lasts is taken for normal in the end.
 */
import { callBatch, reportFault } from '../../sdk-as/assembly/call';
import { ENOMEM } from '../../sdk-as/assembly/errors';
import { inputChannel, inputId, inputQuality, inputTs, inputValue, isReading } from '../../sdk-as/assembly/input';
import { addRow, hasRoom } from '../../sdk-as/assembly/output';
import { clearState, restoreSeries, snapshotSeries } from '../../sdk-as/assembly/series-state';
import { findSeries } from '../../sdk-as/assembly/series-table';
import { changeCount, learnChange, scoreOf } from './changes';
import { readPart, STATE_TAG, STATE_VERSION, writePart } from './kept';
import { readRules, rulesFingerprint } from './rules';
import { createSeries, ruleOfSeries, Series } from './series';

export * from '../../sdk-as/assembly/exports';

/** Indices into the manifest's `outputs`. */
const SCORE: u32 = 0;
const ANOMALY: u32 = 1;
/** Rows one reading can set off. */
const OUTPUTS: i32 = 2;

/** The state of an output row. */
const POINT: u32 = 0;
const RAISED: u32 = 1;
const CLEARED: u32 = 2;

let inputs: i32 = 0;

export function gw_init(len: i32): i32 {
  const found = readRules(len);
  if (found < 0) return found;
  inputs = found;
  clearState();
  return 0;
}

export function gw_on_batch(len: i32): i32 {
  return callBatch(len, inputs, handleRows, (from, to) => to);
}

export function gw_snapshot(page: i32): i32 {
  return snapshotSeries(page, STATE_TAG, STATE_VERSION, rulesFingerprint(inputs), writePart);
}

export function gw_restore(len: i32): i32 {
  return restoreSeries(len, STATE_TAG, STATE_VERSION, rulesFingerprint(inputs), (part) => readPart(part, inputs));
}

function handleRows(from: i32, to: i32): i32 {
  for (let row = from; row < to; row++) {
    if (!hasRoom(OUTPUTS)) return row;
    const value = inputValue(row);
    if (!isReading(inputTs(row), value, inputQuality(row))) continue;
    const id = inputId(row);
    const known = findSeries(id);
    if (known != 0) {
      judge(changetype<Series>(known), inputTs(row), value, inputQuality(row) & 1);
    } else if (createSeries(id, inputChannel(row), value) === null) {
      reportFault(ENOMEM);
    }
  }
  return to;
}

/** Far apart as two numbers can be, changes still add up to a number. */
const CHANGE_MAX: f64 = 1e300;

function judge(series: Series, ts: f64, value: f64, quality: u32): void {
  const rule = ruleOfSeries(series);
  // Adding zero makes one of the two zeros, so that equal changes are equal to the bit.
  const change = Math.max(-CHANGE_MAX, Math.min(CHANGE_MAX, value - series.normal)) + 0;
  const score = changeCount(series) < rule.warmUp ? 0 : scoreOf(series, change);
  const isOdd = score > rule.threshold;
  if (changeCount(series) >= rule.warmUp) addRow(ts, score, series.id, quality, SCORE, POINT);
  if (isOdd != (series.isRaised != 0)) {
    series.isRaised = isOdd ? 1 : 0;
    addRow(ts, value, series.id, quality, ANOMALY, isOdd ? RAISED : CLEARED);
  }
  series.oddInARow = isOdd ? series.oddInARow + 1 : 0;
  if (isOdd && <f64>series.oddInARow < rule.adopt) return;
  series.oddInARow = 0;
  series.normal = value;
  learnChange(series, change);
}
