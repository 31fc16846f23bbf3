/** One series: its last reading, and which of its alarms are raised. */
import { elapsedMs } from '../../sdk-as/assembly/gateway-clock';
import { addRow } from '../../sdk-as/assembly/output';
import { addSeries } from '../../sdk-as/assembly/series-table';
import { Rule, ruleOf } from './rules';

/** The state of an output row. */
const RAISED: u32 = 1;
const CLEARED: u32 = 2;

@unmanaged
export class Series {
  id: u32;
  rule: usize;
  /** Event time and value of the reading before; NaN before the first. */
  ts: f64;
  value: f64;
  /** Event time since which the value has not changed. */
  sameSinceMs: f64;
  /** By `elapsedMs`, when the last reading of any grade arrived. */
  seenMs: f64;
  /** One bit for each output, by its index. */
  raised: u32;
}

const SERIES_OCTETS: usize = (offsetof<Series>() + 7) & ~7;

// @ts-ignore: decorator
@inline
export function ruleOfSeries(series: Series): Rule {
  return changetype<Rule>(series.rule);
}

/** State for a series of which no reading has been judged, or null when there is no room. */
export function createSeries(id: u32, input: u32): Series | null {
  const address = addSeries(id, SERIES_OCTETS);
  if (address == 0) return null;
  const series = changetype<Series>(address);
  series.id = id;
  series.rule = changetype<usize>(ruleOf(input));
  series.ts = NaN;
  series.value = NaN;
  series.sameSinceMs = NaN;
  series.seenMs = elapsedMs();
  return series;
}

// @ts-ignore: decorator
@inline
export function isRaised(series: Series, output: u32): bool {
  return ((series.raised >> output) & 1) != 0;
}

/** Says that alarm `output` begins or ends; the caller knows that this is news and that the output has room. */
export function say(series: Series, output: u32, ts: f64, value: f64, quality: u32): void {
  series.raised ^= 1 << output;
  addRow(ts, value, series.id, quality & 3, output, isRaised(series, output) ? RAISED : CLEARED);
}
