/**
 * The modules of one class without a worker thread: real WebAssembly in a real `HostedModules`, behind the face that the module host expects of
 * a thread. What a worker's end does to it is a verb here, so that a test says when.
 */
import type { Remote } from '../../gateway/src/adapters/threads/rpc.ts';
import { ModuleInstance } from '../../gateway/src/adapters/wasm/module-instance.ts';
import { systemClock } from '../../gateway/src/base/clock.ts';
import { GatewayError } from '../../gateway/src/base/errors.ts';
import { seededRandom } from '../../gateway/src/base/random.ts';
import type { PointColumns } from '../../gateway/src/core/model/points.ts';
import type { CanaryReport } from '../../gateway/src/core/modules/comparison.ts';
import type { DerivedLane } from '../../gateway/src/core/modules/counted-sink.ts';
import { DerivedRegistry } from '../../gateway/src/core/modules/derived-registry.ts';
import { HostDesk } from '../../gateway/src/core/modules/host-desk.ts';
import { HostedModules } from '../../gateway/src/core/modules/hosted-modules.ts';
import { ModuleBinding } from '../../gateway/src/core/modules/module-binding.ts';
import { ModuleRun } from '../../gateway/src/core/modules/module-run.ts';
import { allocateRecovery, Recovery } from '../../gateway/src/core/modules/recovery.ts';
import type { ModuleStatus } from '../../gateway/src/core/modules/status.ts';
import { blankStatus } from '../../gateway/src/main/modules/module-entry.ts';
import type { ModuleSpec } from '../../gateway/src/main/modules/module-spec.ts';
import type { ModuleThreadFace, ModuleThreadParts } from '../../gateway/src/main/modules/module-thread.ts';
import type { ModuleVerbs } from '../../gateway/src/main/modules/worker-contract.ts';

export interface InProcessOptions {
  /** Hears every row that a worker would have sent to the store: `lane device/point time value quality`. */
  readonly onRow?: (row: string) => void;
  /** Recovery memory, so that the worker can be replaced; without it a replaced worker begins empty. */
  readonly keepsRecovery?: boolean;
}

interface Hosted {
  readonly spec: ModuleSpec;
  readonly state?: Uint8Array | undefined;
}

/** Modules of the WASI profile are not for here: their system interface belongs to a worker. */
export class InProcessThread implements ModuleThreadFace {
  readonly #parts: ModuleThreadParts;
  readonly #options: InProcessOptions;
  readonly #hosted = new Map<string, Hosted>();
  readonly #beside = new Map<string, ModuleSpec>();
  readonly #registry: DerivedRegistry;
  readonly #names = new Map<number, string>();
  readonly #unsent: { lane: DerivedLane; row: string }[] = [];
  #recovery: SharedArrayBuffer | undefined;
  #modules: HostedModules<ModuleSpec> | undefined;
  #lastStatuses: readonly ModuleStatus[] = [];
  #hasRun = false;

  constructor(parts: ModuleThreadParts, options: InProcessOptions = {}) {
    this.#parts = parts;
    this.#options = options;
    this.#registry = new DerivedRegistry([], parts.ids);
  }

