/** What is kept of a series when the module is replaced: its last reading, when it was seen, and which alarms stand raised. */
import { isReading } from '../../sdk-as/assembly/input';
import { COMPLETE, isPast, REFUSED } from '../../sdk-as/assembly/series-state';
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
import { checksOn, inputOf, ruleOf } from './rules';
import { createSeries, ruleOfSeries, Series } from './series';

export const STATE_VERSION: u32 = 1;
/** "thal" */
export const STATE_TAG: u32 = 0x6c61_6874;

const SERIES_WORDS: usize = 48;

/** A series is one part. */
export function writePart(address: usize, part: i32): i32 {
  if (!hasPageRoom(SERIES_WORDS)) return REFUSED;
  const series = changetype<Series>(address);
  putWords(series.id, inputOf(ruleOfSeries(series)));
  putWords(series.raised, 0);
  putNumber(series.ts);
  putNumber(series.value);
  putNumber(series.sameSinceMs);
  putNumber(series.seenMs);
  return COMPLETE;
}

export function readPart(part: i32, inputs: u32): i32 {
  if (pageLeft() < SERIES_WORDS) return REFUSED;
  const id = takeFirst();
  const input = takeSecond();
  if (input >= inputs || findSeries(id) != 0) return REFUSED;
  const series = createSeries(id, input);
  if (series === null) return REFUSED;
  series.raised = takeFirst();
  if (takeSecond() != 0) return REFUSED;
  series.ts = takeNumber();
  series.value = takeNumber();
  series.sameSinceMs = takeNumber();
  series.seenMs = takeNumber();
  return isPlausible(series, checksOn(ruleOf(input))) ? COMPLETE : REFUSED;
}

/** Either no reading has been judged, and then only `missing` can stand raised, or there is a whole one. */
function isPlausible(series: Series, checks: u32): bool {
  if (!isPast(series.seenMs) || (series.raised & ~checks) != 0) return false;
  if (isNaN(series.ts)) return isNaN(series.value) && isNaN(series.sameSinceMs) && (series.raised & ~(1 << 4)) == 0;
  return isReading(series.ts, series.value, 0) && series.sameSinceMs <= series.ts && isReading(series.sameSinceMs, 0, 0);
}
