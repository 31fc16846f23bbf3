/** One configured function that runs: what it runs, its pool, its queue, and whatever calls it. */
import { cronSchedule } from '../../adapters/cron/cron-schedule.ts';
import {
  consumerName,
  EventSubscription,
  type MessageVerdict,
  type StreamMessage,
} from '../../adapters/nats/event-subscription.ts';
import type { NatsLink } from '../../adapters/nats/link.ts';
import type { Remote } from '../../adapters/threads/rpc.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Config } from '../../config/settings.ts';
import { judge, type RetryPolicy } from '../../core/functions/judge.ts';
import { FunctionPool } from '../../core/functions/pool.ts';
import type { CallResult, FunctionInstance, Schedule } from '../../core/functions/ports.ts';
import { QueueRunner } from '../../core/functions/queue-runner.ts';
import { intervalSchedule, Timer } from '../../core/functions/timer.ts';
import { encodeEvent, type GatewayEvent, makeEvent } from '../../core/model/event.ts';
import type { FunctionModule } from '../function-worker.ts';
import type { StoreVerbs } from '../thread-messages.ts';
import { eventSource } from './event-source.ts';
import type { FunctionSupervisor } from './function-supervisor.ts';

type Entry = Config['function'][number];
type Trigger = Entry['trigger'][number];

export interface FunctionParts {
  readonly gatewayId: string;
  readonly supervisor: FunctionSupervisor;
  readonly store: Remote<StoreVerbs>;
  readonly link: NatsLink;
  readonly random: Random;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** Problems of one function are logged at most so often. */
const LOG_EVERY_MS = 60_000;

interface TimerSchedule {
  readonly key: string;
  readonly schedule: Schedule;
  readonly isCalendar: boolean;
}

export interface FunctionTimer {
  readonly fn: string;
  readonly schedule: string;
}

export class RunningFunction {
  readonly entry: Entry;
  readonly pool: FunctionPool;
  readonly runner: QueueRunner;
  readonly #parts: FunctionParts;
  readonly #policy: RetryPolicy;
  readonly #stop = new AbortController();
  readonly #schedules: readonly TimerSchedule[];
  #module: FunctionModule;
  #gauges: Readonly<Record<string, number>> = {};
  #isStarted = false;
  #subscriptions: readonly EventSubscription[] = [];
  #timersDone: Promise<unknown> = Promise.resolve();
  #streamRetries = 0;
  #streamDead = 0;
  #lastLogMs = -Infinity;

  /** @throws GatewayError `invalid` when a schedule cannot be read. */
  constructor(entry: Entry, module: FunctionModule, parts: FunctionParts) {
    this.entry = entry;
    this.#module = module;
    this.#parts = parts;
    this.#policy = { attempts: entry.attempts, backoff: { first: entry.retryFirst, max: entry.retryMax } };
    this.#schedules = entry.trigger.filter(({ type }) => type === 'timer').map(scheduleOf);
    const { name, concurrency, prewarm, idle } = entry;
    const { store, supervisor } = parts;
    this.pool = new FunctionPool({ concurrency, prewarm, idleMs: idle }, supervisor.hostOf(module), systemClock);
    this.runner = new QueueRunner({
      name,
      source: {
        due: (fn, nowMs, horizonMs, except, limit) => store.dueEvents(fn, nowMs, horizonMs, except, limit),
        nextDueMs: (fn, except) => store.nextEventMs(fn, except),
        settle: (settlements) => store.settleEvents(settlements),
      },
      pool: this.pool,
      policy: this.#policy,
      clock: systemClock,
      random: parts.random,
      onProblem: (error) => this.#problem(error),
    });
  }

  /** What new calls go to. */
  get module(): FunctionModule {
    return this.#module;
  }

  /** What it has set with `gw1.metric`. */
  get gauges(): Readonly<Record<string, number>> {
    return this.#gauges;
  }

  get retries(): number {
    return this.runner.retries + this.#streamRetries;
  }

  get deadLettered(): number {
    return this.runner.deadLettered + this.#streamDead;
  }

