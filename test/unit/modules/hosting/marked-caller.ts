/** A worker thread that calls a module for as long as it is told, and says how far it has come. */
import { workerData } from 'node:worker_threads';
import { CallMarks } from '../../../../gateway/src/main/modules/call-marks.ts';

/** [0] set by the test to end the call; [1] 1 within the call, 2 after it. */
const { calls, steps } = workerData as { calls: SharedArrayBuffer; steps: SharedArrayBuffer };
const step = new Int32Array(steps);
const marks = new CallMarks(calls);
marks.enter(6);
Atomics.store(step, 1, 1);
while (Atomics.load(step, 0) === 0) Atomics.wait(step, 0, 0, 10);
marks.leave();
Atomics.store(step, 1, 2);
