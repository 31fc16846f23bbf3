/**
 * @ID@: the mean of the last readings of each series, and an alarm while that mean is above a limit.
 *
 * The gateway calls `gw_init` once, then `gw_on_batch` with readings as they arrive. Nothing here takes memory while it runs: what is
 * kept of a series is taken from the SDK's arena when the series is first seen.
 */
import { callBatch, reportFault } from '../sdk/assembly/call';
import { configNumber, INPUTS_MAX, openConfig } from '../sdk/assembly/config';
import { EINVAL, ENOMEM } from '../sdk/assembly/errors';
import { addNumber, FINGERPRINT_START } from '../sdk/assembly/fingerprint';
import { inputChannel, inputId, inputQuality, inputTs, inputValue, isReading } from '../sdk/assembly/input';
import { addRow, hasRoom } from '../sdk/assembly/output';
import { COMPLETE, clearState, REFUSED, restoreSeries, snapshotSeries } from '../sdk/assembly/series-state';
import { addSeries, findSeries } from '../sdk/assembly/series-table';
import { hasPageRoom, pageLeft, putNumber, putWords, takeFirst, takeNumber, takeSecond } from '../sdk/assembly/state-page';

// The part of the ABI that is the same in every module: buffers, version.
export * from '../sdk/assembly/exports';

/** Fields of the configuration, in the order of the manifest's `config`. */
const WINDOW: u32 = 0;
const HIGH: u32 = 1;
const FIELDS: u32 = 2;
/** Outputs, in the order of the manifest's `outputs`. */
const MEAN_OUTPUT: u32 = 0;
const HIGH_OUTPUT: u32 = 1;
/** The state of an output row: 0 for a point, for an alarm one of these. */
const RAISED: u32 = 1;
const CLEARED: u32 = 2;

/** As the manifest says. */
const WINDOW_MAX: u32 = 32;

/** What is kept of one series; its readings stand behind it, oldest overwritten first. */
@unmanaged
class Series {
  id: u32;
  /** Readings kept so far, at most the window. */
  count: u32;
  /** Where the next one goes. */
  next: u32;
  isHigh: u32;
}
const READINGS_AT: usize = 16;
const SERIES_OCTETS: usize = 16 + 8 * 32;

// @ts-expect-error: decorator
@inline
function reading(series: Series, index: u32): usize {
  return changetype<usize>(series) + READINGS_AT + (<usize>index << 3);
}

/** Window and limit of each input; 16 octets each. */
const RULES: usize = memory.data(16 * 128, 8);
let inputs: i32 = 0;

// @ts-expect-error: decorator
@inline
function windowOf(input: u32): u32 {
  return <u32>load<f64>(RULES + (<usize>input << 4));
}

// @ts-expect-error: decorator
@inline
function highOf(input: u32): f64 {
  return load<f64>(RULES + (<usize>input << 4) + 8);
}

/** The configuration: a row of numbers for each input. A result below 0 refuses it. */
export function gw_init(len: i32): i32 {
  const found = openConfig(len, FIELDS);
  if (found < 0) return found;
  inputs = min(found, <i32>INPUTS_MAX);
  for (let input: u32 = 0; input < <u32>inputs; input++) {
    const window = configNumber(input, WINDOW, 8);
    if (!(window >= 1 && window <= <f64>WINDOW_MAX)) return EINVAL;
    store<f64>(RULES + (<usize>input << 4), Math.floor(window));
    // NaN where it is not set: no comparison meets it, and so there is no alarm.
    store<f64>(RULES + (<usize>input << 4) + 8, configNumber(input, HIGH, NaN));
  }
  clearState();
  return 0;
}

/** A batch. The SDK checks it, hands rows to `handleRows`, and makes pages of what is said. */
export function gw_on_batch(len: i32): i32 {
  return callBatch(len, inputs, handleRows, handleNoSeries);
}

