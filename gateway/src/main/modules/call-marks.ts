import { sharedClock } from '../../adapters/threads/shared-clock.ts';

/** Memory in which a worker says which module it is calling: see `MARK`. */
export const CALL_MARKS_BYTES = 16;

/** `module`: its slot + 1; 0 between calls. `since`: see `callTimeMs`. `isBeside`: 1 for a version beside the live one. */
export const MARK = { module: 0, count: 1, since: 2, isBeside: 3 } as const;

/** Which module a worker is calling. */
export interface MarkedCall {
  readonly slot: number;
  /** It is the canary's call, not the live version's. */
  readonly isBeside: boolean;
}

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
  enter(slot: number, isBeside = false): void {
    Atomics.add(this.#marks, MARK.count, 1);
    Atomics.store(this.#marks, MARK.since, callTimeMs());
    Atomics.store(this.#marks, MARK.isBeside, isBeside ? 1 : 0);
    Atomics.store(this.#marks, MARK.module, slot + 1);
  }

  /** A worker that is about to be ended stops here, so that nothing it leaves behind is changed once main has judged it. */
  leave(): void {
    if (Atomics.exchange(this.#marks, MARK.module, 0) !== DOOMED) return;
    for (;;) Atomics.wait(this.#marks, MARK.module, 0, 1000);
  }
}
