/** A module worker, one of each class: batches in, through every module, rows out. Main watches it and ends it when a call outlasts its deadline. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { sharedClock } from '../adapters/threads/shared-clock.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { BatchPool } from '../core/model/batch-pool.ts';
import { COUNTER_INDEX, countersOf } from '../core/model/counters.ts';
import { LatencyHistogram } from '../core/model/latency-histogram.ts';
import { MODULE_CLASSES } from '../core/model/module-class.ts';
import { QUALITY_TIME_FROM_GATEWAY } from '../core/model/quality.ts';
import type { Series } from '../core/model/series.ts';
import { SeriesBoard } from '../core/model/series-board.ts';
import { DerivedRegistry } from '../core/modules/derived-registry.ts';
import { HostedModules } from '../core/modules/hosted-modules.ts';
import { Recovery } from '../core/modules/recovery.ts';
import { BatchQueue } from './modules/batch-queue.ts';
import { giveWayUnlessVendor } from './modules/class-priority.ts';
import { DerivedOutbox } from './modules/derived-outbox.ts';
import { HostAlarms } from './modules/host-alarms.ts';
import { ModuleRunFactory } from './modules/module-run-factory.ts';
import type { ModuleSpec } from './modules/module-spec.ts';
import { WasiHost } from './modules/wasi-host.ts';
import type { InitialModule, ModuleVerbs, ModuleWorkerData } from './modules/worker-contract.ts';
import { careForThread } from './service/memory-care.ts';
import type { ModuleBatchMessage } from './thread-messages.ts';
import { notify, warn } from './worker-notice.ts';

const TICK_MS = 1000;
/** With so many batches waiting the slowest module is left out, until few are. */
const LAGS_FROM = 128;
const LAGS_UNTIL = 16;
/** How long a drain waits for batches that are still to be worked off: half of what the gateway has to stop. */
const DRAIN_BATCHES_MS = 10_000;

const data = workerData as ModuleWorkerData;
const { moduleClass, shared, ingest } = data;
giveWayUnlessVendor(moduleClass);
careForThread(warn);
const pool = new BatchPool(shared.pool);
const counters = countersOf(shared.counters, moduleClass);
const latency = new LatencyHistogram(shared.latencies, 'module');
const age = new LatencyHistogram(shared.latencies, 'moduleAge');
const progress = new Float64Array(shared.moduleProgress);
const classIndex = MODULE_CLASSES.indexOf(moduleClass);
const known = new Map<number, Series>();
const registry = new DerivedRegistry(data.series, data.ids);
const outbox = new DerivedOutbox(
  data.store,
  registry,
  new SeriesBoard(shared.derivedBoard),
  (added) => {
    for (const one of added) known.set(one.id, one);
    notify({ notice: 'series', series: added });
  },
  data.raised,
  (lane) => modules.laneSent(lane),
);
const alarms = new HostAlarms(data.gatewayId, registry, outbox, (id) => known.get(id), systemClock);
const recovery = new Recovery(data.recovery);
const wasi = new WasiHost({ log: (level, text) => notify({ notice: 'log', level, text }) });
const factory = new ModuleRunFactory({
  calls: data.calls,
  registry,
  seriesOf: (id) => known.get(id),
  systemOf: (spec) => wasi.systemOf(spec),
  quarantineAfter: data.quarantineAfter,
  recovery,
});
const modules = new HostedModules<ModuleSpec>({
  makeRun: (spec, before, place) => factory.make(spec, before, place, known.values()),
  onFresh: (name) => alarms.rearm(name),
  outbox,
  recovery,
  onQuarantine: (name, isQuarantined) => alarms.quarantine(name, isQuarantined),
  nowMs: () => systemClock.monotonic(),
  log: warn,
});

function learn(added: readonly Series[]): void {
  for (const one of added) {
    known.set(one.id, one);
    for (const run of modules.runs()) run.binding.addSeries(one);
  }
}

