/**
 * State of a module that keeps something for each series: `gw_snapshot` and `gw_restore` of its table of series, the clock and the
 * number of the next output, in pages of `state-page.ts`. What is kept of a series, the module writes and reads in parts of its
 * own, each small enough for a page; parts go on in the next page where one is full.
 *
 * Series come back in the order in which they came, for a sweep over all of them says its rows in that order.
 */
import { clearArena } from './arena';
import { clearCall, isCallUnfinished } from './call';
import { EAGAIN, EINVAL } from './errors';
import { clearClock, elapsedMs, hasClockTicked, lastTickMs, setClock } from './gateway-clock';
import { outputSequence, setOutputSequence } from './output';
import { clearSeries, seriesAt, seriesCount, SERIES_MAX } from './series-table';
import {
  beginPage,
  hasPageRoom,
  openPage,
  pageLeft,
  putLong,
  putNumber,
  putWords,
  sealPage,
  takeFirst,
  takeLong,
  takeNumber,
  takeSecond,
} from './state-page';

/** What `WritePart` and `ReadPart` return when the series is complete, and when a part did not fit or is malformed. */
export const COMPLETE: i32 = 0;
export const REFUSED: i32 = -1;

/** Writes part `part` (0 first) of the series at `series`; returns the number of the next part, COMPLETE, or REFUSED: the page is full. */
export type WritePart = (series: usize, part: i32) => i32;
/** Reads a part; 0 begins a series. Returns a number above 0 when more parts follow, COMPLETE, or REFUSED for what it does not accept. */
export type ReadPart = (part: i32) => i32;

const HEAD_OCTETS: usize = 32;

let series: i32 = 0;
let part: i32 = 0;
/** Pages of the snapshot, and of the restore, so far. */
let written: u32 = 0;
let pages: u32 = 0;
/** Series that the pages under restore will bring; −1 after a refusal, until the configuration is set again. */
let expected: i32 = -1;

/** At the end of `gw_init`. */
export function clearState(): void {
  clearArena();
  clearSeries();
  clearClock();
  clearCall();
  expected = 0;
  pages = 0;
}

/** `gw_snapshot`. While rows of a batch wait to be fetched there is no state to keep: EAGAIN. Pages out of turn: EINVAL. */
export function snapshotSeries(page: i32, tag: u32, version: u32, fingerprint: u64, write: WritePart): i32 {
  if (isCallUnfinished()) return EAGAIN;
  beginPage();
  if (page == 0) {
    series = part = 0;
    written = 0;
    writeHead();
  } else if (<u32>page != written) {
    return EINVAL;
  } else if (series == seriesCount()) {
    return 0;
  }
  while (series < seriesCount()) {
    const next = write(seriesAt(series), part);
    if (next == REFUSED) break;
    part = next;
    if (next == COMPLETE) series++;
  }
  return sealPage(written++, tag, version, fingerprint);
}

function writeHead(): void {
  putWords(<u32>seriesCount(), hasClockTicked() ? 1 : 0);
  putNumber(lastTickMs());
  putNumber(elapsedMs());
  putLong(outputSequence());
}

/** `gw_restore`. After a refusal the module is empty, as after `gw_init`, and takes no page until it is configured anew. */
export function restoreSeries(len: i32, tag: u32, version: u32, fingerprint: u64, read: ReadPart): i32 {
  const isAccepted = len == 0 ? isComplete() : expected >= 0 && readPage(len, tag, version, fingerprint, read);
  if (!isAccepted) {
    clearState();
    setOutputSequence(0);
    expected = -1;
    return EINVAL;
  }
  return 0;
}

/** All series are there, and another restore would begin anew. */
function isComplete(): bool {
  const isWhole = pages > 0 && series == expected && part == 0;
  pages = 0;
  return isWhole;
}

function readPage(len: i32, tag: u32, version: u32, fingerprint: u64, read: ReadPart): bool {
  if (!openPage(len, pages, tag, version, fingerprint)) return false;
  if (pages == 0 && !readHead()) return false;
  pages++;
  while (pageLeft() > 0) {
    if (series == expected) return false;
    const next = read(part);
    if (next == REFUSED) return false;
    part = next;
    if (next == COMPLETE) series++;
  }
  return true;
}

function readHead(): bool {
  clearState();
  series = part = 0;
  if (pageLeft() < HEAD_OCTETS) return false;
  const count = takeFirst();
  const hasTicked = takeSecond();
  const nowMs = takeNumber();
  const elapsed = takeNumber();
  if (count > <u32>SERIES_MAX || hasTicked > 1) return false;
  if (!(elapsed >= 0 && elapsed <= f64.MAX_SAFE_INTEGER)) return false;
  expected = <i32>count;
  setClock(nowMs, elapsed, hasTicked != 0);
  setOutputSequence(takeLong());
  return true;
}

/** Whether `ms` is a moment by `elapsedMs` that has been. */
export function isPast(ms: f64): bool {
  return ms >= 0 && ms <= elapsedMs();
}
