/**
 * Keeps the module worker of one class alive: starts it when it is first needed, watches its calls, ends it when a module outlasts its deadline,
 * and starts the next one with the culprit in back-off and every other module as it was. Ingest goes on meanwhile.
 */
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { type Remote, remoteCalls } from '../../adapters/threads/rpc.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError, GatewayError } from '../../base/errors.ts';
import { millis } from '../../base/units.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import type { Series } from '../../core/model/series.ts';
import type { CanaryReport } from '../../core/modules/comparison.ts';
import type { IdRange } from '../../core/modules/derived-registry.ts';
import { allocateRecovery } from '../../core/modules/recovery.ts';
import type { ModuleStatus } from '../../core/modules/status.ts';
import type { SharedParts, WorkerNotice } from '../thread-messages.ts';
import { startThread } from '../threads.ts';
import { BesideVersions } from './beside-versions.ts';
import { CALL_MARKS_BYTES, type MarkedCall } from './call-marks.ts';
import { blankStatus } from './module-entry.ts';
import type { ModuleSpec } from './module-spec.ts';
import { ModuleWatchdog } from './module-watchdog.ts';
import type { InitialModule, ModuleVerbs, ModuleWorkerData } from './worker-contract.ts';

export interface ModuleThreadParts {
  readonly moduleClass: ModuleClass;
  readonly gatewayId: string;
  readonly ids: IdRange;
  readonly shared: SharedParts;
  readonly quarantineAfter: number;
  /** All series known now, asked for at each start of a worker. */
  readonly series: () => readonly Series[];
  /** Alarm series that stand raised now. */
  readonly raisedAlarms: () => Promise<number[]>;
  readonly connectIngest: (port: MessagePort | null) => void;
  readonly connectStore: (port: MessagePort) => Promise<void>;
  readonly onNotice: (notice: WorkerNotice) => void;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

interface Hosted {
  readonly spec: ModuleSpec;
  /** From the last life of the gateway; used until a worker is ready. */
  readonly state?: Uint8Array | undefined;
}

/** A worker that dies by itself is started again after this. */
const RESTART_AFTER = millis(1000);

/** How long a drain that lost its worker is begun again: a fourth of what the gateway has to stop. */
const DRAIN_TRIES_MS = 5000;
const NEXT_WORKER_LOOK = millis(20);

/** What the host of all modules asks of the thread of one class. */
export type ModuleThreadFace = Pick<
  ModuleThread,
  | 'admit'
  | 'start'
  | 'put'
  | 'remove'
  | 'startCanary'
  | 'swapCanary'
  | 'dropCanary'
  | 'canaryReport'
  | 'verbs'
  | 'statuses'
  | 'drain'
  | 'stop'
>;

export class ModuleThread {
  readonly #parts: ModuleThreadParts;
  readonly #hosted = new Map<string, Hosted>();
  #recovery: SharedArrayBuffer | undefined;
  /** Slots of modules for which a worker was ended since the last one was ready. */
  readonly #culprits = new Set<number>();
  #statuses: readonly ModuleStatus[] = [];
  #worker: Worker | undefined;
  #remote: Remote<ModuleVerbs> | undefined;
  #watchdog: ModuleWatchdog | undefined;
  #hasRun = false;
  /** A worker has taken over what modules knew when the gateway was last stopped. */
  #hasBeenReady = false;
  #isStopping = false;
  readonly #beside = new BesideVersions();
  /** Changes that start or end the worker come one after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(parts: ModuleThreadParts) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#hosted.size === 0;
  }

  statuses(): readonly ModuleStatus[] {
    return this.#statuses.filter(({ name }) => this.#hosted.has(name));
  }

  /** Before `start`. */
  admit(spec: ModuleSpec, state?: Uint8Array): void {
    this.#hosted.set(spec.name, { spec, state });
    this.#statuses = [...this.#statuses, blankStatus(spec)];
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.isEmpty) await this.#startWorker();
    });
  }

  /** @returns null, or why the module begins without the state of the one before it. */
  put(spec: ModuleSpec): Promise<string | null> {
    return this.#inTurn(() => this.#put(spec));
  }

  /** The last one takes the worker with it. @throws GatewayError `unavailable` while there is no worker: nothing has changed. */
  remove(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(name));
  }

  async #put(spec: ModuleSpec): Promise<string | null> {
    const before = this.#hosted.get(spec.name);
    this.#host(spec);
    try {
      const notCarried = this.#hasRun ? await this.#verbs.put(spec, this.#parts.series()) : await this.#startFirst();
      this.#beside.drop(spec.name);
      this.#statuses = await this.#verbs.statuses();
      return notCarried;
    } catch (error) {
      // Whatever worker comes next begins with what was accepted.
      if (before === undefined) this.#hosted.delete(spec.name);
      else this.#hosted.set(spec.name, before);
      throw error;
    }
  }

  async #startFirst(): Promise<string> {
    await this.#startWorker();
    return 'its worker is new';
  }

  async #remove(name: string): Promise<void> {
    if (!this.#hosted.has(name)) return;
    await this.#verbs.remove(name);
    this.#hosted.delete(name);
    this.#beside.drop(name);
    if (!this.isEmpty) return;
    await this.#verbs.drain(0);
    await this.#endWorker();
    this.#parts.connectIngest(null);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => undefined);
    return done;
  }

  /** @returns null, or why it did not begin with its state. @throws GatewayError `denied` when the worker had to be ended for its start. */
  async startCanary(spec: ModuleSpec): Promise<string | null> {
    this.#beside.start(spec);
    this.#watchdog?.wake();
    try {
      return await this.#verbs.startCanary(spec, this.#parts.series());
    } catch (error) {
      const failure = this.#beside.failureOf(spec.name);
      this.#beside.drop(spec.name);
      if (failure === undefined) throw error;
      throw new GatewayError('denied', `module ${spec.name}: version ${spec.manifest.version}: ${failure}`);
    }
  }

  /** What was beside the live version is live, from now on also in a new worker, and what was live is beside it. @returns false when there is none. */
  async swapCanary(name: string): Promise<boolean> {
    const live = this.#hosted.get(name)?.spec;
    const hasSwapped = live !== undefined && (await this.#verbs.swapCanary(name));
    const spec = hasSwapped ? this.#beside.exchange(live) : undefined;
    if (spec !== undefined) this.#host(spec);
    return hasSwapped;
  }

  async dropCanary(name: string): Promise<void> {
    this.#beside.drop(name);
    await this.#verbs.dropCanary(name);
  }

  /** Null when there is none, such as after its worker was replaced for another reason than itself. */
  async canaryReport(name: string): Promise<CanaryReport | null> {
    return this.#beside.reportOf(name) ?? (await this.#verbs.canaryReport(name)) ?? null;
  }

  /** @throws GatewayError `unavailable` while there is no worker. */
  get verbs(): Remote<ModuleVerbs> {
    return this.#verbs;
  }

  /** Every batch up to `sequence` worked off, and all output on disk: by the next worker, where one ends meanwhile. */
  async drain(sequence: number): Promise<void> {
    const { log, moduleClass } = this.#parts;
    const until = systemClock.monotonic() + DRAIN_TRIES_MS;
    while (!this.isEmpty) {
      const remote = this.#remote;
      try {
        if (remote !== undefined) return await remote.drain(sequence);
      } catch (error) {
        if (this.#remote === remote) throw error;
      }
      if (systemClock.monotonic() > until) {
        return log('warn', `${moduleClass} modules: not drained: their worker was ended again and again`);
      }
      await systemClock.sleep(NEXT_WORKER_LOOK);
    }
  }

  /** @returns what each module knows, by name. */
  stop(): Promise<Map<string, Uint8Array>> {
    this.#isStopping = true;
    return this.#inTurn(() => this.#stop());
  }

  async #stop(): Promise<Map<string, Uint8Array>> {
    const states = await this.#states().catch((error) => {
      this.#parts.log('warn', `module worker: its modules' state is lost: ${describeError(error)}`);
      return new Map<string, Uint8Array>();
    });
    await this.#endWorker();
    return states;
  }

  async #states(): Promise<Map<string, Uint8Array>> {
    return this.isEmpty ? new Map() : await this.#verbs.states();
  }

  #host(spec: ModuleSpec): void {
    this.#hosted.set(spec.name, { spec });
    this.#watchdog?.wake();
  }

  get #verbs(): Remote<ModuleVerbs> {
    if (this.#remote === undefined) {
      throw new GatewayError('unavailable', `the worker of ${this.#parts.moduleClass} modules is being started anew`);
    }
    return this.#remote;
  }

  async #endWorker(): Promise<void> {
    this.#watchdog?.[Symbol.dispose]();
    const worker = this.#worker;
    this.#worker = undefined;
    this.#remote = undefined;
    this.#hasRun = false;
    await worker?.terminate();
  }

  async #startWorker(): Promise<void> {
    const { moduleClass, gatewayId, ids, shared, quarantineAfter, connectIngest, connectStore } = this.#parts;
    const toIngest = new MessageChannel();
    const toStore = new MessageChannel();
    const calls = new SharedArrayBuffer(CALL_MARKS_BYTES);
    this.#recovery ??= allocateRecovery();
    const raised = await this.#parts.raisedAlarms();
    await connectStore(toStore.port1);
    const data: ModuleWorkerData = {
      ...{ moduleClass, gatewayId, ids, shared, quarantineAfter, raised, calls },
      modules: [...this.#hosted.values()].map(({ spec, state }) => this.#initial(spec, state)),
      series: this.#parts.series(),
      ingest: toIngest.port2,
      store: toStore.port2,
      recovery: this.#recovery,
      culprits: this.#hasRun ? [...this.#culprits] : null,
    };
    this.#hasRun = true;
    const worker = startThread('module', { workerData: data, transferList: [toIngest.port2, toStore.port2] });
    this.#worker = worker;
    const { remote, fail } = remoteCalls<ModuleVerbs>(worker);
    this.#remote = remote;
    const watchdog = this.#watch(worker, calls);
    worker.on('message', (notice: WorkerNotice) => this.#noticed(notice));
    worker.on('error', (error) => this.#parts.log('error', `module worker: ${describeError(error)}`));
    worker.on('exit', () => {
      fail(new GatewayError('unavailable', 'the module worker has ended'));
      if (this.#worker === worker) this.#ended(watchdog.calling, 'its worker died during a call');
    });
    connectIngest(toIngest.port1);
  }

  #initial(spec: ModuleSpec, state: Uint8Array | undefined): InitialModule {
    const before = this.#hasRun ? this.#statuses.find(({ name }) => name === spec.name) : undefined;
    return { spec, before, state: this.#hasBeenReady ? undefined : state };
  }

  #watch(worker: Worker, calls: SharedArrayBuffer): ModuleWatchdog {
    const specOf = ({ slot, isBeside }: MarkedCall) => (isBeside ? this.#beside.bySlot(slot) : this.#bySlot(slot));
    const watchdog = new ModuleWatchdog({
      calls,
      deadlineOf: (call) => specOf(call)?.manifest.limits.deadlineMs,
      deadlines: () => [...this.#specs().map(({ manifest }) => manifest.limits.deadlineMs), ...this.#beside.deadlines],
      onOverdue: (call) => this.#overdue(worker, call, specOf(call)),
    });
    this.#watchdog = watchdog;
    watchdog.start();
    return watchdog;
  }

  #specs(): ModuleSpec[] {
    return [...this.#hosted.values()].map(({ spec }) => spec);
  }

  #bySlot(slot: number): ModuleSpec | undefined {
    return this.#specs().find((spec) => spec.slot === slot);
  }

  #noticed(notice: WorkerNotice): void {
    if (notice.notice === 'ready') {
      this.#culprits.clear();
      this.#hasBeenReady = true;
    }
    if (notice.notice === 'modules') this.#statuses = notice.modules;
    this.#parts.onNotice(notice);
  }

  #overdue(worker: Worker, call: MarkedCall, spec: ModuleSpec | undefined): void {
    this.#worker = undefined;
    this.#remote = undefined;
    const error = `a call outlasted its deadline of ${spec?.manifest.limits.deadlineMs} ms`;
    worker.terminate().then(
      () => this.#ended(call, error),
      (failure) => this.#parts.log('error', describeError(failure)),
    );
  }

  /** Starts the next worker; ingest sends it what this one had not worked off. */
  #ended(call: MarkedCall | undefined, error: string): void {
    this.#watchdog?.[Symbol.dispose]();
    this.#worker = undefined;
    this.#remote = undefined;
    const isBeside = call?.isBeside === true;
    const beside = isBeside ? this.#beside.bySlot(call.slot) : undefined;
    const culprit = call === undefined || isBeside ? undefined : this.#bySlot(call.slot);
    this.#beside.lost(beside?.slot, error);
    if (this.#isStopping) return;
    if (culprit !== undefined) this.#culprits.add(culprit.slot);
    const blamed = culprit ?? beside;
    if (blamed !== undefined) {
      const what = `module ${blamed.name}: version ${blamed.manifest.version}${isBeside ? ', beside the live one' : ''}`;
      this.#parts.log('error', `${what}: ${error}: its worker is replaced`);
    }
    this.#statuses = this.#statuses.map((status) => {
      if (status.name !== culprit?.name) return { ...status, canary: null };
      const { traps, restarts, failures } = status;
      const counts = { traps: traps + 1, restarts: restarts + 1, failures: failures + 1 };
      return { ...status, ...counts, state: 'backing_off', error, canary: null };
    });
    // At once for the innocent; a worker that ended by itself may do so again.
    if (blamed !== undefined) void this.#restart();
    else setTimeout(() => void this.#restart(), RESTART_AFTER);
  }

  /** Unless its last module was removed meanwhile, or the gateway stops. */
  #restart(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isStopping || this.#worker !== undefined) return;
      if (!this.isEmpty) return this.#startWorker();
      this.#hasRun = false;
      this.#parts.connectIngest(null);
    }).catch((failure) => this.#parts.log('error', `module worker: ${describeError(failure)}`));
  }
}
