/** Memory in which a module worker says which module it is calling: [0] the call, [1] counts calls. */
export const CALL_MARKS_BYTES = 8;

/** In place of the module's number: this worker is about to be ended. */
export const DOOMED = -1;

/** The worker's side; `module-watchdog.ts` looks at it from main. */
export class CallMarks {
  readonly #marks: Int32Array;

  constructor(shared: SharedArrayBuffer) {
    this.#marks = new Int32Array(shared);
  }

  /** @param slot of the module, from 0. */
  enter(slot: number): void {
    Atomics.add(this.#marks, 1, 1);
    Atomics.store(this.#marks, 0, slot + 1);
  }

  /** A worker that is about to be ended stops here, so that nothing it leaves behind is changed once main has judged it. */
  leave(): void {
    if (Atomics.exchange(this.#marks, 0, 0) !== DOOMED) return;
    for (;;) Atomics.wait(this.#marks, 0, 0, 1000);
  }
}
