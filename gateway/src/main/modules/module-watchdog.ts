import type { Millis } from '../../base/units.ts';
import { DOOMED } from './call-marks.ts';

export interface WatchdogParts {
  /** See `call-marks.ts`. */
  readonly calls: SharedArrayBuffer;
  readonly deadlineOf: (slot: number) => Millis;
  readonly nowMs: () => number;
  /** The call of the module in this slot has outlasted its deadline; the worker goes no further. Called once; the watchdog then stops. */
  readonly onOverdue: (slot: number) => void;
}

/** How often the marks are looked at: the precision of every deadline. */
const LOOK_MS = 5;

/**
 * Watches a module worker from another thread: a call that is still the same one after its deadline is reported. The worker cannot
 * do this itself, because WebAssembly does not yield.
 */
export class ModuleWatchdog implements Disposable {
  readonly #parts: WatchdogParts;
  readonly #marks: Int32Array;
  #timer: NodeJS.Timeout | undefined;
  #seenCall = -1;
  #seenSinceMs = 0;

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
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const mark = Atomics.load(this.#marks, 0);
    const call = Atomics.load(this.#marks, 1);
    const now = this.#parts.nowMs();
    if (mark === 0 || call !== this.#seenCall) {
      this.#seenCall = call;
      this.#seenSinceMs = now;
      return;
    }
    if (now - this.#seenSinceMs <= this.#parts.deadlineOf(mark - 1)) return;
    // Only if the same call is still on: from here on the worker stops at its end.
    if (Atomics.compareExchange(this.#marks, 0, mark, DOOMED) !== mark) return;
    this[Symbol.dispose]();
    this.#parts.onOverdue(mark - 1);
  }
}