  get specs(): ModuleSpec[] {
    return [...this.#hosted.values()].map(({ spec }) => spec);
  }

  statuses(): readonly ModuleStatus[] {
    const statuses = this.#modules?.statuses() ?? this.#lastStatuses;
    return statuses.filter(({ name }) => this.#hosted.has(name));
  }

  admit(spec: ModuleSpec, state?: Uint8Array): void {
    this.#hosted.set(spec.name, { spec, state });
    this.#lastStatuses = [...this.#lastStatuses, blankStatus(spec)];
  }

  async start(): Promise<void> {
    if (this.#hosted.size > 0) this.startWorker();
  }

  async put(spec: ModuleSpec): Promise<string | null> {
    this.#hosted.set(spec.name, { spec });
    if (this.#hasRun) return this.verbs.put(spec, this.#parts.series());
    this.startWorker();
    return 'its worker is new';
  }

  async remove(name: string): Promise<void> {
    if (!this.#hosted.delete(name)) return;
    await this.verbs.remove(name);
    if (this.#hosted.size > 0) return;
    this.#modules = undefined;
    this.#hasRun = false;
  }

  async startCanary(spec: ModuleSpec): Promise<string | null> {
    this.#beside.set(spec.name, spec);
    return this.verbs.startCanary(spec, this.#parts.series());
  }

  async swapCanary(name: string): Promise<boolean> {
    const [live, beside] = [this.#hosted.get(name)?.spec, this.#beside.get(name)];
    if (live === undefined || beside === undefined || !(await this.verbs.swapCanary(name))) return false;
    this.#hosted.set(name, { spec: beside });
    this.#beside.set(name, live);
    return true;
  }

  async dropCanary(name: string): Promise<void> {
    this.#beside.delete(name);
    await this.verbs.dropCanary(name);
  }

  async canaryReport(name: string): Promise<CanaryReport | null> {
    return (await this.verbs.canaryReport(name)) ?? null;
  }

  async drain(): Promise<void> {
    this.#flush();
  }

  async stop(): Promise<Map<string, Uint8Array>> {
    const states = this.#modules?.states() ?? new Map<string, Uint8Array>();
    this.#modules = undefined;
    return states;
  }

  get verbs(): Remote<ModuleVerbs> {
    const modules = this.#modules;
    if (modules === undefined) {
      throw new GatewayError('unavailable', `the worker of ${this.#parts.moduleClass} modules is being started anew`);
    }
    return {
      put: async (spec) => modules.put(spec),
      remove: async (name) => modules.remove(name),
      resume: async (name) => modules.find(name)?.live.resume(),
      startCanary: async (spec) => modules.startCanary(spec),
      swapCanary: async (name) => modules.swapCanary(name),
      dropCanary: async (name) => modules.find(name)?.dropCanary(),
      canaryReport: async (name) => modules.find(name)?.canaryReport() ?? null,
      statuses: async () => modules.statuses(),
      states: async () => modules.states(),
      drain: () => this.drain(),
    };
  }

  /** A batch of ingest. Without a worker it is not seen by anybody. */
  deliver(points: PointColumns, sequence: number): void {
    this.#modules?.onBatch(points, sequence, false);
    this.#flush();
    this.#modules?.checkpointIfDue();
  }

  /** The worker is gone, with all that it held. @param culprit for whose call it was ended; it waits in back-off. */
  endWorker(culprit?: string): void {
    this.#lastStatuses = this.statuses().map((status) => {
      if (status.name !== culprit) return { ...status, canary: null };
      const counts = { traps: status.traps + 1, restarts: status.restarts + 1, failures: status.failures + 1 };
      const error = 'a call outlasted its deadline';
      return { ...status, ...counts, state: 'backing_off', error, canary: null };
    });
    this.#modules = undefined;
  }

  /** The first worker, or the one after another that was ended. @param culprit as at `endWorker`. */
  startWorker(culprit?: string): void {
    if (this.#options.keepsRecovery) this.#recovery ??= allocateRecovery();
    const recovery = this.#recovery === undefined ? null : new Recovery(this.#recovery);
    const modules = this.#hostedModules(recovery);
    this.#modules = modules;
    const hosted = [...this.#hosted.values()];
    if (!this.#hasRun) for (const { spec, state } of hosted) modules.put(spec, undefined, state);
    else {
      const before = (name: string) => this.#lastStatuses.find((status) => status.name === name);
      const culprits = hosted.filter(({ spec }) => spec.name === culprit).map(({ spec }) => spec.slot);
      const initial = hosted.map(({ spec }) => ({ spec, before: before(spec.name) }));
      modules.recover(initial, new Set(culprits));
      this.#flush();
      modules.checkpoint();
    }
    this.#hasRun = true;
  }

  #hostedModules(recovery: Recovery | null): HostedModules<ModuleSpec> {
    return new HostedModules<ModuleSpec>({
      makeRun: (spec, before, { onFresh }) => this.#makeRun(spec, before, onFresh),
      onFresh: () => undefined,
      outbox: {
        point: (lane, series, timeMs, value, quality) => {
          this.#unsent.push({ lane, row: `${lane} ${this.#nameOf(series)} ${timeMs} ${value} ${quality}` });
        },
        shed: () => undefined,
      },
      recovery,
      onQuarantine: () => undefined,
      nowMs: () => systemClock.monotonic(),
      log: (text) => this.#parts.log('warn', text),
    });
  }

  #makeRun(spec: ModuleSpec, before: ModuleStatus | undefined, onFresh: () => void): ModuleRun {
    const { series, log, quarantineAfter } = this.#parts;
    const { name, manifest, compiled, config } = spec;
    if (manifest.profile !== 'core')
      throw new GatewayError('invalid', `module ${name}: a module of profile core expected`);
    const known = series();
    const binding = new ModuleBinding(name, manifest, spec.inputs, this.#registry, (id) => known[id]);
    for (const one of known) binding.addSeries(one);
    const desk = new HostDesk(manifest, {
      log: (level, text) => log(level, `module ${name}: ${text}`),
      emit: () => undefined,
      epochMs: () => systemClock.now(),
      nowMs: () => systemClock.monotonic(),
    });
    const parts = {
      ...{ binding, desk, quarantineAfter },
      instantiate: () => new ModuleInstance(compiled, manifest, config, desk),
      marker: { enter: () => undefined, leave: () => undefined },
      onFresh,
      random: seededRandom(1),
      nowMs: () => systemClock.monotonic(),
      log: (text: string) => log('warn', text),
    };
    return new ModuleRun(parts, before);
  }

  #flush(): void {
    for (const { row } of this.#unsent.splice(0)) this.#options.onRow?.(row);
    for (const lane of ['alarm', 'aggregate'] as const) this.#modules?.laneSent(lane);
  }

  #nameOf(id: number): string {
    for (const one of this.#registry.takeAdded()) this.#names.set(one.id, `${one.device}/${one.point}`);
    return this.#names.get(id) ?? String(id);
  }
}
