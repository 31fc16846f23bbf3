/** What the watchdog judges and what the worker does afterwards: real threads, no modules. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { CALL_MARKS_BYTES, type MarkedCall } from '../../../../gateway/src/main/modules/call-marks.ts';
import { ModuleWatchdog } from '../../../../gateway/src/main/modules/module-watchdog.ts';
import { eventually } from '../../../support/eventually.ts';

const SLOT = 6;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function startCaller() {
  const calls = new SharedArrayBuffer(CALL_MARKS_BYTES);
  const steps = new SharedArrayBuffer(8);
  const worker = new Worker(new URL('./marked-caller.ts', import.meta.url), { workerData: { calls, steps } });
  const step = new Int32Array(steps);
  const isAt = (want: number) => eventually(`step ${want}`, () => Atomics.load(step, 1) === want);
  const endCall = () => Atomics.store(step, 0, 1);
  return { calls, worker, step, isAt, endCall };
}

function watch(calls: SharedArrayBuffer, deadlineMs: number, onOverdue: (call: MarkedCall) => void): ModuleWatchdog {
  const deadlineOf = () => deadlineMs;
  const watchdog = new ModuleWatchdog({ calls, deadlineOf, deadlines: () => [deadlineMs], onOverdue });
  watchdog.start();
  return watchdog;
}

test('a worker that was judged goes no further, also when its call comes back, and can be ended', async () => {
  const { calls, worker, step, isAt, endCall } = startCaller();
  const overdue: number[] = [];
  using _ = watch(calls, 20, ({ slot }) => overdue.push(slot));
  await isAt(1);
  await eventually('the judgement', () => overdue.length > 0);
  endCall();
  await pause(200);
  assert.deepEqual(overdue, [SLOT], 'judged once, by its slot');
  assert.equal(Atomics.load(step, 1), 1, 'nothing is done after the call');
  await worker.terminate();
});

test('a call that comes back in time is left alone', async () => {
  const { calls, worker, isAt, endCall } = startCaller();
  using watchdog = watch(calls, 60_000, () => assert.fail('nobody is overdue'));
  await isAt(1);
  assert.deepEqual(watchdog.calling, { slot: SLOT, isBeside: false });
  endCall();
  await isAt(2);
  assert.equal(watchdog.calling, undefined);
  await worker.terminate();
});

test('a call is judged by when it began, whenever the watch did', async () => {
  const { calls, worker, isAt } = startCaller();
  await isAt(1);
  await pause(300);
  const startMs = performance.now();
  const judged = Promise.withResolvers<number>();
  using _ = watch(calls, 280, () => judged.resolve(performance.now() - startMs));
  assert.ok((await judged.promise) < 250, 'not a whole deadline from now');
  await worker.terminate();
});

test('between calls it looks as often as the shortest deadline, and not at all where nothing may be called', async () => {
  const { calls, worker, isAt } = startCaller();
  await isAt(1);
  let looks = 0;
  const held: number[] = [];
  const deadlines = () => {
    looks++;
    return held;
  };
  const overdue: number[] = [];
  const parts = { calls: new SharedArrayBuffer(CALL_MARKS_BYTES), deadlineOf: () => 100, deadlines };
  using watchdog = new ModuleWatchdog({ ...parts, onOverdue: ({ slot }) => overdue.push(slot) });
  watchdog.start();
  await pause(200);
  assert.equal(looks, 1);
  held.push(100);
  watchdog.wake();
  await pause(1000);
  assert.ok(looks > 3 && looks <= 12, `${looks} looks`);
  // The marks of a call that never comes back.
  new Int32Array(parts.calls).set(new Int32Array(calls));
  await eventually('the judgement', () => overdue.length > 0, 1000);
  await worker.terminate();
});

test('a call of nobody who has a deadline is not judged', async () => {
  const { calls, worker, isAt } = startCaller();
  await isAt(1);
  const onOverdue = () => assert.fail('it was judged');
  using watchdog = new ModuleWatchdog({ calls, deadlineOf: () => undefined, deadlines: () => [5], onOverdue });
  watchdog.start();
  await pause(100);
  await worker.terminate();
});
