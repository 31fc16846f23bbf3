/** Brings the queued events of one function to it: the longest due first, as many at a time as the pool allows, again after a failure. */
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { millis } from '../../base/units.ts';
import { judge, type RetryPolicy } from './judge.ts';
import type { FunctionPool } from './pool.ts';
import type { CallResult, EventSource, QueuedEvent, Settlement } from './ports.ts';

export interface RunnerParts {
  readonly name: string;
  readonly source: EventSource;
  readonly pool: FunctionPool;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** The queue could not be read or written; it is tried again. */
  readonly onProblem: (error: unknown) => void;
}

/** Rows read ahead, and outcomes not yet written down. Beyond the second bound no call begins. */
const READ_AHEAD = 32;
const UNSETTLED_MAX = 256;
/** From one writing of outcomes to the next: the disk has points to store too. */
const SETTLE_GAP_MS = 20;
/** Without a nudge the queue is looked at so often. */
const LOOK_MS = 30_000;
const PROBLEM_WAIT = millis(1000);

export class QueueRunner {
  readonly #parts: RunnerParts;
  readonly #stop = new AbortController();
  /** Rows read ahead, in a call, or with an outcome that is not written down yet: not to be read again. */
  readonly #held = new Set<number>();
  readonly #ahead: QueuedEvent[] = [];
  readonly #running = new Set<Promise<void>>();
  #unsettled: Settlement[] = [];
  #settling: Promise<void> | null = null;
  #settledMs = -Infinity;
  #waker: AbortController | null = null;
  #isNudged = false;
  #loop: Promise<void> | undefined;
  #retries = 0;
  #deadLettered = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  get retries(): number {
    return this.#retries;
  }

  get deadLettered(): number {
    return this.#deadLettered;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** There may be something new in the queue. */
  nudge(): void {
    this.#isNudged = true;
    this.#waker?.abort();
  }

  /** Begins no further call; resolves when those that run have ended and are written down, or could not be. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('functions stop'));
    this.#waker?.abort();
    await this.#loop;
    await Promise.all(this.#running);
    await this.#settling;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#step();
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.onProblem(error);
        await this.#pause(PROBLEM_WAIT);
      }
    }
  }

  async #step(): Promise<void> {
    const { pool } = this.#parts;
    if (this.#unsettled.length >= UNSETTLED_MAX) return await this.#settling!;
    if (!pool.hasRoom) return pool.whenRoom(this.#stop.signal);
    if (this.#ahead.length === 0) await this.#readAhead();
    const next = this.#ahead.shift();
    if (next === undefined) return this.#waitForMore();
    const call = pool.tryCall(next.event);
    if (call === null) {
      this.#ahead.unshift(next);
      return;
    }
    const followed = this.#follow(next, call).finally(() => this.#running.delete(followed));
    this.#running.add(followed);
  }

  async #readAhead(): Promise<void> {
    const { source, name, clock, policy } = this.#parts;
    this.#isNudged = false;
    const rows = await source.due(name, clock.now(), policy.backoff.max, [...this.#held], READ_AHEAD);
    for (const row of rows) this.#held.add(row.id);
    this.#ahead.push(...rows);
  }

  async #waitForMore(): Promise<void> {
    const { source, name, clock } = this.#parts;
    if (this.#isNudged) return;
    const dueMs = await source.nextDueMs(name, [...this.#held]);
    const wait = dueMs === null ? LOOK_MS : Math.min(LOOK_MS, Math.max(1, dueMs - clock.now()));
    if (!this.#isNudged) await this.#pause(millis(wait));
  }

  /** Ends early when nudged or stopped. */
  async #pause(span: ReturnType<typeof millis>): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const waker = new AbortController();
    this.#waker = waker;
    await this.#parts.clock.sleep(span, waker.signal).catch(() => undefined);
    this.#waker = null;
  }

  async #follow({ id, attempts: before }: QueuedEvent, call: Promise<CallResult>): Promise<void> {
    const { policy, random, clock } = this.#parts;
    const outcome = await call.catch((error) => (error instanceof Error ? error : new Error(describeError(error))));
    const attempts = before + 1;
    const verdict = judge(outcome, attempts, policy, random);
    if (verdict.to === 'again') this.#retries++;
    if (verdict.to === 'dead') this.#deadLettered++;
    if (verdict.to === 'done') this.#settle({ id, to: 'done' });
    else if (verdict.to === 'dead') this.#settle({ id, to: 'dead', attempts, error: verdict.error });
    else this.#settle({ id, to: 'again', attempts, dueMs: clock.now() + verdict.afterMs, error: verdict.error });
  }

  /** What comes while the disk writes goes together the next time. */
  #settle(settlement: Settlement): void {
    this.#unsettled.push(settlement);
    this.#settling ??= this.#settleAll().finally(() => {
      this.#settling = null;
      this.nudge();
    });
  }

  async #gather(): Promise<void> {
    const { clock } = this.#parts;
    const wait = this.#settledMs + SETTLE_GAP_MS - clock.monotonic();
    if (wait > 0) await clock.sleep(millis(wait), this.#stop.signal).catch(() => undefined);
    this.#settledMs = clock.monotonic();
  }

  async #settleAll(): Promise<void> {
    while (this.#unsettled.length > 0) {
      await this.#gather();
      const group = this.#unsettled;
      this.#unsettled = [];
      try {
        await this.#parts.source.settle(group);
        for (const { id } of group) this.#held.delete(id);
      } catch (error) {
        this.#unsettled = [...group, ...this.#unsettled];
        this.#parts.onProblem(error);
        // At the end an outcome that cannot be written down stays open: the event comes again, as it may.
        if (this.#stop.signal.aborted) return;
        await this.#parts.clock.sleep(PROBLEM_WAIT, this.#stop.signal).catch(() => undefined);
      }
    }
  }
}
