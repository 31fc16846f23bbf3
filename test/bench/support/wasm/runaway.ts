/** How long code that never ends goes on: until its fuel is gone, or until its worker is ended from outside. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';
import { buildModule } from '../../../support/wasm-builder.ts';
import { compile, ROOMY, validate } from './limits.ts';

/** `loop … br 0 end` around each of these; the slowest for its fuel is what a module could choose. */
const LOOPS: Readonly<Record<string, readonly number[]>> = {
  'an empty loop': [],
  'loads and stores': [0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0],
  'memory.grow 0': [0x41, 0, 0x40, 0, 0x1a],
  'memory.fill 64 KiB': [0x41, 0, 0x41, 0, 0x41, 0x80, 0x80, 4, 0xfc, 11, 0],
  'table.fill 64': [0x41, 0, 0xd2, 0, 0x41, 0xc0, 0, 0xfc, 17, 0],
  'table.set': [0x41, 0, 0xd2, 0, 0x26, 0],
};

export interface RunawayFigure {
  readonly loop: string;
  /** Milliseconds of wall time until the trap. */
  readonly ms: number;
}

const runaway = (code: readonly number[]): Uint8Array =>
  buildModule({
    memory: [2, 2],
    tables: [[64]],
    functions: [{ name: 'spin', code: [0x03, 0x40, ...code, 0x0c, 0, 0x0b] }],
    // Declares function 0, so that a reference to it can be taken.
    extra: { 9: [1, 3, 0, 1, 0] },
  });

/** The time each loop takes to use up `fuel`, after two calls to warm up. */
export function stopByFuel(fuel: number): RunawayFigure[] {
  return Object.entries(LOOPS).map(([loop, code]) => {
    const { binary } = guardModule(runaway(code), ROOMY, validate);
    const { exports } = new WebAssembly.Instance(compile(binary), {});
    const tank = exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
    const spin = () => {
      tank.value = BigInt(fuel);
      const start = performance.now();
      try {
        (exports.spin as () => void)();
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) return performance.now() - start;
        throw error;
      }
      throw new Error(`${loop}: a trap expected, its end found`);
    };
    const times = [spin(), spin(), spin(), spin(), spin()].slice(2).sort((a, b) => a - b);
    return { loop, ms: times[1]! };
  });
}

/** Milliseconds from `terminate()` to the worker's end, while it runs an endless loop without fuel. */
export async function stopByTermination(): Promise<number> {
  const code = `const { workerData, parentPort } = require('node:worker_threads');
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(workerData), {});
    parentPort.postMessage('spinning');
    exports.spin();`;
  const worker = new Worker(code, { eval: true, workerData: runaway([]) });
  await once(worker, 'message');
  // Long enough for the loop to be optimised while it runs.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const start = performance.now();
  await worker.terminate();
  return performance.now() - start;
}
