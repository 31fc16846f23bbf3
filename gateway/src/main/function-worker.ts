/** A function worker: instances of functions, called one at a time. Main watches it and ends it when a call outlasts its deadline. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { FunctionInstance } from '../adapters/wasm/function-instance.ts';
import { systemClock } from '../base/clock.ts';
import { describeError, GatewayError } from '../base/errors.ts';
import type { CallFault } from '../core/functions/ports.ts';
import { HostDesk } from '../core/modules/host-desk.ts';
import type { ModuleManifest } from '../core/modules/manifest.ts';
import { CallMarks } from './modules/call-marks.ts';
import { notify } from './worker-notice.ts';

/** What is told about one function: already checked by main. */
export interface FunctionModule {
  readonly name: string;
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  readonly config: Uint8Array;
}

export interface FunctionWorkerData {
  readonly functions: readonly FunctionModule[];
  /** See `call-marks.ts`. */
  readonly calls: SharedArrayBuffer;
}

/** How a call in the worker ended. */
export type WorkerAnswer =
  | { readonly errno: number; readonly reply: Uint8Array | null }
  | { readonly fault: CallFault; readonly message: string };

/** Verbs called by main. `fn` is an index into the functions, `instance` a number that main gives out. */
export interface FunctionVerbs {
  start(instance: number, fn: number): WorkerAnswer;
  call(instance: number, event: Uint8Array): WorkerAnswer;
  close(instance: number): void;
}

interface Held {
  readonly fn: number;
  readonly instance: FunctionInstance;
}

const GAUGES_EVERY_MS = 1000;

const { functions, calls } = workerData as FunctionWorkerData;
const marks = new CallMarks(calls);
const instances = new Map<number, Held>();
const desks = functions.map(({ name, manifest }) => {
  return new HostDesk(manifest, {
    log: (level, text) => notify({ notice: 'log', level, text: `function ${name}: ${text}` }),
    emit: (type, data) => notify({ notice: 'emitted', module: name, type, data }),
    epochMs: () => systemClock.now(),
    nowMs: () => systemClock.monotonic(),
  });
});

/** Runs with the watchdog looking on; a programmer's mistake of ours passes through. */
function watched(fn: number, fallback: CallFault, work: () => WorkerAnswer): WorkerAnswer {
  marks.enter(fn);
  try {
    return work();
  } catch (error) {
    return { fault: faultOf(error, fallback), message: describeError(error) };
  } finally {
    marks.leave();
  }
}

function faultOf(error: unknown, fallback: CallFault): CallFault {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return fallback;
  if (!(error instanceof GatewayError)) throw error;
  if (fallback === 'start') return 'start';
  return error.code === 'exhausted' ? 'fuel' : error.code === 'invalid' ? 'too_large' : 'malformed';
}

const verbs: { [K in keyof FunctionVerbs]: FunctionVerbs[K] } = {
  start(number, fn) {
    const { compiled, manifest, config } = functions[fn]!;
    return watched(fn, 'start', () => {
      instances.set(number, { fn, instance: new FunctionInstance(compiled, manifest, config, desks[fn]!) });
      return { errno: 0, reply: null };
    });
  },
  call(number, event) {
    const held = instances.get(number);
    if (held === undefined) return { fault: 'lost', message: 'the instance has gone' };
    const answer = watched(held.fn, 'trap', () => held.instance.onEvent(event));
    if ('fault' in answer && answer.fault !== 'too_large') instances.delete(number);
    return answer;
  },
  close: (number) => void instances.delete(number),
};

setInterval(() => {
  for (const [index, { gauges }] of desks.entries())
    if (gauges.size > 0) notify({ notice: 'functionGauges', fn: functions[index]!.name, gauges: [...gauges] });
}, GAUGES_EVERY_MS);

serveCalls(parentPort!, verbs);
notify({ notice: 'ready' });
