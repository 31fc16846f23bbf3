import type { Random } from './random.ts';
import { type Millis, millis } from './units.ts';

export interface BackoffPolicy {
  readonly first: Millis;
  readonly max: Millis;
}

/**
 * How long to wait before try `attempt` (1 is the first retry): doubles up to `max`, with equal jitter
 * (half fixed, half random), so that a fleet does not return in step.
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: Random): Millis {
  const ceiling = Math.min(policy.max, policy.first * 2 ** Math.min(attempt - 1, 30));
  return millis(ceiling / 2 + (random.next() * ceiling) / 2);
}
