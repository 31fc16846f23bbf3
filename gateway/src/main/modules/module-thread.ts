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
import type { IdRange } from '../../core/modules/derived-registry.ts';
import { allocateRecovery } from '../../core/modules/recovery.ts';
import type { ModuleStatus } from '../../core/modules/status.ts';
import { assets } from '../assets.ts';
import type { SharedParts, WorkerNotice } from '../thread-messages.ts';
import { CALL_MARKS_BYTES } from './call-marks.ts';
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
  'admit' | 'start' | 'put' | 'remove' | 'verbs' | 'setSpec' | 'statuses' | 'drain' | 'stop'
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

  async start(): Promise<void> {
    if (!this.isEmpty) await this.#startWorker();
  }

  /** @returns null, or why the module begins without the state of the one before it. */
  async put(spec: ModuleSpec): Promise<string | null> {
    const before = this.#hosted.get(spec.name);
    this.setSpec(spec);
    if (!this.#hasRun) {
      await this.#startWorker();
      this.#statuses = await this.#verbs.statuses();
      return 'its worker is new';
    }
    try {
      const notCarried = await this.#verbs.put(spec, this.#parts.series());
      this.#statuses = await this.#verbs.statuses();
      return notCarried;
    } catch (error) {
      // Whatever worker comes next begins with what was accepted.
      if (before === undefined) this.#hosted.delete(spec.name);
      else this.#hosted.set(spec.name, before);
      throw error;
    }
  }

  /** The last one takes the worker with it. */
  async remove(name: string): Promise<void> {
    if (!this.#hosted.delete(name)) return;
    await this.#verbs.remove(name);
    if (!this.isEmpty) return;
    await this.#verbs.drain(0);
    await this.#endWorker();
    this.#parts.connectIngest(null);
  }

  /** @throws GatewayError `unavailable` while there is no worker. */
  get verbs(): Remote<ModuleVerbs> {
    return this.#verbs;
  }

  /** A canary has become the live version: from now on a new worker starts with this one. */
  setSpec(spec: ModuleSpec): void {
    this.#hosted.set(spec.name, { spec });
    this.#watchdog?.wake();
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
  async stop(): Promise<Map<string, Uint8Array>> {
    this.#isStopping = true;
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
    const worker = assets.startWorker('module', { workerData: data, transferList: [toIngest.port2, toStore.port2] });
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
    const specs = () => [...this.#hosted.values()].map(({ spec }) => spec);
    const deadlineOf = (slot: number) =>
      millis(specs().find((spec) => spec.slot === slot)?.manifest.limits.deadlineMs ?? 0);
    const onOverdue = (slot: number) => this.#overdue(worker, slot);
    const deadlines = () => specs().map(({ manifest }) => manifest.limits.deadlineMs);
    const watchdog = new ModuleWatchdog({ calls, deadlineOf, deadlines, onOverdue });
    this.#watchdog = watchdog;
    watchdog.start();
    return watchdog;
  }

  #noticed(notice: WorkerNotice): void {
    if (notice.notice === 'ready') {
      this.#culprits.clear();
      this.#hasBeenReady = true;
    }
    if (notice.notice === 'modules') this.#statuses = notice.modules;
    this.#parts.onNotice(notice);
  }

  #overdue(worker: Worker, slot: number): void {
    this.#worker = undefined;
    this.#remote = undefined;
    worker.terminate().then(
      () => this.#ended(slot, 'a call outlasted its deadline'),
      (error) => this.#parts.log('error', describeError(error)),
    );
  }

  /** Starts the next worker; ingest sends it what this one had not worked off. */
  #ended(slot: number | undefined, error: string): void {
    this.#watchdog?.[Symbol.dispose]();
    this.#worker = undefined;
    this.#remote = undefined;
    if (this.#isStopping) return;
    const culprit = [...this.#hosted.values()].find(({ spec }) => spec.slot === slot)?.spec;
    if (culprit !== undefined) {
      this.#culprits.add(culprit.slot);
      this.#parts.log('error', `module ${culprit.name}: ${error}: its worker is replaced`);
    }
    this.#statuses = this.#statuses.map((status) => {
      if (status.name !== culprit?.name) return { ...status, canary: null };
      const { traps, restarts, failures } = status;
      const counts = { traps: traps + 1, restarts: restarts + 1, failures: failures + 1 };
      return { ...status, ...counts, state: 'backing_off', error, canary: null };
    });
    const restart = () =>
      this.#startWorker().catch((failure) => this.#parts.log('error', `module worker: ${describeError(failure)}`));
    // At once for the innocent; a worker that ended by itself may do so again.
    if (culprit === undefined) setTimeout(restart, RESTART_AFTER);
    else void restart();
  }
}
