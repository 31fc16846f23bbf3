import type { CanaryReport } from './comparison.ts';
import type { DroppedCalls } from './host-desk.ts';

/** How a module stands. */
export const MODULE_STATES = ['running', 'backing_off', 'quarantined', 'refused', 'disabled'] as const;
export type ModuleState = (typeof MODULE_STATES)[number];

/** Running totals of one use of a module; they outlive its instances and its workers. */
export interface ModuleCounts {
  readonly calls: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly traps: number;
  readonly restarts: number;
  /** Negative results: batches the module itself refused. */
  readonly refusals: number;
  /** Units of fuel. */
  readonly fuel: number;
  /** Rows left out because it had used up its fuel of the second. */
  readonly throttledRows: number;
  /** Wall time of all calls, ms. */
  readonly callMs: number;
}

export const NO_COUNTS: ModuleCounts = {
  calls: 0,
  rowsIn: 0,
  rowsOut: 0,
  traps: 0,
  restarts: 0,
  refusals: 0,
  fuel: 0,
  throttledRows: 0,
  callMs: 0,
};

/** `a + sign * b`, count by count. */
export function addCounts(a: ModuleCounts, b: ModuleCounts, sign: 1 | -1): ModuleCounts {
  const names = Object.keys(NO_COUNTS) as (keyof ModuleCounts)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + sign * b[name]])) as unknown as ModuleCounts;
}

export interface ModuleStatus extends ModuleCounts {
  /** As configured: names the derived series. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly state: ModuleState;
  /** How many series each of its inputs has found so far, in their order; empty: it has not run yet. */
  readonly seriesRead: readonly number[];
  /** Wall time of the last call, ms. */
  readonly lastCallTookMs: number;
  /** Of the calls of the last minute or so; null: there were none. */
  readonly callP50Ms: number | null;
  readonly callP99Ms: number | null;
  readonly memoryBytes: number;
  readonly error: string | null;
  /** Failures in a row. */
  readonly failures: number;
  readonly dropped: DroppedCalls;
  /** Set by the module through `gw1.metric`. */
  readonly gauges: Readonly<Record<string, number>>;
  /** A new version that runs beside it; null when there is none. */
  readonly canary: (CanaryReport & { readonly version: string }) | null;
}
