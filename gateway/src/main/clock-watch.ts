import type { Clock } from '../base/clock.ts';
import { formatDuration, millis } from '../base/units.ts';
import type { Log } from './service/log.ts';

const LOOK_MS = 1000;
/** What is less is how time servers trim a clock, or a machine that was busy. */
const JUMP_MS = 60_000;

/** Tells in the log when the wall clock has been set by more than a minute. A machine that slept shows the same: its monotonic clock stood. */
export class ClockWatch implements Disposable {
  readonly #clock: Clock;
  readonly #log: Log;
  #lastMs: number;
  #lastMonotonicMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
    this.#lastMs = clock.now();
    this.#lastMonotonicMs = clock.monotonic();
  }

  start(): this {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
    return this;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Once a second, by its own timer. */
  look(): void {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const expected = this.#lastMs + (monotonic - this.#lastMonotonicMs);
    this.#lastMs = now;
    this.#lastMonotonicMs = monotonic;
    const jump = now - expected;
    if (Math.abs(jump) <= JUMP_MS) return;
    const times = `from ${new Date(expected).toISOString()} to ${new Date(now).toISOString()}`;
    const span = formatDuration(millis(Math.round(Math.abs(jump) / 1000) * 1000));
    this.#log('warn', `clock: set ${jump > 0 ? 'forward' : 'back'} by ${span}, ${times}`);
  }
}
