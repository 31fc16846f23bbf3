import { callTimeMs, DOOMED, MARK, type MarkedCall } from './call-marks.ts';

export interface WatchdogParts {
  /** See `call-marks.ts`. */
  readonly calls: SharedArrayBuffer;
  /** Milliseconds; undefined: nobody's call, which is not judged. */
  readonly deadlineOf: (call: MarkedCall) => number | undefined;
  /** Deadlines of all that may be called now. When a shorter one comes, `wake` is called. */
  readonly deadlines: () => Iterable<number>;
  /** A call has outlasted its deadline; the worker goes no further. Called once; the watchdog then stops. */
  readonly onOverdue: (call: MarkedCall) => void;
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

  /** Undefined between calls. */
  get calling(): MarkedCall | undefined {
    const mark = Atomics.load(this.#marks, MARK.module);
    return mark > 0 ? { slot: mark - 1, isBeside: Atomics.load(this.#marks, MARK.isBeside) === 1 } : undefined;
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
    const count = Atomics.load(this.#marks, MARK.count);
    const sinceMs = Atomics.load(this.#marks, MARK.since);
    const { calling } = this;
    const isSame = Atomics.load(this.#marks, MARK.count) === count;
    const deadlineMs = calling && isSame ? this.#parts.deadlineOf(calling) : undefined;
    if (calling === undefined || deadlineMs === undefined) return this.#lookAfter(Math.min(...this.#parts.deadlines()));
    const leftMs = deadlineMs - ((callTimeMs() - sinceMs) | 0);
    // The mark's time is of whole milliseconds.
    if (leftMs >= 0) return this.#lookAfter(leftMs + 1);
    // Only if the same call is still on: from here on the worker stops at its end.
    const mark = calling.slot + 1;
    if (Atomics.compareExchange(this.#marks, MARK.module, mark, DOOMED) !== mark) return this.#lookAfter(1);
    this[Symbol.dispose]();
    this.#parts.onOverdue(calling);
  }

  /** What keeps the process alive is the worker, not this. @param ms infinite: there is nothing to be called. */
  #lookAfter(ms: number): void {
    if (Number.isFinite(ms)) this.#timer = setTimeout(this.#onTime, ms).unref();
  }
}
