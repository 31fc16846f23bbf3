import { type EpochMs, epochMs, type Millis, millis } from './units.ts';

/** The only source of time for `core`: tests own it, `main` passes the system's. */
export interface Clock {
  /** Wall clock. May jump when the time is set. */
  now(): EpochMs;
  /** Since some fixed moment; never jumps, never goes back. */
  monotonic(): Millis;
  /**
   * Resolves after `span`, or rejects with the signal's reason.
   */
  sleep(span: Millis, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonic: () => millis(performance.now()),
  sleep: (span, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, span);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** A gateway whose clock reads before this has not had its time set since boot: 2024-01-01T00:00:00Z. */
export const CLOCK_IS_SET_AFTER = epochMs(1_704_067_200_000);
