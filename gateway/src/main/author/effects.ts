/** The capabilities of `gw1` as a test gives them: what a module does with them is written down instead of done. */
import { GatewayError } from '../../base/errors.ts';
import { ERRNO } from '../../core/modules/errno.ts';
import type { HostCalls } from '../../core/modules/ports.ts';

/** What a module did through a capability. */
export type Effect =
  | { readonly kind: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly kind: 'metric'; readonly name: string; readonly value: number }
  | { readonly kind: 'emit'; readonly type: string; readonly data: Uint8Array };

const LEVELS = ['info', 'warn', 'error'] as const;

/**
 * Rates (`limits.logBytesPerSec` and the like) are not applied: they depend on the clock, and a test must not.
 * A malformed name, which the gateway drops and counts, is a fault here: the author wants to know.
 */
export class RecordedCalls implements HostCalls {
  readonly #effect: (effect: Effect) => void;
  /** What `gw1.now` tells: the time of the newest row or tick so far, Unix epoch milliseconds. */
  nowMs = 0;

  constructor(effect: (effect: Effect) => void) {
    this.#effect = effect;
  }

  log(level: number, text: string): void {
    this.#effect({ kind: 'log', level: LEVELS[level] ?? 'info', text });
  }

  now(): number {
    return this.nowMs;
  }

  metric(name: string, value: number): void {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name))
      throw new GatewayError(
        'corrupt',
        `gw1.metric: a name [a-z][a-z0-9_]{0,63} expected, "${name.slice(0, 64)}" found`,
      );
    this.#effect({ kind: 'metric', name, value });
  }

  emit(type: string, data: Uint8Array): number {
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(type)) return ERRNO.EINVAL;
    this.#effect({ kind: 'emit', type, data });
    return 0;
  }

  /** The clock of a replay only goes forward. */
  sawTime(ms: number): void {
    if (ms > this.nowMs) this.nowMs = ms;
  }
}
