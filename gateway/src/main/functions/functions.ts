/** Functions: what is configured, loaded and started; calls from outside; how they stand. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../base/clock.ts';
import { describeError, describeWithHint, GatewayError, isTransient } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { millis } from '../../base/units.ts';
import type { Config } from '../../config/settings.ts';
import { busy, type HttpReply, replyTo, replyToFailure, timedOut } from '../../core/functions/http-reply.ts';
import { CallError, type CallResult, type FunctionInstance } from '../../core/functions/ports.ts';
import type { FunctionStatus } from '../../core/functions/status.ts';
import { encodeEvent, makeEvent } from '../../core/model/event.ts';
import type { FunctionModule } from '../function-worker.ts';
import type { WorkerNotice } from '../thread-messages.ts';
import { eventSource } from './event-source.ts';
import { functionStatus } from './function-status.ts';
import { FunctionSupervisor } from './function-supervisor.ts';
import { type LoadModule, loadFunction } from './load-function.ts';
import { type FunctionParts, RunningFunction, timersOf } from './running-function.ts';

type Entry = Config['function'][number];

export interface FunctionsParts extends Omit<FunctionParts, 'supervisor'> {
  readonly config: Config;
  readonly load: LoadModule;
}

/** A function, and what it could run, of which there is an instance. */
interface Tried {
  readonly running: RunningFunction;
  readonly module: FunctionModule;
  readonly ready: FunctionInstance;
}

/** Within this an HTTP caller is answered, whatever stands before its call. */
const ANSWER_WITHIN = millis(15_000);
const SWEEP_MS = 1000;

