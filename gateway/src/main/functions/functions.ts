/** Functions: what is configured, loaded and started; calls from outside; how they stand. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../base/clock.ts';
import { describeError, describeWithHint, GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { formatDuration, millis } from '../../base/units.ts';
import type { Config } from '../../config/settings.ts';
import { DurationHistogram } from '../../core/functions/duration-histogram.ts';
import { busy, type HttpReply, replyTo, replyToFailure, timedOut } from '../../core/functions/http-reply.ts';
import { CallError, type CallResult, type QueueCounts } from '../../core/functions/ports.ts';
import type { FunctionStatus, PoolCounts } from '../../core/functions/status.ts';
import { encodeEvent, makeEvent } from '../../core/model/event.ts';
import type { FunctionModule } from '../function-worker.ts';
import type { WorkerNotice } from '../thread-messages.ts';
import { eventSource } from './event-source.ts';
import { FunctionSupervisor } from './function-supervisor.ts';
import { type LoadModule, loadFunction } from './load-function.ts';
import { type FunctionParts, RunningFunction } from './running-function.ts';

type Entry = Config['function'][number];

export interface FunctionsParts extends Omit<FunctionParts, 'host'> {
  readonly config: Config;
  readonly load: LoadModule;
}

/** Within this an HTTP caller is answered, whatever stands before its call. */
const ANSWER_WITHIN = millis(15_000);
const SWEEP_MS = 1000;
const NO_QUEUE: QueueCounts = { queued: 0, dead: 0, dropped: 0, overflowed: 0 };

export class Functions implements AsyncDisposable {
  readonly #parts: FunctionsParts;
  readonly #running = new Map<string, RunningFunction>();
  readonly #modules: FunctionModule[] = [];
  /** Why a function does not run. */
  readonly #refused = new Map<string, string>();
  readonly #gauges = new Map<string, Record<string, number>>();
  #supervisor: FunctionSupervisor | undefined;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
  }

  /** Threads that run functions now, and were started since the beginning. */
  get threads(): { running: number; started: number } {
    return this.#supervisor?.threads ?? { running: 0, started: 0 };
  }

  /** Loads every function; one that cannot be used is refused with a reason, and the others run. */
  async start(): Promise<void> {
    const { config, log } = this.#parts;
    const enabled = config.function.filter((entry) => entry.enabled);
    for (const entry of enabled) await this.#load(entry);
    const host = new FunctionSupervisor({
      functions: this.#modules,
      threadsMax: config.functions.threads,
      idleMs: Math.min(...config.function.map(({ idle }) => idle), 60_000),
      onNotice: (notice) => this.#noticed(notice),
      log,
    });
    this.#supervisor = host;
    host.begin();
    for (const entry of enabled) if (!this.#refused.has(entry.name)) this.#create(entry, { ...this.#parts, host });
    await this.#parts.store.keepTimers([...this.#running.values()].flatMap(({ timers }) => timers));
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
    return config.function.map((entry) => this.#status(entry, queues[entry.name] ?? NO_QUEUE));
  }

  /** Calls that run are awaited: they last no longer than their deadlines. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#running.values()].map((one) => one.stop()));
    await this.#supervisor?.[Symbol.asyncDispose]();
  }

  async #load(entry: Entry): Promise<void> {
    try {
      this.#modules.push(await loadFunction(entry, this.#parts.load));
    } catch (error) {
      this.#refuse(entry, error);
    }
  }

  #create(entry: Entry, parts: FunctionParts): void {
    try {
      this.#running.set(entry.name, new RunningFunction(entry, parts));
    } catch (error) {
      this.#refuse(entry, error);
    }
  }

  #refuse({ name }: Entry, error: unknown): void {
    if (!(error instanceof GatewayError)) throw error;
    this.#refused.set(name, describeWithHint(error));
    this.#parts.log('error', `function ${name}: refused: ${describeError(error)}`);
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
    else if (notice.notice === 'functionGauges') this.#gauges.set(notice.fn, Object.fromEntries(notice.gauges));
  }

  #status(entry: Entry, queue: QueueCounts): FunctionStatus {
    const running = this.#running.get(entry.name);
    const error = this.#refused.get(entry.name) ?? null;
    return {
      name: entry.name,
      module: entry.module,
      version: this.#modules.find(({ name }) => name === entry.name)?.manifest.version ?? '',
      state: !entry.enabled ? 'disabled' : running === undefined ? 'refused' : 'running',
      concurrency: entry.concurrency,
      triggers: entry.trigger.map(describeTrigger),
      retries: running?.retries ?? 0,
      deadLettered: running?.deadLettered ?? 0,
      gauges: this.#gauges.get(entry.name) ?? {},
      error,
      ...(running?.pool.counts() ?? NEVER_CALLED),
      ...queue,
    };
  }
}

const NONE = new DurationHistogram().summary();
const NEVER_CALLED: PoolCounts = {
  instances: 0,
  active: 0,
  coldStarts: 0,
  coldStart: NONE,
  prewarmed: 0,
  warmCalls: 0,
  reclaimed: 0,
  calls: 0,
  failures: 0,
  duration: NONE,
  durations: [],
  lastError: null,
};

function describeTrigger(trigger: Entry['trigger'][number]): string {
  const { type, topic, every, cron, timezone, stream, subject, series, state, path, event } = trigger;
  const details = {
    mqtt: topic,
    timer: every > 0 ? `every ${formatDuration(every)}` : `${cron} ${timezone}`,
    jetstream: subject === '' ? stream : `${stream} ${subject}`,
    alarm: `${series} ${state}`,
    http: path === '' ? '/' : path,
    emitted: event,
  };
  return `${type} ${details[type]}`;
}
