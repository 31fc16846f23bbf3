/** The instances of one function: made at need, kept for the next call, taken back when nobody calls. */
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { CallError, type CallResult, type FunctionInstance, type InstanceHost } from './ports.ts';
import type { PoolCounts } from './status.ts';

export interface PoolSettings {
  /** Calls at one time, and with them instances. */
  readonly concurrency: number;
  /** Instances kept ready, at most `concurrency`. */
  readonly prewarm: number;
  /** An instance that nobody called for so long is taken back, ms. */
  readonly idleMs: number;
}

interface Idle {
  readonly instance: FunctionInstance;
  readonly sinceMs: number;
}

/** A call whose instance was lost before it began is given to another one so many times. */
const LOST_MAX = 3;
/** After an instance kept ready could not be made, the next is tried after this. */
const PREWARM_RETRY_MS = 10_000;

export class FunctionPool {
  readonly #settings: PoolSettings;
  #host: InstanceHost;
  readonly #clock: Clock;
  /** All of the present host, as are those on their way. */
  readonly #idle: Idle[] = [];
  /** On their way to `#idle`; a call that finds none idle takes one of these. */
  readonly #warming: Promise<FunctionInstance>[] = [];
  readonly #coldStart = new DurationHistogram();
  readonly #duration = new DurationHistogram();
  #roomWaiters: (() => void)[] = [];
  #active = 0;
  #coldStarts = 0;
  #prewarmed = 0;
  #warmCalls = 0;
  #reclaimed = 0;
  #failures = 0;
  #lastError: string | null = null;
  #prewarmNotBeforeMs = 0;
  #isClosed = false;

  constructor(settings: PoolSettings, host: InstanceHost, clock: Clock) {
    this.#settings = settings;
    this.#host = host;
    this.#clock = clock;
  }

  get hasRoom(): boolean {
    return this.#active < this.#settings.concurrency && !this.#isClosed;
  }

  get active(): number {
    return this.#active;
  }

