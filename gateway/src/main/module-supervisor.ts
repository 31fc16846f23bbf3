/**
 * Keeps the module worker alive: starts it, watches its calls, ends it when a module outlasts its deadline, and starts the next one with the
 * culprit in back-off. Ingest goes on meanwhile; the batches the dead worker held are given back.
 */
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { type Remote, remoteCalls } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { millis } from '../base/units.ts';
import type { Config } from '../config/settings.ts';
import type { Series } from '../core/model/series.ts';
import type { ModuleStatus } from '../core/modules/status.ts';
import { assets } from './assets.ts';
import { loadModule } from './load-module.ts';
import { ModuleWatchdog } from './module-watchdog.ts';
import type { ModuleSpec, ModuleVerbs, ModuleWorkerData } from './module-worker.ts';
import type { SharedParts, WorkerNotice } from './thread-messages.ts';

export interface SupervisorParts {
  readonly shared: SharedParts;
  /** All series known now, asked for at each start of a worker. */
  readonly series: () => readonly Series[];
  /** Alarm series that stand raised now. */
  readonly raisedAlarms: () => Promise<number[]>;
  readonly connectIngest: (port: MessagePort) => void;
  readonly connectStore: (port: MessagePort) => Promise<void>;
  readonly onNotice: (notice: WorkerNotice) => void;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** A worker that dies by itself is started again after this. */
const RESTART_AFTER = millis(1000);

export class ModuleSupervisor {
  readonly #parts: SupervisorParts;
  readonly #specs: ModuleSpec[] = [];
  /** Modules that are not running at all, and why. */
  readonly #idle: ModuleStatus[] = [];
  #statuses: readonly ModuleStatus[] = [];
  #worker: Worker | undefined;
  #remote: Remote<ModuleVerbs> | undefined;
  #watchdog: ModuleWatchdog | undefined;
  #isStopping = false;

  constructor(config: Config['module'], parts: SupervisorParts) {
    this.#parts = parts;
    for (const entry of config) this.#admit(entry);
  }

  statuses(): ModuleStatus[] {
    return [...this.#statuses, ...this.#idle];
  }

  async start(): Promise<void> {
    this.#statuses = this.#specs.map(blankStatus);
    if (this.#specs.length > 0) await this.#startWorker();
  }

  /** All output on disk. */
  async drain(): Promise<void> {
    await this.#remote?.drain();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watchdog?.[Symbol.dispose]();
    await this.#worker?.terminate();
  }

  /** A module that cannot be used is refused with a reason, and the others run. */
  #admit(entry: Config['module'][number]): void {
    const stands = (state: ModuleStatus['state'], version: string, error: string | null) => {
      this.#idle.push({ ...NEVER_CALLED, name: entry.name, module: entry.module, version, state, error });
    };
    if (!entry.enabled) return stands('disabled', '', null);
    try {
      this.#specs.push({ name: entry.name, ...loadModule(entry), inputs: entry.input.map((input) => input.series) });
    } catch (error) {
      this.#parts.log('error', `module ${entry.name}: refused: ${describeError(error)}`);
      stands('refused', '', describeError(error));
    }
  }

  async #startWorker(): Promise<void> {
    const toIngest = new MessageChannel();
    const toStore = new MessageChannel();
    const calls = new SharedArrayBuffer(8);
    const modules = this.#specs.map((spec) => ({
      ...spec,
      before: this.#statuses.find(({ name }) => name === spec.name),
    }));
    await this.#parts.connectStore(toStore.port1);
    const data: ModuleWorkerData = {
      modules,
      shared: this.#parts.shared,
      series: this.#parts.series(),
      ingest: toIngest.port2,
      store: toStore.port2,
      raised: await this.#parts.raisedAlarms(),
      calls,
    };
    const worker = assets.startWorker('module', { workerData: data, transferList: [toIngest.port2, toStore.port2] });
    this.#worker = worker;
    const { remote, fail } = remoteCalls<ModuleVerbs>(worker);
    this.#remote = remote;
    worker.on('message', (notice: WorkerNotice) => this.#noticed(notice));
    worker.on('error', (error) => this.#parts.log('error', `module worker: ${describeError(error)}`));
    worker.on('exit', () => {
      fail(new Error('the module worker has ended'));
      if (this.#worker === worker) this.#ended(undefined);
    });
    this.#parts.connectIngest(toIngest.port1);
    this.#watchdog = new ModuleWatchdog({
      calls,
      deadlines: this.#specs.map(({ manifest }) => millis(manifest.limits.deadlineMs)),
      nowMs: () => systemClock.monotonic(),
      onOverdue: (index) => this.#overdue(worker, index),
    });
    this.#watchdog.start();
  }

  #noticed(notice: WorkerNotice): void {
    if (notice.notice === 'modules') this.#statuses = notice.modules;
    this.#parts.onNotice(notice);
  }

  #overdue(worker: Worker, index: number): void {
    const { name, manifest } = this.#specs[index]!;
    this.#parts.log(
      'error',
      `module ${name}: a call outlasted its deadline of ${manifest.limits.deadlineMs} ms: its worker is ended`,
    );
    this.#worker = undefined;
    worker.terminate().then(
      () => this.#ended(index),
      (error) => this.#parts.log('error', describeError(error)),
    );
  }

  /** Starts the next worker; ingest takes back what this one held when it is given the new door. */
  #ended(culprit: number | undefined): void {
    this.#watchdog?.[Symbol.dispose]();
    if (this.#isStopping) return;
    const name = culprit === undefined ? undefined : this.#specs[culprit]!.name;
    this.#statuses = this.#statuses.map((status) => {
      if (status.name !== name) return { ...status, state: 'running' };
      const error = 'a call outlasted its deadline';
      return { ...status, state: 'backing_off', traps: status.traps + 1, restarts: status.restarts + 1, error };
    });
    // At once for the innocent; a worker that ended by itself may do so again.
    const restart = () =>
      this.#startWorker().catch((error) => this.#parts.log('error', `module worker: ${describeError(error)}`));
    if (culprit === undefined) setTimeout(restart, RESTART_AFTER);
    else void restart();
  }
}

const NEVER_CALLED = {
  calls: 0,
  rowsIn: 0,
  rowsOut: 0,
  traps: 0,
  restarts: 0,
  refusals: 0,
  lastCallTookMs: 0,
  memoryBytes: 0,
  error: null,
} as const;

function blankStatus({ name, manifest }: ModuleSpec): ModuleStatus {
  return { ...NEVER_CALLED, name, module: manifest.id, version: manifest.version, state: 'running' };
}
