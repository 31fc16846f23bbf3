/** What becomes of garbage outside V8's heap: in two worker threads, one of which looks after it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const MODULE = new URL('../../../gateway/src/adapters/threads/early-collection.ts', import.meta.url);
const MADE_MB = 40;
/** Makes buffers that live long enough to leave the young generation, drops them, and says what lies outside the heap after two seconds, MB. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function work() {
  const made = [];
  for (let n = 0; n < 200_000; n++) made.push({ n });
  return made.length;
}
async function run() {
  let buffers = Array.from({ length: ${MADE_MB} * 16 }, () => new Uint8Array(65536).fill(1));
  for (let n = 0; n < 5; n++) work();
  if (workerData !== null) (await import(workerData)).collectEarly(100);
  await pause(300);
  const made = process.memoryUsage().arrayBuffers;
  buffers = [];
  const more = Array.from({ length: 9 * 16 }, () => new Uint8Array(65536));
  await pause(2000);
  parentPort.postMessage([made, process.memoryUsage().arrayBuffers, more.length]);
}
run();
`;

async function outsideAfterwards(moduleUrl: string | null): Promise<number> {
  const worker = new Worker(PROGRAM, { eval: true, workerData: moduleUrl });
  const [[made, left]] = (await once(worker, 'message')) as [[number, number]];
  await worker.terminate();
  assert.ok(made >= MADE_MB * 2 ** 20);
  return left / 2 ** 20;
}

test('garbage outside the heap is collected long before V8 does so by itself', async () => {
  const [lookedAfter, alone] = await Promise.all([outsideAfterwards(MODULE.href), outsideAfterwards(null)]);
  assert.ok(alone > MADE_MB, `V8 by itself left ${alone} MB`);
  assert.ok(lookedAfter < MADE_MB / 2, `${lookedAfter} MB are left`);
});
