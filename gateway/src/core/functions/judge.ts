import { type BackoffPolicy, backoffDelay } from '../../base/backoff.ts';
import { describeError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Millis } from '../../base/units.ts';
import { CallError, type CallResult } from './ports.ts';

export interface RetryPolicy {
  /** Tries in all before an event is a dead letter; at least 1. */
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
}

/** What is to become of an event after a try. */
export type Verdict =
  | { readonly to: 'done' }
  | { readonly to: 'again'; readonly afterMs: Millis; readonly error: string }
  | { readonly to: 'dead'; readonly error: string };

/**
 * @param attempts tries so far, this one included.
 * @param outcome what the call brought, or what it threw.
 */
export function judge(outcome: CallResult | Error, attempts: number, policy: RetryPolicy, random: Random): Verdict {
  if (!(outcome instanceof Error) && outcome.errno >= 0) return { to: 'done' };
  const error = outcome instanceof Error ? describeError(outcome) : `error ${outcome.errno} from the function`;
  // An event that does not fit will not fit the next time either.
  const isHopeless = outcome instanceof CallError && outcome.fault === 'too_large';
  if (isHopeless || attempts >= policy.attempts) return { to: 'dead', error };
  return { to: 'again', afterMs: backoffDelay(policy.backoff, attempts, random), error };
}
