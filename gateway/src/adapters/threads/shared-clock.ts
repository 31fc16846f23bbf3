import { type Clock, systemClock } from '../../base/clock.ts';
import { millis } from '../../base/units.ts';

/** The system's clock with a monotonic time that all threads agree on: `performance.now()` starts anew in each worker. */
export const sharedClock: Clock = {
  ...systemClock,
  monotonic: () => millis(Number(process.hrtime.bigint()) / 1e6),
};
