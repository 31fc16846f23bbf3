import type { Millis } from '../base/units.ts';

export interface WatchdogParts {
  /** [0] number of the module being called, from 1, or 0; [1] counts calls. */
  readonly calls: SharedArrayBuffer;
  /** Of each module, in order. */
  readonly deadlines: readonly Millis[];
  readonly nowMs: () => number;
  /** The call of module `index` has outlasted its deadline. Called once; the watchdog then stops. */
  readonly onOverdue: (index: number) => void;
}

/** How often the marks are looked at: the precision of every deadline. */
const LOOK_MS = 5;

/**
 * Watches the module worker from another thread: a call that is still the same one after its deadline is reported. The worker cannot
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

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const module = Atomics.load(this.#marks, 0);
    const call = Atomics.load(this.#marks, 1);
    const now = this.#parts.nowMs();
    if (module === 0 || call !== this.#seenCall) {
      this.#seenCall = call;
      this.#seenSinceMs = now;
      return;
    }
    const deadline = this.#parts.deadlines[module - 1] ?? 0;
    if (now - this.#seenSinceMs <= deadline) return;
    this[Symbol.dispose]();
    this.#parts.onOverdue(module - 1);
  }
}
