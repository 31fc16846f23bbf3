/** What is kept of a series when the module is replaced: its last normal reading, whether it is odd, and its changes, the oldest first. */
import { isReading } from '../../sdk-as/assembly/input';
import { COMPLETE, REFUSED } from '../../sdk-as/assembly/series-state';
import { findSeries } from '../../sdk-as/assembly/series-table';
import {
  hasPageRoom,
  pageLeft,
  putNumber,
  putWords,
  takeFirst,
  takeNumber,
  takeSecond,
} from '../../sdk-as/assembly/state-page';
import { changeAt, learnChange } from './changes';
import { inputOf } from './rules';
import { createSeries, ruleOfSeries, Series } from './series';

export const STATE_VERSION: u32 = 1;
/** "anom" */
export const STATE_TAG: u32 = 0x6d6f_6e61;

const SERIES_WORDS: usize = 32;
const CHANGE_MAX: f64 = 1e300;

/** A series is one part. */
export function writePart(address: usize, part: i32): i32 {
  const series = changetype<Series>(address);
  if (!hasPageRoom(SERIES_WORDS + (<usize>series.count << 3))) return REFUSED;
  putWords(series.id, inputOf(ruleOfSeries(series)));
  putWords(series.count, series.oddInARow);
  putWords(series.isRaised, 0);
  putNumber(series.normal);
  for (let i: u32 = 0; i < series.count; i++) putNumber(changeAt(series, i));
  return COMPLETE;
}

export function readPart(part: i32, inputs: u32): i32 {
  if (pageLeft() < SERIES_WORDS) return REFUSED;
  const id = takeFirst();
  const input = takeSecond();
  const count = takeFirst();
  const oddInARow = takeSecond();
  const isRaised = takeFirst();
  if (takeSecond() != 0 || isRaised > 1 || input >= inputs || findSeries(id) != 0) return REFUSED;
  const normal = takeNumber();
  if (!isReading(0, normal, 0)) return REFUSED;
  const series = createSeries(id, input, normal);
  if (series === null || count > ruleOfSeries(series).window || pageLeft() < <usize>count << 3) return REFUSED;
  series.oddInARow = oddInARow;
  series.isRaised = isRaised;
  for (let i: u32 = 0; i < count; i++) {
    const change = takeNumber();
    if (!(Math.abs(change) <= CHANGE_MAX)) return REFUSED;
    learnChange(series, change + 0);
  }
  return COMPLETE;
}