  /** Resolves when a call has ended since; rejects with the signal's reason. Ask `hasRoom` again: another may have been faster. */
  whenRoom(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#roomWaiters.push(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /**
   * Calls the function with an encoded event.
   * @returns null when as many calls run as may. The promise rejects with `CallError`.
   */
  tryCall(event: Uint8Array): Promise<CallResult> | null {
    if (!this.hasRoom) return null;
    this.#active++;
    return this.#call(event).finally(() => {
      this.#active--;
      this.#wakeWaiters();
    });
  }

  /** Takes back what has been idle for too long and makes what is to be kept ready. To be called about once a second. */
  sweep(): void {
    const now = this.#clock.monotonic();
    const { idleMs, prewarm } = this.#settings;
    this.#dropDead();
    while (this.#instances > prewarm && this.#idle.length > 0 && now - this.#idle[0]!.sinceMs >= idleMs) {
      this.#idle.shift()!.instance.close();
      this.#reclaimed++;
    }
    if (now < this.#prewarmNotBeforeMs || this.#isClosed) return;
    while (this.#instances < prewarm) this.#warm();
  }

  /**
   * From now on calls go to instances of this host; those that have begun end where they are, and their instances go then.
   * @param ready the first of its instances, if there is one already.
   */
  exchange(host: InstanceHost, ready: FunctionInstance | null): void {
    this.#host = host;
    this.#closeIdle();
    for (const starting of this.#warming.splice(0))
      starting.then(
        (instance) => instance.close(),
        () => undefined,
      );
    if (ready !== null) this.#putBack(ready, host);
    this.#prewarmNotBeforeMs = 0;
    this.sweep();
  }

  /** Lets nothing more in; instances go when their calls have ended. */
  close(): void {
    this.#isClosed = true;
    this.#closeIdle();
    this.#wakeWaiters();
  }

  counts(): PoolCounts {
    return {
      instances: this.#instances,
      active: this.#active,
      coldStarts: this.#coldStarts,
      coldStart: this.#coldStart.summary(),
      prewarmed: this.#prewarmed,
      warmCalls: this.#warmCalls,
      reclaimed: this.#reclaimed,
      calls: this.#duration.summary().count,
      failures: this.#failures,
      duration: this.#duration.summary(),
      durations: this.#duration.octaves(),
      lastError: this.#lastError,
    };
  }

  /** Calls and instances are one to one while a call runs. */
  get #instances(): number {
    return this.#idle.length + this.#warming.length + this.#active;
  }

  async #call(event: Uint8Array): Promise<CallResult> {
    const start = this.#clock.monotonic();
    try {
      const result = await this.#callSome(event);
      if (result.errno < 0) this.#failed(`error ${result.errno} from the function`);
      return result;
    } catch (error) {
      this.#failed(describeError(error));
      throw error;
    } finally {
      this.#duration.record(this.#clock.monotonic() - start);
    }
  }

  async #callSome(event: Uint8Array): Promise<CallResult> {
    for (let lost = 0; ; lost++) {
      try {
        const host = this.#host;
        const instance = await this.#take();
        const result = await this.#callOne(instance, host, event);
        return result;
      } catch (error) {
        const isLost = error instanceof CallError && error.fault === 'lost';
        if (!isLost || lost === LOST_MAX) throw error;
      }
    }
  }

  async #callOne(instance: FunctionInstance, host: InstanceHost, event: Uint8Array): Promise<CallResult> {
    try {
      const result = await instance.call(event);
      this.#putBack(instance, host);
      return result;
    } catch (error) {
      if (error instanceof CallError && error.fault === 'too_large') this.#putBack(instance, host);
      else instance.close();
      throw error;
    }
  }

  #putBack(instance: FunctionInstance, host: InstanceHost): void {
    if (this.#isClosed || host !== this.#host || !instance.isAlive) instance.close();
    else this.#idle.push({ instance, sinceMs: this.#clock.monotonic() });
  }

  /** The one that was used last, so that the others may be taken back; rather a new one than one whose thread is busy. */
  async #take(): Promise<FunctionInstance> {
    this.#dropDead();
    const ready = this.#idle.findLastIndex(({ instance }) => instance.isReady);
    const mayStart = this.#instances <= this.#settings.concurrency;
    const at = ready >= 0 || mayStart ? ready : this.#idle.length - 1;
    if (at >= 0) {
      this.#warmCalls++;
      return this.#idle.splice(at, 1)[0]!.instance;
    }
    const warming = this.#warming.shift();
    if (warming !== undefined) {
      this.#warmCalls++;
      return warming;
    }
    const start = this.#clock.monotonic();
    this.#coldStarts++;
    const instance = await this.#host.start();
    this.#coldStart.record(this.#clock.monotonic() - start);
    return instance;
  }

  #warm(): void {
    const host = this.#host;
    const starting = host.start();
    this.#warming.push(starting);
    const isOurs = () => {
      const at = this.#warming.indexOf(starting);
      if (at >= 0) this.#warming.splice(at, 1);
      return at >= 0;
    };
    starting.then(
      (instance) => {
        this.#prewarmed++;
        if (isOurs()) this.#putBack(instance, host);
      },
      (error) => {
        if (host !== this.#host) return;
        this.#prewarmNotBeforeMs = this.#clock.monotonic() + PREWARM_RETRY_MS;
        if (isOurs()) this.#lastError = describeError(error);
      },
    );
  }

  #closeIdle(): void {
    for (const { instance } of this.#idle.splice(0)) instance.close();
  }

  #dropDead(): void {
    for (let at = this.#idle.length - 1; at >= 0; at--) if (!this.#idle[at]!.instance.isAlive) this.#idle.splice(at, 1);
  }

  #failed(error: string): void {
    this.#failures++;
    this.#lastError = error;
  }

  #wakeWaiters(): void {
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }
}
