import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../base/errors.ts';
import { type Check, expectSame } from './check.ts';

const TIMEOUT_MS = 20_000;

/** The smallest module that exports a function: `f() → 42`. */
const WASM = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7f],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...[10, 6, 1, 4, 0, 0x41, 42, 0x0b],
);

/** What the gateway's threads rest on: shared memory, atomics, a compiled module handed over. */
const TEXT = `
const { workerData, parentPort } = require('node:worker_threads');
const cell = new Int32Array(workerData.shared);
const { f } = new WebAssembly.Instance(workerData.compiled, {}).exports;
Atomics.store(cell, 0, f());
Atomics.notify(cell, 0);
parentPort.postMessage('done');
`;

export const threadCheck: Check = {
  name: 'worker threads',
  async run() {
    const shared = new SharedArrayBuffer(4);
    const compiled = new WebAssembly.Module(WASM);
    const worker = new Worker(TEXT, { eval: true, workerData: { shared, compiled }, name: 'self-test' });
    try {
      await new Promise((resolve, reject) => {
        const overdue = new GatewayError('unavailable', `a worker that answers within ${TIMEOUT_MS} ms expected`);
        setTimeout(() => reject(overdue), TIMEOUT_MS).unref();
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    } finally {
      await worker.terminate();
    }
    expectSame('answer of a module in a worker', 42, new Int32Array(shared)[0]);
    return 'shared memory, atomics, WebAssembly in a worker';
  },
};
