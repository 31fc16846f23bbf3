/** One series: its last normal reading, and whether it is odd now. Its changes stand behind it, see `changes.ts`. */
import { addSeries } from '../../sdk-as/assembly/series-table';
import { Rule, ruleOf } from './rules';

@unmanaged
export class Series {
  id: u32;
  rule: usize;
  normal: f64;
  /** Changes there are, up to the rule's window; and the place of the ring that the next one takes. */
  count: u32;
  next: u32;
  /** Anomalous readings since the last normal one. */
  oddInARow: u32;
  isRaised: u32;
}

export const SERIES_OCTETS: usize = (offsetof<Series>() + 7) & ~7;

export function ruleOfSeries(series: Series): Rule {
  return changetype<Rule>(series.rule);
}

/** State for a series whose first reading is `value`, or null when there is no room. */
export function createSeries(id: u32, input: u32, value: f64): Series | null {
  const rule = ruleOf(input);
  const address = addSeries(id, SERIES_OCTETS + 16 * rule.window);
  if (address == 0) return null;
  const series = changetype<Series>(address);
  series.id = id;
  series.rule = changetype<usize>(rule);
  series.normal = value;
  return series;
}
