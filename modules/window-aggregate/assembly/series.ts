/**
 * One series: a ring of panes, and how far its windows have closed. Time is event time; the watermark of a series is its newest
 * reading minus the lateness, and windows that end at or before it are closed. `closed` is the number of the last closed window.
 */
import { elapsedMs } from '../../sdk-as/assembly/gateway-clock';
import { addSeries } from '../../sdk-as/assembly/series-table';
import { clearPane, Pane, PANE_OCTETS } from './pane';
import { Rule, ruleOf } from './rules';

@unmanaged
export class Series {
  /** The pane the last reading went to, or null; readings in paneFromMs <= ts < paneToMs go there too. */
  pane: usize;
  id: u32;
  paneFromMs: f64;
  paneToMs: f64;
  /** A reading at or after this event time closes a window first. */
  closeAtMs: f64;
  ewma: f64;
  /** By `elapsedMs`, when the last reading that was not late arrived. */
  seenMs: f64;
  /** By `elapsedMs`, when the first of the late readings since then arrived; NaN when there was none. */
  lateSinceMs: f64;
  closed: f64;
  /** Number of the newest pane with a reading; −Infinity before the first. */
  newest: f64;
  rule: usize;
  /** Late readings not reported yet. */
  late: u32;
  /** Readings there have been any (0 or 1): the first one sets the moving average. */
  hasEwma: u32;
}

const SERIES_OCTETS: usize = (offsetof<Series>() + 7) & ~7;

export function ruleOfSeries(series: Series): Rule {
  return changetype<Rule>(series.rule);
}

/** State for a series whose first reading is at `ts`, or null when there is no room. */
export function createSeries(id: u32, input: u32, ts: f64): Series | null {
  const series = createEmptySeries(id, input);
  if (series === null) return null;
  series.seenMs = elapsedMs();
  restartSeries(series, ts);
  return series;
}

/** State for a series of which nothing is known, or null when there is no room. */
export function createEmptySeries(id: u32, input: u32): Series | null {
  const rule = ruleOf(input);
  const address = addSeries(id, SERIES_OCTETS + PANE_OCTETS * rule.panesKept);
  if (address == 0) return null;
  const series = changetype<Series>(address);
  series.id = id;
  series.rule = changetype<usize>(rule);
  clearPanes(series);
  return series;
}

/** Empties the panes and sets the watermark by a reading at `ts`, as if it were the first. */
export function restartSeries(series: Series, ts: f64): void {
  const rule = ruleOfSeries(series);
  clearPanes(series);
  series.lateSinceMs = NaN;
  series.newest = -Infinity;
  setClosed(series, numberOf(ts - rule.latenessMs, rule.paneMs));
}

function clearPanes(series: Series): void {
  const kept = ruleOfSeries(series).panesKept;
  for (let place = 0; place < kept; place++) clearPane(paneAt(series, place), NaN);
}

export function setClosed(series: Series, closed: f64): void {
  const rule = ruleOfSeries(series);
  series.closed = closed;
  series.closeAtMs = (closed + 1) * rule.paneMs + rule.latenessMs;
  leavePane(series);
}

/** Makes the next reading look for its pane: the one before may belong to closed windows only, or a late reading has come since. */
export function leavePane(series: Series): void {
  series.pane = 0;
  series.paneFromMs = Infinity;
  series.paneToMs = -Infinity;
}

/** Makes the pane numbered `number` the current one, emptying it when its place held an older one. */
export function enterPane(series: Series, number: f64): void {
  const paneMs = ruleOfSeries(series).paneMs;
  const pane = placeOf(series, number);
  if (pane.number != number) clearPane(pane, number);
  series.pane = changetype<usize>(pane);
  series.paneFromMs = number * paneMs;
  series.paneToMs = (number + 1) * paneMs;
  if (number > series.newest) series.newest = number;
}

/** The pane numbered `number`, or null when it has no reading. */
export function findPane(series: Series, number: f64): Pane | null {
  const pane = placeOf(series, number);
  return pane.number == number ? pane : null;
}

/** The number of the pane that holds event time `ts`. The quotient may round up to a whole number; the product does not. */
export function numberOf(ts: f64, paneMs: f64): f64 {
  const number = Math.floor(ts / paneMs);
  return number * paneMs > ts ? number - 1 : number;
}

/** Where the pane numbered `number` stands in the ring, whatever is there now. */
export function placeOf(series: Series, number: f64): Pane {
  const kept = <f64>ruleOfSeries(series).panesKept;
  return paneAt(series, <i32>(number - Math.floor(number / kept) * kept));
}

export function paneAt(series: Series, place: i32): Pane {
  return changetype<Pane>(changetype<usize>(series) + SERIES_OCTETS + PANE_OCTETS * place);
}
