/**
 * What is kept of a series when the module is replaced: the series itself, then each pane that a window still open reaches. A pane
 * whose windows have all closed is never looked at again, and the pane of the last reading is found anew by the next one.
 *
 * Everything read is checked against what the module could have written: sums, and spans that later bound its loops.
 */
import { isReading } from '../../sdk-as/assembly/input';
import { COMPLETE, isPast, REFUSED } from '../../sdk-as/assembly/series-state';
import { findSeries } from '../../sdk-as/assembly/series-table';
import {
  hasPageRoom,
  pageLeft,
  putNumber,
  putOctets,
  putWords,
  takeFirst,
  takeNumber,
  takeOctets,
  takeSecond,
} from '../../sdk-as/assembly/state-page';
import { BINS, binOf, BINS_OCTETS, powerOfTwo, smallestExponent } from './bins';
import { cellsOf, EXACT_MAX, Pane } from './pane';
import { inputOf } from './rules';
import { createEmptySeries, paneAt, placeOf, ruleOfSeries, Series, setClosed } from './series';

export const STATE_VERSION: u32 = 1;
/** "wagg" */
export const STATE_TAG: u32 = 0x6767_6177;

const SERIES_WORDS: usize = 64;
const PANE_WORDS: usize = 64;
/** 2^53: beyond it numbers of panes are no longer told apart. */
const NUMBER_MAX: f64 = 9_007_199_254_740_992;

/** Part 0 is the series, part p + 1 the pane at place p of its ring. */
export function writePart(address: usize, part: i32): i32 {
  const series = changetype<Series>(address);
  if (part == 0) {
    if (!hasPageRoom(SERIES_WORDS)) return REFUSED;
    writeSeries(series);
  } else {
    if (!hasPageRoom(PANE_WORDS + BINS_OCTETS)) return REFUSED;
    writePane(paneAt(series, part - 1));
  }
  return nextOpenPane(series, part);
}

/** The part of the first open pane at place `from` or later, or COMPLETE. */
function nextOpenPane(series: Series, from: i32): i32 {
  const kept = ruleOfSeries(series).panesKept;
  for (let place = from; place < kept; place++) if (isOpen(series, paneAt(series, place).number)) return place + 1;
  return COMPLETE;
}

/** Whether a window that reaches pane `number` has still to close. */
function isOpen(series: Series, number: f64): bool {
  return number + ruleOfSeries(series).panesPerWindow > series.closed;
}

function writeSeries(series: Series): void {
  let open: u32 = 0;
  for (let part = nextOpenPane(series, 0); part != COMPLETE; part = nextOpenPane(series, part)) open++;
  putWords(series.id, inputOf(ruleOfSeries(series)));
  putWords(open, series.hasEwma);
  putWords(series.late, 0);
  putNumber(series.ewma);
  putNumber(series.seenMs);
  putNumber(series.lateSinceMs);
  putNumber(series.closed);
  putNumber(series.newest);
}

function writePane(pane: Pane): void {
  const isExact = pane.count <= EXACT_MAX;
  putNumber(pane.number);
  putNumber(pane.mean);
  putNumber(pane.squares);
  putNumber(pane.min);
  putNumber(pane.max);
  putNumber(pane.ewma);
  putWords(pane.count, pane.grade);
  putWords(isExact ? 0 : <u32>pane.exponent, 0);
  putOctets(cellsOf(pane), isExact ? <usize>pane.count << 3 : BINS_OCTETS);
}

/** The series under restore, and how many of its panes are to come. */
let series: Series = changetype<Series>(0);
let panesLeft: u32 = 0;

export function readPart(part: i32, inputs: u32): i32 {
  const isAccepted = part == 0 ? readSeries(inputs) : readPane();
  if (!isAccepted) return REFUSED;
  return panesLeft > 0 ? 1 : COMPLETE;
}

function readSeries(inputs: u32): bool {
  if (pageLeft() < SERIES_WORDS) return false;
  const id = takeFirst();
  const input = takeSecond();
  if (input >= inputs || findSeries(id) != 0) return false;
  const created = createEmptySeries(id, input);
  if (created === null) return false;
  series = created;
  panesLeft = takeFirst();
  series.hasEwma = takeSecond();
  series.late = takeFirst();
  if (takeSecond() != 0 || series.hasEwma > 1) return false;
  series.ewma = takeNumber();
  series.seenMs = takeNumber();
  series.lateSinceMs = takeNumber();
  const closed = takeNumber();
  series.newest = takeNumber();
  if (!isPast(series.seenMs) || !(isNaN(series.lateSinceMs) || isPast(series.lateSinceMs))) return false;
  if (!isPaneNumber(closed) || !(isPaneNumber(series.newest) || series.newest == -Infinity)) return false;
  const rule = ruleOfSeries(series);
  // The newest reading has closed all but the panes within the lateness: this bounds the windows that are closed one by one.
  if (series.newest - closed > <f64>rule.panesKept - rule.panesPerWindow) return false;
  setClosed(series, closed);
  return panesLeft <= <u32>rule.panesKept;
}

function readPane(): bool {
  if (pageLeft() < PANE_WORDS) return false;
  const number = takeNumber();
  if (!isPaneNumber(number) || !isOpen(series, number) || number > series.newest) return false;
  const pane = placeOf(series, number);
  if (!isNaN(pane.number)) return false;
  pane.number = number;
  pane.mean = takeNumber();
  pane.squares = takeNumber();
  pane.min = takeNumber();
  pane.max = takeNumber();
  pane.ewma = takeNumber();
  pane.count = takeFirst();
  pane.grade = takeSecond();
  pane.exponent = <i32>takeFirst();
  if (takeSecond() != 0 || pane.count == 0 || pane.grade > 1 || pane.squares < 0) return false;
  if (!isValue(pane.min) || !isValue(pane.max) || pane.min > pane.max) return false;
  panesLeft--;
  return pane.count <= EXACT_MAX ? pane.exponent == 0 && readValues(pane) : readBins(pane);
}

function readValues(pane: Pane): bool {
  const octets = <usize>pane.count << 3;
  if (pageLeft() < octets) return false;
  takeOctets(cellsOf(pane), octets);
  for (let at = cellsOf(pane); at < cellsOf(pane) + octets; at += 8) {
    const value = load<f64>(at);
    if (!(value >= pane.min && value <= pane.max)) return false;
  }
  return true;
}

function readBins(pane: Pane): bool {
  if (pageLeft() < BINS_OCTETS) return false;
  if (pane.exponent != smallestExponent(pane.min, pane.max)) return false;
  pane.scale = powerOfTwo(-pane.exponent);
  const cells = cellsOf(pane);
  takeOctets(cells, BINS_OCTETS);
  let all: u64 = 0;
  for (let cell = 0; cell < BINS; cell++) all += load<u32>(cells + (<usize>cell << 2));
  const last = binOf(pane.max, pane.scale);
  let inside: u64 = 0;
  for (let bin = binOf(pane.min, pane.scale); bin <= last; bin++) {
    inside += load<u32>(cells + (<usize>(<u32>bin & (BINS - 1)) << 2));
  }
  return inside == <u64>pane.count && all == inside;
}

function isPaneNumber(number: f64): bool {
  return Math.abs(number) <= NUMBER_MAX && number == Math.floor(number);
}

function isValue(value: f64): bool {
  return isReading(0, value, 0);
}