/** Returns the first row not handled for want of room in the output, or `to`. */
function handleRows(from: i32, to: i32): i32 {
  for (let row = from; row < to; row++) {
    if (!hasRoom(2)) return row;
    const quality = inputQuality(row);
    if (!isReading(inputTs(row), inputValue(row), quality)) continue;
    const series = seriesOf(inputId(row));
    if (series === null) reportFault(ENOMEM);
    else handleReading(series, inputTs(row), inputValue(row), quality & 3, inputChannel(row));
  }
  return to;
}

function handleReading(series: Series, ts: f64, value: f64, quality: u32, input: u32): void {
  const window = windowOf(input);
  store<f64>(reading(series, series.next), value);
  series.next = series.next + 1 < window ? series.next + 1 : 0;
  if (series.count < window) series.count++;
  let sum: f64 = 0;
  for (let i: u32 = 0; i < series.count; i++) sum += load<f64>(reading(series, i));
  const mean = sum / <f64>series.count;
  addRow(ts, mean, series.id, quality, MEAN_OUTPUT, 0);
  const isHigh: u32 = mean > highOf(input) ? 1 : 0;
  if (isHigh == series.isHigh) return;
  series.isHigh = isHigh;
  addRow(ts, mean, series.id, quality, HIGH_OUTPUT, isHigh ? RAISED : CLEARED);
}

/** A module with `gw_on_tick` would look at every series here; this one only speaks when it is spoken to. */
function handleNoSeries(from: i32, to: i32): i32 {
  return to;
}

/** The series, new when it was not seen before; null when there is no room for another. */
function seriesOf(id: u32): Series | null {
  const known = findSeries(id);
  if (known != 0) return changetype<Series>(known);
  const address = addSeries(id, SERIES_OCTETS);
  if (address == 0) return null;
  const series = changetype<Series>(address);
  series.id = id;
  return series;
}

/*
 * State: so that a restart or an upgrade forgets nothing. The gateway takes pages from `gw_snapshot` and hands them to `gw_restore` of
 * a fresh instance. Nothing in a page is believed before it is checked.
 */
/** "mean": tells this module's pages from another's. */
const STATE_TAG: u32 = 0x6e61_656d;
/** Raise it when the form below changes, and say in the manifest's `state.accepts` what can still be read. */
const STATE_VERSION: u32 = 1;
const HEAD_OCTETS: usize = 16;

export function gw_snapshot(page: i32): i32 {
  return snapshotSeries(page, STATE_TAG, STATE_VERSION, fingerprint(), writePart);
}

export function gw_restore(len: i32): i32 {
  return restoreSeries(len, STATE_TAG, STATE_VERSION, fingerprint(), readPart);
}

/** What the state depends on: another window would make nonsense of the readings kept. */
function fingerprint(): u64 {
  let hash = FINGERPRINT_START;
  for (let input: u32 = 0; input < <u32>inputs; input++) hash = addNumber(hash, <f64>windowOf(input));
  return hash;
}

function writePart(address: usize, part: i32): i32 {
  const series = changetype<Series>(address);
  if (!hasPageRoom(HEAD_OCTETS + 8 * series.count)) return REFUSED;
  putWords(series.id, series.count);
  putWords(series.next, series.isHigh);
  for (let i: u32 = 0; i < series.count; i++) putNumber(load<f64>(reading(series, i)));
  return COMPLETE;
}

function readPart(part: i32): i32 {
  if (pageLeft() < HEAD_OCTETS) return REFUSED;
  const id = takeFirst();
  const count = takeSecond();
  const next = takeFirst();
  const isHigh = takeSecond();
  if (count < 1 || count > WINDOW_MAX || next > count || next >= WINDOW_MAX || isHigh > 1) return REFUSED;
  if (pageLeft() < 8 * count || findSeries(id) != 0) return REFUSED;
  const series = seriesOf(id);
  if (series === null) return REFUSED;
  series.count = count;
  series.next = next;
  series.isHigh = isHigh;
  for (let i: u32 = 0; i < count; i++) store<f64>(reading(series, i), takeNumber());
  return COMPLETE;
}