export class Functions implements AsyncDisposable {
  readonly #parts: FunctionsParts;
  readonly #running = new Map<string, RunningFunction>();
  /** Why a function does not run. */
  readonly #refused = new Map<string, string>();
  readonly #supervisor: FunctionSupervisor;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
    const { config, log } = parts;
    this.#supervisor = new FunctionSupervisor({
      threadsMax: config.functions.threads,
      idleMs: Math.min(...config.function.map(({ idle }) => idle), 60_000),
      onNotice: (notice) => this.#noticed(notice),
      log,
    });
  }

  /** Threads that run functions now, and were started since the beginning. */
  get threads(): { running: number; started: number } {
    return this.#supervisor.threads;
  }

  /** Loads every function; one that cannot be used is refused with a reason, and the others run. */
  async start(): Promise<void> {
    for (const entry of this.#parts.config.function) await this.#begin(entry, null);
    this.#supervisor.begin();
    await this.#parts.store.keepTimers(this.#parts.config.function.filter(({ enabled }) => enabled).flatMap(timersOf));
    for (const one of this.#running.values()) one.start();
    this.#sweeper = setInterval(() => {
      for (const { pool } of this.#running.values()) pool.sweep();
    }, SWEEP_MS);
    this.#sweeper.unref();
  }

  /** There is something new in the queues of these functions. */
  nudge(functions: readonly string[]): void {
    for (const name of functions) this.#running.get(name)?.runner.nudge();
  }

  /** A module has emitted an event: queues it for whoever listens to its type. */
  emitted(module: string, type: string, data: Uint8Array): void {
    const { config, gatewayId, store, log } = this.#parts;
    const listens = ({ enabled, trigger }: Entry) =>
      enabled && trigger.some((one) => one.type === 'emitted' && one.event === type);
    const takers = config.function.filter(listens);
    if (takers.length === 0) return;
    const source = eventSource(gatewayId, `modules/${module}`);
    const event = encodeEvent(makeEvent({ id: randomUUID(), source, type, timeMs: systemClock.now(), data }));
    store
      .addEvents(takers.map(({ name }) => ({ fn: name, event })))
      .catch((error) => log('error', `event ${type} of module ${module} is lost: ${describeError(error)}`));
  }

  /** Calls a function at once, past its queue. @throws GatewayError `not_found`, `exhausted` when as many calls run as may; CallError. */
  invoke(name: string, type: string, data: Uint8Array): Promise<CallResult> {
    const running = this.#find(name);
    const source = eventSource(this.#parts.gatewayId, 'invoke');
    const call = running.pool.tryCall(
      encodeEvent(makeEvent({ id: randomUUID(), source, type, timeMs: systemClock.now(), data })),
    );
    if (call !== null) return call;
    throw new GatewayError('exhausted', `function ${name}: less than ${running.entry.concurrency} calls expected`, {
      hint: 'All that may run at one time are running: try again, or raise its concurrency.',
    });
  }

  /** Calls a function for an HTTP request and waits for its answer, for a time. @throws GatewayError `not_found`. */
  async answer(name: string, event: Uint8Array): Promise<HttpReply> {
    const call = this.#find(name).pool.tryCall(event);
    if (call === null) return busy(`function ${name}: as many calls run as may`);
    const reply = call.then(replyTo, (error) => {
      if (error instanceof CallError) return replyToFailure(error);
      throw error;
    });
    const stopWaiting = new AbortController();
    const late = systemClock.sleep(ANSWER_WITHIN, stopWaiting.signal).then(() => timedOut(ANSWER_WITHIN));
    late.catch(() => undefined);
    return Promise.race([reply, late]).finally(() => stopWaiting.abort());
  }

  async statuses(): Promise<FunctionStatus[]> {
    const { config, store } = this.#parts;
    const queues = config.function.length === 0 ? {} : await store.eventCounts();
    return config.function.map((entry) => {
      const { name } = entry;
      return functionStatus(entry, this.#running.get(name), this.#refused.get(name) ?? null, queues[name]);
    });
  }

  /** Names of the functions that are of this module, whether or not they run. */
  usersOf(id: string): string[] {
    return this.#of(id).map(({ name }) => name);
  }

  /** Class of whoever signed what functions of this module run; null: none runs. */
  trustOf(id: string): string | null {
    const running = this.usersOf(id).flatMap((name) => this.#running.get(name) ?? []);
    return running[0]?.module.moduleClass ?? null;
  }

  /**
   * Runs the functions of a module in this version from now on: calls on their way end where they began, all others go to it. One that did not
   * run is given a try.
   * @throws GatewayError when one that runs cannot be started in it: all go on as they are.
   */
  async put(id: string, version: string): Promise<void> {
    const tried: Tried[] = [];
    try {
      for (const { name } of this.#of(id)) {
        const running = this.#running.get(name);
        const isDue = running !== undefined && running.module.manifest.version !== version;
        if (isDue) tried.push(await this.#tryOut(running, version));
      }
    } catch (error) {
      for (const { ready } of tried) ready.close();
      throw error;
    }
    for (const { running, module, ready } of tried) running.exchange(module, ready);
    await this.restore(id, version);
  }

  /**
   * Runs the functions of a module in this version, as a start of the gateway would: one that cannot be used is refused.
   * @param version null: whatever there is.
   */
  async restore(id: string, version: string | null): Promise<void> {
    for (const entry of this.#of(id)) {
      if (version !== null && this.#running.get(entry.name)?.module.manifest.version === version) continue;
      await this.#begin(entry, version);
      this.#running.get(entry.name)?.start();
    }
  }

  /** Calls that run are awaited: they last no longer than their deadlines. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#running.values()].map((one) => one.stop()));
    await this.#supervisor[Symbol.asyncDispose]();
  }

  /** Where it runs already, the next call goes to this version. */
  async #begin(entry: Entry, version: string | null): Promise<void> {
    if (!entry.enabled) return;
    try {
      const module = await loadFunction(entry, this.#parts.load, version);
      const running = this.#running.get(entry.name);
      if (running === undefined) {
        const parts = { ...this.#parts, supervisor: this.#supervisor };
        this.#running.set(entry.name, new RunningFunction(entry, module, parts));
      } else running.exchange(module, null);
      this.#refused.delete(entry.name);
    } catch (error) {
      await this.#refuse(entry, error);
    }
  }

  async #refuse({ name }: Entry, error: unknown): Promise<void> {
    if (!(error instanceof GatewayError)) throw error;
    this.#refused.set(name, describeWithHint(error));
    this.#parts.log('error', `function ${name}: refused: ${describeError(error)}`);
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.stop();
  }

  /** An instance of another version, beside those that run. @throws GatewayError when it does not start. */
  async #tryOut(running: RunningFunction, version: string): Promise<Tried> {
    const { name, module: id } = running.entry;
    try {
      const module = await loadFunction(running.entry, this.#parts.load, version);
      return { running, module, ready: await this.#supervisor.hostOf(module).start() };
    } catch (error) {
      const mayPass = isTransient(error) || (error instanceof CallError && error.fault === 'lost');
      throw new GatewayError(mayPass ? 'unavailable' : 'denied', `function ${name}: ${id} ${version} does not start`, {
        cause: error,
      });
    }
  }

  #of(id: string): Entry[] {
    return this.#parts.config.function.filter(({ module }) => module === id);
  }

  #find(name: string): RunningFunction {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const near = nearestWord(name, [...this.#running.keys()]);
    const why = this.#refused.get(name);
    throw new GatewayError(
      'not_found',
      `function ${name}: ${why === undefined ? 'no such function runs' : `refused: ${why}`}`,
      {
        hint: near === undefined ? 'See: tidegate function list' : `Did you mean ${near}?`,
      },
    );
  }

  #noticed(notice: WorkerNotice): void {
    if (notice.notice === 'log') this.#parts.log(notice.level, notice.text);
    else if (notice.notice === 'emitted') this.emitted(notice.module, notice.type, notice.data);
    else if (notice.notice === 'functionGauges')
      this.#running.get(notice.fn)?.noticeGauges(notice.version, notice.gauges);
  }
}
