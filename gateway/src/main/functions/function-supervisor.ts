/** Places instances of functions on threads, which those of one trust class share: a new thread at need, up to a bound, and none when there is nothing for it to hold. */
import { systemClock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { CallError, type CallResult, type FunctionInstance, type InstanceHost } from '../../core/functions/ports.ts';
import { decodeEvent } from '../../core/model/event.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import type { FunctionModule, WorkerAnswer } from '../function-worker.ts';
import { FunctionThread, type ThreadParts } from './function-thread.ts';

export interface FunctionSupervisorParts extends ThreadParts {
  /** Of each trust class. */
  readonly threadsMax: number;
  /** A thread that has had no instance for so long is ended, ms. */
  readonly idleMs: number;
}

const SWEEP_MS = 1000;

export class FunctionSupervisor implements AsyncDisposable {
  readonly #parts: FunctionSupervisorParts;
  #threads: FunctionThread[] = [];
  #nextInstance = 1;
  #threadsStarted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: FunctionSupervisorParts) {
    this.#parts = parts;
  }

  /** Threads now, and started since the beginning. */
  get threads(): { running: number; started: number } {
    return { running: this.#threads.filter(({ isAlive }) => isAlive).length, started: this.#threadsStarted };
  }

  /** Threads themselves start at first need. */
  begin(): void {
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  hostOf(module: FunctionModule): InstanceHost {
    return { start: () => this.#start(module) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  async #start(module: FunctionModule): Promise<FunctionInstance> {
    const thread = this.#pickThread(module.moduleClass);
    const number = this.#nextInstance++;
    try {
      const answer = await thread.start(number, module);
      if ('fault' in answer) throw new CallError('start', answer.message);
      return new PlacedInstance(thread, number);
    } catch (error) {
      thread.close(number);
      throw startError(error);
    }
  }

  /** An idle thread of the class, or a new one, or the one with the least to do. */
  #pickThread(moduleClass: ModuleClass): FunctionThread {
    this.#threads = this.#threads.filter(({ isAlive }) => isAlive);
    const ofClass = this.#threads.filter((thread) => thread.moduleClass === moduleClass);
    const least = ofClass.sort((a, b) => a.jobs - b.jobs || a.instances - b.instances)[0];
    if (least !== undefined && (least.jobs === 0 || ofClass.length >= this.#parts.threadsMax)) return least;
    const thread = FunctionThread.start(moduleClass, this.#parts);
    this.#threadsStarted++;
    this.#threads.push(thread);
    return thread;
  }

  #sweep(): void {
    const now = systemClock.monotonic();
    for (const thread of this.#threads) {
      if (!thread.isAlive || thread.emptyForMs(now) < this.#parts.idleMs) continue;
      thread.terminate().catch((error) => this.#parts.log('error', describeError(error)));
    }
    this.#threads = this.#threads.filter(({ isAlive }) => isAlive);
  }
}

class PlacedInstance implements FunctionInstance {
  readonly #thread: FunctionThread;
  readonly #number: number;
  #isOpen = true;

  constructor(thread: FunctionThread, number: number) {
    this.#thread = thread;
    this.#number = number;
  }

  get isReady(): boolean {
    return this.#thread.jobs === 0;
  }

  get isAlive(): boolean {
    return this.#isOpen && this.#thread.isAlive;
  }

  async call(event: Uint8Array): Promise<CallResult> {
    return resultOf(await this.#thread.call(this.#number, event));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#thread.close(this.#number);
  }
}

function resultOf(answer: WorkerAnswer): CallResult {
  if ('fault' in answer) throw new CallError(answer.fault, answer.message);
  if (answer.reply === null) return { errno: answer.errno, reply: null };
  try {
    return { errno: 0, reply: decodeEvent(answer.reply) };
  } catch (error) {
    throw new CallError('malformed', `its reply: ${describeError(error)}`);
  }
}

/** Whatever ends a start other than the loss of the thread before it is the module's doing. */
function startError(error: unknown): CallError {
  if (error instanceof CallError && (error.fault === 'lost' || error.fault === 'deadline')) return error;
  return new CallError('start', describeError(error));
}