/** Resolves false, and says why, when a module cannot have its system interface: it is then left out. */
async function canRun(spec: ModuleSpec): Promise<boolean> {
  return wasi.prepare(spec).then(
    () => true,
    (error) => {
      notify({ notice: 'log', level: 'error', text: `module ${spec.name}: refused: ${describeError(error)}` });
      return false;
    },
  );
}

const usable: InitialModule[] = [];
for (const one of data.modules) if (await canRun(one.spec)) usable.push(one);
learn(data.series);
if (data.culprits === null) for (const { spec, before, state } of usable) modules.put(spec, before, state);
else {
  modules.recover(usable, new Set(data.culprits));
  outbox.flush();
  modules.checkpoint();
}
outbox.flush();

let isLagging = false;
const queue = new BatchQueue<ModuleBatchMessage>(workOff);
ingest.on('message', (batch: ModuleBatchMessage) => queue.add(batch));

function workOff({ slot, copy, length, sequence, arrivedMs, isColoured, newSeries }: ModuleBatchMessage): void {
  learn(newSeries);
  // What a worker before this one had begun has been gone over when this one started.
  const isNew = length > 0 && sequence > recovery.sequence;
  const points = copy ?? pool.columns(Math.max(0, slot));
  if (isNew) {
    points.length = length;
    const before = modules.rowsOut;
    isLagging = queue.length > (isLagging ? LAGS_UNTIL : LAGS_FROM);
    modules.onBatch(points, sequence, isColoured, isLagging);
    latency.record(sharedClock.monotonic() - arrivedMs);
    if ((points.quality[0]! & QUALITY_TIME_FROM_GATEWAY) === 0) age.record(systemClock.now() - points.timeMs[0]!);
    counters[COUNTER_INDEX.gateway_module_calls]! += modules.size;
    counters[COUNTER_INDEX.gateway_module_rows_in]! += length;
    counters[COUNTER_INDEX.gateway_module_rows_out]! += Math.max(0, modules.rowsOut - before);
  }
  if (slot >= 0) pool.release(slot, moduleClass);
  progress[classIndex] = sequence;
  outbox.flush();
  modules.checkpointIfDue();
}

function report(): void {
  notify({ notice: 'modules', moduleClass, modules: modules.statuses() });
}

function tick(): void {
  if (queue.isHeld) return;
  modules.onTick(systemClock.now());
  void wasi.flushWhatIsDue();
  outbox.flush();
  modules.checkpointIfDue();
  report();
}

setInterval(tick, TICK_MS);

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

const verbs: { [K in keyof ModuleVerbs]: (...args: Parameters<ModuleVerbs[K]>) => unknown } = {
  put: (spec, series) =>
    queue.exclusively(async () => {
      await wasi.prepare(spec);
      registry.know(series);
      learn(series);
      const notCarried = modules.put(spec);
      outbox.flush();
      report();
      return notCarried;
    }),
  remove(name) {
    modules.remove(name);
    alarms.rearm(name);
    alarms.quarantine(name, false);
    outbox.flush();
    report();
  },
  resume(name) {
    modules.find(name)?.live.resume();
    report();
  },
  startCanary: (spec, series) =>
    queue.exclusively(async () => {
      await wasi.prepare(spec);
      registry.know(series);
      return modules.startCanary(spec);
    }),
  swapCanary(name) {
    const swapped = modules.swapCanary(name);
    report();
    return swapped;
  },
  dropCanary(name) {
    modules.find(name)?.dropCanary();
    report();
  },
  canaryReport: (name) => modules.find(name)?.canaryReport() ?? null,
  statuses: () => modules.statuses(),
  states: () => modules.states(),
  async drain(sequence) {
    const end = systemClock.monotonic() + DRAIN_BATCHES_MS;
    while (progress[classIndex]! < sequence && systemClock.monotonic() < end) await turn();
    const left = sequence - progress[classIndex]!;
    if (left > 0) warn(`${moduleClass} modules: ${left} batches not worked off`);
    await wasi.flushAll();
    outbox.flush();
    while (!outbox.isIdle) {
      await turn();
      outbox.flush();
    }
  },
};

serveCalls(parentPort!, verbs);
notify({ notice: 'ready' });
