import type { DurationSummary } from './duration-histogram.ts';
import type { QueueCounts } from './ports.ts';

export const FUNCTION_STATES = ['running', 'refused', 'disabled'] as const;
export type FunctionState = (typeof FUNCTION_STATES)[number];

/** What the pool counts, since the start of the program. */
export interface PoolCounts {
  /** Instances now. */
  readonly instances: number;
  /** Of them, those in a call. */
  readonly active: number;
  /** Calls that had to wait for an instance to be made. */
  readonly coldStarts: number;
  /** From the wish for an instance until it could be called, ms. */
  readonly coldStart: DurationSummary;
  /** Instances made before anybody asked for them. */
  readonly prewarmed: number;
  readonly warmCalls: number;
  readonly reclaimed: number;
  /** Calls that ended, however they ended. */
  readonly calls: number;
  /** Of them, those that failed. */
  readonly failures: number;
  readonly duration: DurationSummary;
  readonly durations: readonly { readonly leMs: number; readonly count: number }[];
  readonly lastError: string | null;
}

export interface FunctionStatus extends PoolCounts, QueueCounts {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly state: FunctionState;
  readonly concurrency: number;
  /** One line each. */
  readonly triggers: readonly string[];
  /** Tries of queued events that failed and will be repeated, and those after which an event went to the dead letters. */
  readonly retries: number;
  readonly deadLettered: number;
  /** What the function has set with `gw1.metric`. */
  readonly gauges: Readonly<Record<string, number>>;
  readonly error: string | null;
}
