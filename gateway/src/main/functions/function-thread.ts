/** One thread that runs functions of one trust class: jobs one after the other, a watchdog, and an end when a call outlasts its deadline. */
import type { Worker } from 'node:worker_threads';
import { type Remote, remoteCalls } from '../../adapters/threads/rpc.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { CallError } from '../../core/functions/ports.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import type { FunctionModule, FunctionVerbs, FunctionWorkerData, WorkerAnswer } from '../function-worker.ts';
import { CALL_MARKS_BYTES } from '../modules/call-marks.ts';
import { ModuleWatchdog } from '../modules/module-watchdog.ts';
import type { WorkerNotice } from '../thread-messages.ts';
import { startThread } from '../threads.ts';

export interface ThreadParts {
  readonly onNotice: (notice: WorkerNotice) => void;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export class FunctionThread {
  readonly #parts: ThreadParts;
  readonly #worker: Worker;
  readonly #remote: Remote<FunctionVerbs>;
  readonly #fail: (reason: Error) => void;
  readonly #watchdog: ModuleWatchdog;
  readonly #calls = new SharedArrayBuffer(CALL_MARKS_BYTES);
  #tail: Promise<unknown> = Promise.resolve();
  #jobs = 0;
  #isAlive = true;
  /** Why it was ended, while a call was running. */
  #overdue: string | null = null;
  /** Of instances and what waits for them: since when there are none, monotonic ms. */
  #emptySinceMs = systemClock.monotonic();
  /** What each instance runs, from before its start until it is dropped. */
  readonly #held = new Map<number, FunctionModule>();
  /** Of all modules that it runs. */
  readonly moduleClass: ModuleClass;

  private constructor(moduleClass: ModuleClass, parts: ThreadParts) {
    this.moduleClass = moduleClass;
    this.#parts = parts;
    const data: FunctionWorkerData = { calls: this.#calls, moduleClass };
    this.#worker = startThread('function', { workerData: data });
    const { remote, fail } = remoteCalls<FunctionVerbs>(this.#worker);
    this.#remote = remote;
    this.#fail = fail;
    this.#watchdog = new ModuleWatchdog({
      calls: this.#calls,
      deadlineOf: ({ slot }) => this.#held.get(slot)?.manifest.limits.deadlineMs,
      deadlines: () => [...this.#held.values()].map(({ manifest }) => manifest.limits.deadlineMs),
      onOverdue: ({ slot }) => this.#end(this.#held.get(slot)!),
    });
  }

  static start(moduleClass: ModuleClass, parts: ThreadParts): FunctionThread {
    const thread = new FunctionThread(moduleClass, parts);
    thread.#listen();
    return thread;
  }

  #listen(): void {
    const { onNotice, log } = this.#parts;
    this.#worker.on('message', onNotice);
    this.#worker.on('error', (error) => log('error', `function worker: ${describeError(error)}`));
    this.#worker.on('exit', () => {
      this.#isAlive = false;
      this.#watchdog[Symbol.dispose]();
      this.#fail(new Error('the function worker has ended'));
    });
    this.#watchdog.start();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Jobs that run or wait. */
  get jobs(): number {
    return this.#jobs;
  }

  get instances(): number {
    return this.#held.size;
  }

  /** For how long it has had no instance, ms. */
  emptyForMs(nowMs: number): number {
    return this.#held.size === 0 && this.#jobs === 0 ? nowMs - this.#emptySinceMs : 0;
  }

  /** Holds the instance from now on, until it is closed, whether or not it starts. */
  start(instance: number, module: FunctionModule): Promise<WorkerAnswer> {
    this.#held.set(instance, module);
    this.#watchdog.wake();
    return this.#job((remote) => remote.start(instance, module));
  }

  call(instance: number, event: Uint8Array): Promise<WorkerAnswer> {
    return this.#job((remote) => remote.call(instance, event));
  }

  close(instance: number): void {
    this.#held.delete(instance);
    this.#emptySinceMs = systemClock.monotonic();
    if (this.#isAlive) this.#remote.close(instance).catch(() => undefined);
  }

  async terminate(): Promise<void> {
    this.#isAlive = false;
    this.#watchdog[Symbol.dispose]();
    await this.#worker.terminate();
  }

  /**
   * One after the other. What waits is bounded by the concurrency of the functions.
   * @throws CallError `lost` when the thread has ended before the job began; `deadline` or `trap` when it ended within it.
   */
  #job(work: (remote: Remote<FunctionVerbs>) => Promise<WorkerAnswer>): Promise<WorkerAnswer> {
    this.#jobs++;
    const done = this.#tail.then(async () => {
      if (!this.#isAlive) throw new CallError('lost', 'the thread of the instance has ended');
      try {
        return await work(this.#remote);
      } catch (error) {
        const { fault, message } =
          this.#overdue === null
            ? ({ fault: 'trap', message: describeError(error) } as const)
            : ({ fault: 'deadline', message: this.#overdue } as const);
        throw new CallError(fault, message);
      }
    });
    this.#tail = done.catch(() => undefined).finally(() => this.#jobs--);
    return done;
  }

  #end({ name, manifest }: FunctionModule): void {
    this.#overdue = `a call outlasted its deadline of ${manifest.limits.deadlineMs} ms`;
    this.#parts.log('error', `function ${name}: ${this.#overdue}: its worker is ended`);
    this.#isAlive = false;
    this.#worker.terminate().catch((error) => this.#parts.log('error', describeError(error)));
  }
}
