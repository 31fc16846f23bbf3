import type { Millis } from '../../base/units.ts';
import { callTimeMs, DOOMED } from './call-marks.ts';

export interface WatchdogParts {
  /** See `call-marks.ts`. */
  readonly calls: SharedArrayBuffer;
  readonly deadlineOf: (slot: number) => Millis;
  /** Deadlines of all that may be called now. When a shorter one comes, `wake` is called. */
  readonly deadlines: () => Iterable<number>;
  /** The call of the module in this slot has outlasted its deadline; the worker goes no further. Called once; the watchdog then stops. */
  readonly onOverdue: (slot: number) => void;
}

/**
 * Watches a worker from another thread, because WebAssembly does not yield: a call that is still on after its deadline is reported. It looks when
 * the call at hand would be overdue, and between calls after the shortest deadline, before which no call that has not begun can be.
 */
export class ModuleWatchdog implements Disposable {
  readonly #parts: WatchdogParts;
  readonly #marks: Int32Array;
  readonly #onTime = () => this.#look();
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(parts: WatchdogParts) {
    this.#parts = parts;
    this.#marks = new Int32Array(parts.calls);
  }

  /** Slot of the module being called now; undefined between calls. */
  get calling(): number | undefined {
    const mark = Atomics.load(this.#marks, 0);
    return mark > 0 ? mark - 1 : undefined;
  }

  start(): void {
    this.#isOn = true;
    this.#look();
  }

  /** The deadlines are no longer those of the last look. */
  wake(): void {
    if (this.#isOn) this.#look();
  }

  [Symbol.dispose](): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  #look(): void {
    clearTimeout(this.#timer);
    const call = Atomics.load(this.#marks, 1);
    const sinceMs = Atomics.load(this.#marks, 2);
    const mark = Atomics.load(this.#marks, 0);
    if (mark <= 0 || Atomics.load(this.#marks, 1) !== call)
      return this.#lookAfter(Math.min(...this.#parts.deadlines()));
    const leftMs = this.#parts.deadlineOf(mark - 1) - ((callTimeMs() - sinceMs) | 0);
    // The mark's time is of whole milliseconds.
    if (leftMs >= 0) return this.#lookAfter(leftMs + 1);
    // Only if the same call is still on: from here on the worker stops at its end.
    if (Atomics.compareExchange(this.#marks, 0, mark, DOOMED) !== mark) return this.#lookAfter(1);
    this[Symbol.dispose]();
    this.#parts.onOverdue(mark - 1);
  }

  /** @param ms infinite: there is nothing to be called. */
  #lookAfter(ms: number): void {
    if (Number.isFinite(ms)) this.#timer = setTimeout(this.#onTime, ms);
  }
}
