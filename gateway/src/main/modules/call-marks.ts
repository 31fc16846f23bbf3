import { sharedClock } from '../../adapters/threads/shared-clock.ts';

/** Memory in which a worker says which module it is calling: [0] the call, [1] counts calls, [2] since when, see `callTimeMs`. */
export const CALL_MARKS_BYTES = 12;

/** In place of the module's number: this worker is about to be ended. */
export const DOOMED = -1;

/** Milliseconds on the clock of all threads, as far as 32 bits hold them: the difference of two, taken with `| 0`, is right up to 24 days. */
export function callTimeMs(): number {
  return sharedClock.monotonic() | 0;
}

/** The worker's side; `module-watchdog.ts` looks at it from main. */
export class CallMarks {
  readonly #marks: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#marks = new Int32Array(shared);
  }

  /** @param slot of the module, from 0. */
  enter(slot: number): void {
    Atomics.add(this.#marks, 1, 1);
    Atomics.store(this.#marks, 2, callTimeMs());
    Atomics.store(this.#marks, 0, slot + 1);
  }

  /** A worker that is about to be ended stops here, so that nothing it leaves behind is changed once main has judged it. */
  leave(): void {
    if (Atomics.exchange(this.#marks, 0, 0) !== DOOMED) return;
    for (;;) Atomics.wait(this.#marks, 0, 0, 1000);
  }
}
