/** One timer of one function: fires by its schedule, once for all firings it missed, and never forgets over a restart when it fired last. */
import { CLOCK_IS_SET_AFTER, type Clock } from '../../base/clock.ts';
import { millis } from '../../base/units.ts';
import type { Schedule, TimerStore } from './ports.ts';

export interface TimerParts {
  readonly fn: string;
  /** Names the schedule among those of the function: another schedule is another timer. */
  readonly key: string;
  readonly schedule: Schedule;
  /** Fires by the calendar: not before the clock has been set. */
  readonly isCalendar: boolean;
  readonly store: TimerStore;
  readonly clock: Clock;
  /** The encoded event of the firing due at `dueMs`, which stands for `missed` earlier ones too. */
  readonly event: (dueMs: number, missed: number) => Uint8Array;
  readonly onProblem: (error: unknown) => void;
}

/** The wall clock may be set while we sleep: it is looked at so often. */
const LOOK_MS = 5000;
/** Missed firings are counted up to here. */
const MISSED_MAX = 1000;
const PROBLEM_WAIT = millis(1000);

/** `every`: after each span, from the moment when the timer was first seen. */
export function intervalSchedule(everyMs: number): Schedule {
  return { next: (afterMs) => afterMs + everyMs };
}

export class Timer {
  readonly #parts: TimerParts;
  #lastMs: number | null = null;
  /** After `#lastMs`; undefined: not worked out yet, for calendars are slow. */
  #nextMs: number | null | undefined;

  constructor(parts: TimerParts) {
    this.#parts = parts;
  }

  /** Runs until the signal aborts, or the schedule ends. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onProblem } = this.#parts;
    while (!signal.aborted) {
      try {
        const wait = await this.#step();
        if (wait === null) return;
        await clock.sleep(millis(wait), signal);
      } catch (error) {
        if (signal.aborted) return;
        onProblem(error);
        await clock.sleep(PROBLEM_WAIT, signal).catch(() => undefined);
      }
    }
  }

  /** @returns ms until the next look; null when there is nothing more to come. */
  async #step(): Promise<number | null> {
    const { clock, isCalendar } = this.#parts;
    const now = clock.now();
    if (isCalendar && now < CLOCK_IS_SET_AFTER) return LOOK_MS;
    const last = await this.#last(now);
    this.#nextMs ??= this.#parts.schedule.next(last);
    const next = this.#nextMs;
    if (next === null) return null;
    if (next > now) return Math.min(LOOK_MS, next - now);
    await this.#fire(next, now);
    return 0;
  }

  async #last(now: number): Promise<number> {
    const { fn, key, store } = this.#parts;
    this.#lastMs ??= await store.lastMs(fn, key);
    // Never seen, or seen by a clock that stood ahead of this one: it begins now.
    if (this.#lastMs === null || this.#lastMs > now) {
      await store.fired(fn, key, now, null);
      this.#lastMs = now;
      this.#nextMs = undefined;
    }
    return this.#lastMs;
  }

  async #fire(due: number, now: number): Promise<void> {
    const { fn, key, schedule, store, event } = this.#parts;
    let latest = due;
    let missed = 0;
    for (let next = schedule.next(due); next !== null && next <= now; next = schedule.next(next)) {
      latest = next;
      missed++;
      if (missed === MISSED_MAX) latest = next = now;
    }
    await store.fired(fn, key, latest, event(latest, missed));
    this.#lastMs = latest;
    this.#nextMs = undefined;
  }
}
