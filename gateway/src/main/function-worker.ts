/** A function worker: instances of functions, called one at a time. Main watches it and ends it when a call outlasts its deadline. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { FunctionInstance } from '../adapters/wasm/function-instance.ts';
import { systemClock } from '../base/clock.ts';
import { describeError, GatewayError } from '../base/errors.ts';
import type { CallFault } from '../core/functions/ports.ts';
import type { ModuleClass } from '../core/model/module-class.ts';
import { HostDesk } from '../core/modules/host-desk.ts';
import type { ModuleManifest } from '../core/modules/manifest.ts';
import { CallMarks } from './modules/call-marks.ts';
import { giveWayUnlessVendor } from './modules/class-priority.ts';
import { careForThread } from './service/memory-care.ts';
import { notify, warn } from './worker-notice.ts';

/** What one function runs: already checked by main. */
export interface FunctionModule {
  /** Of the function. */
  readonly name: string;
  readonly moduleClass: ModuleClass;
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  readonly config: Uint8Array;
}

export interface FunctionWorkerData {
  /** Of all that it runs. */
  readonly moduleClass: ModuleClass;
  /** See `call-marks.ts`. */
  readonly calls: SharedArrayBuffer;
}

/** How a call in the worker ended. */
export type WorkerAnswer =
  | { readonly errno: number; readonly reply: Uint8Array | null }
  | { readonly fault: CallFault; readonly message: string };

/** Verbs called by main. `instance` is a number that main gives out, never twice. */
export interface FunctionVerbs {
  start(instance: number, module: FunctionModule): WorkerAnswer;
  call(instance: number, event: Uint8Array): WorkerAnswer;
  close(instance: number): void;
}

interface Desk {
  readonly version: string;
  readonly desk: HostDesk;
}

const GAUGES_EVERY_MS = 1000;

const { calls, moduleClass } = workerData as FunctionWorkerData;
giveWayUnlessVendor(moduleClass);
careForThread(warn);
const marks = new CallMarks(calls);
const instances = new Map<number, FunctionInstance>();
/** Of each function, for the version that was started last. */
const desks = new Map<string, Desk>();

function deskOf({ name, manifest }: FunctionModule): HostDesk {
  const known = desks.get(name);
  if (known?.version === manifest.version) return known.desk;
  const desk = new HostDesk(manifest, {
    log: (level, text) => notify({ notice: 'log', level, text: `function ${name}: ${text}` }),
    emit: (type, data) => notify({ notice: 'emitted', module: name, type, data }),
    epochMs: () => systemClock.now(),
    nowMs: () => systemClock.monotonic(),
  });
  desks.set(name, { version: manifest.version, desk });
  return desk;
}

/** Runs with the watchdog looking on; a programmer's mistake of ours passes through. */
function watched(instance: number, fallback: CallFault, work: () => WorkerAnswer): WorkerAnswer {
  marks.enter(instance);
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
  start(number, module) {
    const { compiled, manifest, config } = module;
    return watched(number, 'start', () => {
      instances.set(number, new FunctionInstance(compiled, manifest, config, deskOf(module)));
      return { errno: 0, reply: null };
    });
  },
  call(number, event) {
    const instance = instances.get(number);
    if (instance === undefined) return { fault: 'lost', message: 'the instance has gone' };
    const answer = watched(number, 'trap', () => instance.onEvent(event));
    if ('fault' in answer && answer.fault !== 'too_large') instances.delete(number);
    return answer;
  },
  close: (number) => void instances.delete(number),
};

setInterval(() => {
  for (const [fn, { version, desk }] of desks)
    if (desk.gauges.size > 0) notify({ notice: 'functionGauges', fn, version, gauges: [...desk.gauges] });
}, GAUGES_EVERY_MS);

serveCalls(parentPort!, verbs);
notify({ notice: 'ready' });
