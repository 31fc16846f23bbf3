/** The module worker: batches in, through every module, rows out. Main watches it and ends it when a call outlasts its deadline. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { sharedClock } from '../adapters/threads/shared-clock.ts';
import { ModuleInstance } from '../adapters/wasm/module-instance.ts';
import { systemClock } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import { BatchPool } from '../core/model/batch-pool.ts';
import { COUNTER_INDEX, countersOf } from '../core/model/counters.ts';
import { LatencyHistogram } from '../core/model/latency-histogram.ts';
import { ALARM_STATE, QUALITY_TIME_FROM_GATEWAY } from '../core/model/quality.ts';
import type { Series } from '../core/model/series.ts';
import { SeriesBoard } from '../core/model/series-board.ts';
import { DerivedRegistry } from '../core/modules/derived-registry.ts';
import { HostedModule } from '../core/modules/hosted-module.ts';
import type { ModuleManifest } from '../core/modules/manifest.ts';
import { ModuleBinding } from '../core/modules/module-binding.ts';
import type { ModuleStatus } from '../core/modules/status.ts';
import { DerivedOutbox } from './derived-outbox.ts';
import type { ModuleBatchMessage, SharedParts } from './thread-messages.ts';
import { notify } from './worker-notice.ts';

/** What is told about one module: already checked by main. */
export interface ModuleSpec {
  readonly name: string;
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  readonly config: Uint8Array;
  /** Patterns of series, one for each configured input. */
  readonly inputs: readonly string[];
  /** How it stood in a worker that was ended. */
  readonly before?: ModuleStatus | undefined;
}

export interface ModuleWorkerData {
  readonly modules: readonly ModuleSpec[];
  readonly shared: SharedParts;
  readonly series: readonly Series[];
  readonly ingest: MessagePort;
  readonly store: MessagePort;
  /** Alarm series that stand raised from before. */
  readonly raised: readonly number[];
  /** [0] number of the module being called, from 1, or 0; [1] counts calls. See `module-watchdog.ts`. */
  readonly calls: SharedArrayBuffer;
}

/** Verbs called by main. */
export interface ModuleVerbs {
  /** Resolves when all output is on disk. */
  drain(): void;
}

const TICK_MS = 1000;

const { modules, shared, series, ingest, store, raised, calls } = workerData as ModuleWorkerData;
const pool = new BatchPool(shared.pool);
const counters = countersOf(shared.counters, 'modules');
const latency = new LatencyHistogram(shared.latencies, 'module');
const age = new LatencyHistogram(shared.latencies, 'moduleAge');
const marks = new Int32Array(calls);
const known = new Map<number, Series>();
const registry = new DerivedRegistry(series, shared.derivedBoard.capacity);
const outbox = new DerivedOutbox(
  store,
  registry,
  new SeriesBoard(shared.derivedBoard),
  (added) => {
    for (const one of added) known.set(one.id, one);
    notify({ notice: 'series', series: added });
  },
  raised,
);
const bindings: ModuleBinding[] = [];
const hosted = modules.map((spec, index) => {
  const binding = new ModuleBinding(spec.name, spec.manifest, spec.inputs, registry, (id) => known.get(id));
  bindings.push(binding);
  return new HostedModule(
    {
      binding,
      instantiate: () => new ModuleInstance(spec.compiled, spec.manifest, spec.config),
      marker: {
        enter() {
          Atomics.add(marks, 1, 1);
          Atomics.store(marks, 0, index + 1);
        },
        leave() {
          Atomics.store(marks, 0, 0);
        },
      },
      onStarted: () => rearm(spec.name),
      sink: outbox,
      random: seededRandom(Date.now()),
      nowMs: () => systemClock.monotonic(),
      log: (text) => notify({ notice: 'log', level: 'warn', text }),
    },
    spec.before,
  );
});

function rowsOut(): number {
  return hosted.reduce((sum, module) => sum + module.rowsOut, 0);
}

/**
 * A new instance starts with every alarm down. What the one before it had raised is cleared, without a value: if its condition still holds, the
 * next reading raises it again; otherwise nobody would ever clear it.
 */
function rearm(module: string): void {
  for (const id of [...outbox.raised]) {
    const isOurs = known.get(id)?.point.includes(`!${module}.`);
    if (isOurs) outbox.point('alarm', id, systemClock.now(), Number.NaN, ALARM_STATE.cleared);
  }
}

function learn(added: readonly Series[]): void {
  for (const one of added) {
    known.set(one.id, one);
    for (const binding of bindings) binding.addSeries(one);
  }
}

learn(series);
for (const module of hosted) module.revive();
outbox.flush();

ingest.on('message', ({ slot, length, arrivedMs, newSeries }: ModuleBatchMessage) => {
  learn(newSeries);
  if (slot < 0) return;
  const points = pool.columns(slot);
  points.length = length;
  const before = rowsOut();
  for (const module of hosted) module.onBatch(points);
  latency.record(sharedClock.monotonic() - arrivedMs);
  if ((points.quality[0]! & QUALITY_TIME_FROM_GATEWAY) === 0) age.record(systemClock.now() - points.timeMs[0]!);
  pool.release(slot, 'modules');
  counters[COUNTER_INDEX.gateway_module_calls]! += hosted.length;
  counters[COUNTER_INDEX.gateway_module_rows_in]! += length;
  counters[COUNTER_INDEX.gateway_module_rows_out]! += rowsOut() - before;
  outbox.flush();
});

function tick(): void {
  for (const module of hosted) {
    module.revive();
    module.onTick(systemClock.now());
  }
  outbox.flush();
  notify({ notice: 'modules', modules: hosted.map((module) => module.status()) });
}

setInterval(tick, TICK_MS);

const verbs: { [K in keyof ModuleVerbs]: (...args: Parameters<ModuleVerbs[K]>) => unknown } = {
  async drain() {
    outbox.flush();
    while (!outbox.isIdle) await new Promise((resolve) => setTimeout(resolve, 5));
  },
};

serveCalls(parentPort!, verbs);
notify({ notice: 'ready' });