  /** Once; after that it changes nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.pool.sweep();
    this.runner.start();
    const timers = this.#schedules.map((one) => this.#timer(one).run(this.#stop.signal));
    this.#timersDone = Promise.all(timers);
    this.#subscriptions = this.entry.trigger
      .filter(({ type }) => type === 'jetstream')
      .map((one) => this.#subscribe(one));
    for (const subscription of this.#subscriptions) subscription.start();
  }

  /**
   * Runs this from now on: calls on their way end where they began, all others go to it.
   * @param ready an instance of it, if there is one already.
   */
  exchange(module: FunctionModule, ready: FunctionInstance | null): void {
    this.#module = module;
    this.#gauges = {};
    this.pool.exchange(this.#parts.supervisor.hostOf(module), ready);
  }

  /** What a version that gave way says of itself is no longer of interest. */
  noticeGauges(version: string, gauges: readonly (readonly [string, number])[]): void {
    if (version === this.#module.manifest.version) this.#gauges = Object.fromEntries(gauges);
  }

  /** Begins nothing more; resolves when what runs has ended and is written down. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('functions stop'));
    await this.#timersDone;
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    await this.runner.stop();
    this.pool.close();
  }

  #timer({ key, schedule, isCalendar }: TimerSchedule): Timer {
    const { store, gatewayId } = this.#parts;
    const { name } = this.entry;
    return new Timer({
      fn: name,
      key,
      schedule,
      isCalendar,
      store: {
        lastMs: (fn, one) => store.timerLastMs(fn, one),
        fired: (fn, one, lastMs, event) => store.timerFired(fn, one, lastMs, event),
      },
      clock: systemClock,
      event: (dueMs, missed) => encodeEvent(timerEvent(gatewayId, name, key, dueMs, missed)),
      onProblem: (error) => this.#problem(error),
    });
  }

  #subscribe({ stream, subject }: Trigger): EventSubscription {
    const { link, gatewayId } = this.#parts;
    const { name, concurrency } = this.entry;
    const durable = consumerName(gatewayId, name, stream, subject);
    return new EventSubscription(
      link,
      { stream, subject, durable, inFlightMax: concurrency },
      {
        ready: (signal) => this.#room(signal),
        receive: (message, signal) => this.#receive(stream, message, signal),
        onProblem: (error) => this.#problem(error),
      },
      systemClock,
    );
  }

  async #receive(stream: string, message: StreamMessage, signal: AbortSignal): Promise<MessageVerdict> {
    const { store, random, gatewayId } = this.#parts;
    const event = this.#encoded(streamEvent(gatewayId, stream, message));
    if (event === null) return { to: 'dead' };
    const outcome = await this.#callWhenRoom(event, signal).catch((error: Error) => error);
    if (signal.aborted && outcome instanceof Error) throw outcome;
    const verdict = judge(outcome, message.deliveries, this.#policy, random);
    if (verdict.to === 'again') this.#streamRetries++;
    if (verdict.to !== 'dead') return verdict;
    await store.addDeadLetter(this.entry.name, event, message.deliveries, verdict.error);
    this.#streamDead++;
    return verdict;
  }

  /** Null for what no event can hold: it would be so the next time too, and a dead letter cannot hold it either. */
  #encoded(event: GatewayEvent): Uint8Array | null {
    try {
      return encodeEvent(event);
    } catch (error) {
      this.#streamDead++;
      const { subject, id } = event.attributes;
      this.#parts.log('error', `function ${this.entry.name}: ${subject} (${id}) is dropped: ${describeError(error)}`);
      return null;
    }
  }

  async #callWhenRoom(event: Uint8Array, signal: AbortSignal): Promise<CallResult> {
    for (;;) {
      const call = this.pool.tryCall(event);
      if (call !== null) return call;
      await this.#room(signal);
    }
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (!this.pool.hasRoom) await this.pool.whenRoom(signal);
  }

  #problem(error: unknown): void {
    const now = systemClock.monotonic();
    if (now - this.#lastLogMs < LOG_EVERY_MS) return;
    this.#lastLogMs = now;
    this.#parts.log(
      'warn',
      `function ${this.entry.name}: ${describeError(error)}; trying again (next line in a minute)`,
    );
  }
}

/** Timers of a function, also of one that cannot run now: when it last fired is to be known when it runs again. */
export function timersOf({ name, trigger }: Entry): FunctionTimer[] {
  return trigger.filter(({ type }) => type === 'timer').map((one) => ({ fn: name, schedule: keyOf(one) }));
}

function keyOf({ every, cron, timezone }: Trigger): string {
  return every > 0 ? `every ${every}ms` : `cron ${cron} ${timezone}`;
}

function scheduleOf(trigger: Trigger): TimerSchedule {
  const { every, cron, timezone } = trigger;
  const isCalendar = every <= 0;
  return {
    key: keyOf(trigger),
    schedule: isCalendar ? cronSchedule(cron, timezone) : intervalSchedule(every),
    isCalendar,
  };
}

function timerEvent(gatewayId: string, fn: string, key: string, dueMs: number, missed: number): GatewayEvent {
  return makeEvent({
    id: `${fn} ${key} ${dueMs}`,
    source: eventSource(gatewayId, 'timers'),
    type: 'tidegate.timer.fired',
    timeMs: dueMs,
    data: new TextEncoder().encode(JSON.stringify({ dueMs, missed })),
    more: { subject: key, datacontenttype: 'application/json' },
  });
}

function streamEvent(gatewayId: string, stream: string, message: StreamMessage): GatewayEvent {
  return makeEvent({
    id: `${stream}.${message.sequence}`,
    source: eventSource(gatewayId, `jetstream/${stream}`),
    type: 'tidegate.jetstream.message',
    timeMs: message.timeMs,
    data: message.data,
    more: {
      subject: message.subject,
      datacontenttype: message.header('content-type'),
      traceparent: message.header('traceparent'),
    },
  });
}
