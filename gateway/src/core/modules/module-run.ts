import { backoffDelay } from '../../base/backoff.ts';
import { describeError, GatewayError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import { millis } from '../../base/units.ts';
import type { PointColumns } from '../model/points.ts';
import type { BatchViews } from './batch-layout.ts';
import { CallTimes } from './call-times.ts';
import { type CarriedState, whyNotCarried } from './carried-state.ts';
import { errnoName } from './errno.ts';
import type { HostDesk } from './host-desk.ts';
import type { ModuleBinding } from './module-binding.ts';
import type { RunningModule } from './ports.ts';
import { type ModuleCounts, type ModuleStatus, NO_COUNTS } from './status.ts';

/** After a trap: one second, doubling to a minute; a module that runs well for a minute starts over. */
const BACKOFF = { first: millis(1000), max: millis(60_000) };
/** In quarantine: ten minutes, doubling to six hours. */
const QUARANTINE = { first: millis(600_000), max: millis(6 * 3_600_000) };
const HEALTHY_AFTER_MS = 60_000;
const REFUSAL_LOG_EVERY_MS = 60_000;

/** Tells the watchdog which module is being called; see `main/modules/module-watchdog.ts`. */
export type CallMarker = { enter: () => void; leave: () => void };

export interface ModuleRunParts {
  readonly binding: ModuleBinding;
  readonly desk: HostDesk;
  /** @throws GatewayError when the module breaks the ABI or refuses its configuration; WebAssembly.RuntimeError when it traps. */
  readonly instantiate: () => RunningModule;
  readonly marker: CallMarker;
  /** A new instance runs, and knows nothing of what the one before it has said. */
  readonly onFresh: () => void;
  /** Failures in a row after which it is put in quarantine. */
  readonly quarantineAfter: number;
  readonly random: Random;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly log: (text: string) => void;
}

/** One version of a module at work: its instance while it runs, its back-off or quarantine while it does not, its budget of fuel. */
export class ModuleRun {
  readonly #parts: ModuleRunParts;
  readonly #counts: { -readonly [K in keyof ModuleCounts]: ModuleCounts[K] };
  readonly #times = new CallTimes();
  readonly #fuel: TokenBucket;
  #instance: RunningModule | null = null;
  #startedMs = 0;
  #retryAtMs = 0;
  #failures: number;
  #error: string | null;
  #lastCallTookMs = 0;
  /** While it goes once more over what it has been paid for already, no fuel of the second is asked for. */
  isRepeating = false;
  #lastRefusalLogMs = -Infinity;
  /** Said once. */
  #noStateReason = '';

  /** @param before how it stood in a worker that had to be ended, or as the version before it. */
  constructor(parts: ModuleRunParts, before: ModuleStatus | undefined) {
    this.#parts = parts;
    const counts = Object.keys(NO_COUNTS).map((name) => [name, before?.[name as keyof ModuleCounts] ?? 0]);
    this.#counts = Object.fromEntries(counts);
    this.#fuel = new TokenBucket(parts.binding.manifest.limits.fuelPerSecond, parts.nowMs());
    this.#error = before?.error ?? null;
    this.#failures = before?.failures ?? 0;
    if (before !== undefined && before.state !== 'running') this.#wait();
  }

  get binding(): ModuleBinding {
    return this.#parts.binding;
  }

  get desk(): HostDesk {
    return this.#parts.desk;
  }

  get isRunning(): boolean {
    return this.#instance !== null;
  }

  get isQuarantined(): boolean {
    return this.#instance === null && this.#failures >= this.#parts.quarantineAfter;
  }

  get error(): string | null {
    return this.#error;
  }

  get counts(): ModuleCounts {
    return this.#counts;
  }

  status(): ModuleStatus {
    const { binding, desk } = this.#parts;
    return {
      name: binding.name,
      module: binding.manifest.id,
      version: binding.manifest.version,
      state: this.#instance !== null ? 'running' : this.isQuarantined ? 'quarantined' : 'backing_off',
      seriesRead: binding.seriesRead,
      ...this.#counts,
      lastCallTookMs: this.#lastCallTookMs,
      ...this.#times.percentiles(),
      memoryBytes: this.#instance?.memoryBytes ?? 0,
      error: this.#error,
      failures: this.#failures,
      dropped: desk.dropped,
      gauges: Object.fromEntries(desk.gauges),
      canary: null,
    };
  }

  /** Makes the instance when there is none and its time has come. */
  revive(): void {
    if (this.#instance === null && this.#parts.nowMs() >= this.#retryAtMs) this.#start(null);
  }

  /** Makes an instance that goes on from `state`. @returns null, or why it begins empty (or not at all: see `isRunning`). */
  startFrom(state: CarriedState | null): string | null {
    return this.#start(state);
  }

  /** Ends the wait of a back-off or quarantine. */
  resume(): void {
    this.#retryAtMs = 0;
    this.#failures = 0;
    this.revive();
  }

  /** What it knows now; null when it keeps no state, does not run, or cannot say. */
  state(): CarriedState | null {
    const { manifest } = this.#parts.binding;
    if (manifest.state === null) return null;
    const pages = this.#within((instance) => instance.snapshot()) ?? 'it does not run';
    if (typeof pages === 'string') return this.#noState(pages);
    return { module: manifest.id, version: manifest.version, form: manifest.state.version, pages };
  }

  /**
   * @param seen rows of its input that it saw when it was given this batch before; undefined: it is asked about all.
   * @returns rows of its input that it was asked about, when its fuel was not enough for all; undefined: all, or it does not run.
   */
  onBatch(points: PointColumns, onOutput: (output: BatchViews) => void, seen?: number): number | undefined {
    const { binding } = this.#parts;
    const all = this.#instance === null ? 0 : binding.count(points);
    let left = Math.min(all, seen ?? all);
    for (let from = 0; left > 0 && this.#instance !== null; ) {
      const rows = Math.min(left, this.#instance.inputRows);
      if (!this.#hasFuel()) {
        this.#counts.throttledRows += left;
        return all - left;
      }
      const { next } = binding.select(points, from, this.#instance.input(rows));
      this.#counts.rowsIn += rows;
      this.#call((instance) => instance.onBatch(rows, onOutput));
      from = next;
      left -= rows;
    }
    return undefined;
  }

  /** Rows that it is not asked about, because its worker lags and it takes the most time there. */
  leaveOut(points: PointColumns): void {
    this.#counts.throttledRows += this.#parts.binding.count(points);
  }

  /** @returns 0 when its fuel was not enough; undefined: it was called, or has no tick, or does not run. */
  onTick(epochMs: number, onOutput: (output: BatchViews) => void): number | undefined {
    const isThrottled = this.#instance?.hasTick === true && !this.#hasFuel();
    if (this.#instance?.hasTick && !isThrottled) this.#call((instance) => instance.onTick(epochMs, onOutput));
    this.#forgiveFailures();
    return isThrottled ? 0 : undefined;
  }

  #forgiveFailures(): void {
    if (this.#failures > 0 && this.#parts.nowMs() - this.#startedMs > HEALTHY_AFTER_MS && this.#instance !== null) {
      this.#failures = 0;
      this.#error = null;
    }
  }

  countOutput(rows: number): void {
    this.#counts.rowsOut += rows;
  }

  #hasFuel(): boolean {
    return this.isRepeating || this.#fuel.available(this.#parts.nowMs()) > 0;
  }

  #start(state: CarriedState | null): string | null {
    const { binding, instantiate, marker, onFresh, nowMs, log } = this.#parts;
    let notCarried = whyNotCarried(state, binding.manifest);
    let isOurs = false;
    marker.enter();
    try {
      let instance = instantiate();
      if (state !== null && notCarried === null) {
        const result = instance.restore(state.pages);
        if (result < 0) {
          notCarried = `it refuses the state: ${errnoName(result)}`;
          instance = instantiate();
        }
      }
      this.#instance = instance;
      this.#startedMs = nowMs();
      if (notCarried !== null) onFresh();
      if (state !== null && notCarried !== null) log(`module ${binding.name}: begins empty: ${notCarried}`);
      if (this.#failures > 0) log(`module ${binding.name}: running again after ${this.#failures} failures`);
    } catch (error) {
      isOurs = !isTheirs(error);
      this.#failed(error);
      notCarried ??= this.#error;
    } finally {
      if (!isOurs) marker.leave();
    }
    return notCarried;
  }

  /** A call for the module's purpose: counted and timed. */
  #call(work: (instance: RunningModule) => number): void {
    const result = this.#within((instance) => {
      const found = work(instance);
      this.#counts.calls++;
      return found;
    });
    this.#times.record(this.#lastCallTookMs);
    if (result !== undefined && result < 0) this.#refused(result);
  }

  /** Anything that runs code of the module: under the watchdog's eye, its fuel accounted. @returns undefined when it does not run, or failed. */
  #within<T>(work: (instance: RunningModule) => T): T | undefined {
    const instance = this.#instance;
    if (instance === null) return undefined;
    const { marker, nowMs } = this.#parts;
    const start = nowMs();
    const fuel = instance.fuelUsed;
    let isOurs = false;
    marker.enter();
    try {
      return work(instance);
    } catch (error) {
      isOurs = !isTheirs(error);
      this.#failed(error);
      return undefined;
    } finally {
      if (!isOurs) marker.leave();
      const used = instance.fuelUsed - fuel;
      if (!this.isRepeating) this.#fuel.spend(used);
      this.#counts.fuel += used;
      this.#lastCallTookMs = nowMs() - start;
      this.#counts.callMs += this.#lastCallTookMs;
    }
  }

  #noState(reason: string): null {
    if (this.#instance !== null && reason !== this.#noStateReason) {
      this.#noStateReason = reason;
      this.#parts.log(`module ${this.#parts.binding.name}: its state cannot be carried: ${reason}`);
    }
    return null;
  }

  #refused(result: number): void {
    const { binding, nowMs, log } = this.#parts;
    this.#counts.refusals++;
    this.#error = `error ${errnoName(result)} from the module`;
    if (nowMs() - this.#lastRefusalLogMs < REFUSAL_LOG_EVERY_MS) return;
    this.#lastRefusalLogMs = nowMs();
    log(`module ${binding.name}: error ${errnoName(result)} (${this.#counts.refusals} so far; next line in a minute)`);
  }

  /**
   * A trap or a breach of the ABI: the instance is not used again. A programmer's mistake of ours passes through and ends the worker, with the
   * mark left where it is: it names the module in whose call it happened.
   */
  #failed(error: unknown): void {
    if (!isTheirs(error)) throw error;
    const { binding, log } = this.#parts;
    this.#instance = null;
    this.#failures++;
    this.#counts.traps++;
    this.#counts.restarts++;
    this.#error = describeError(error);
    const delay = this.#wait();
    const where = this.isQuarantined ? 'in quarantine; tried again' : 'new instance';
    log(
      `module ${binding.name}: version ${binding.manifest.version} failed: ${this.#error}; ${where} in ${Math.round(delay)} ms`,
    );
  }

  #wait(): number {
    const { quarantineAfter, random, nowMs } = this.#parts;
    const beyond = this.#failures - quarantineAfter;
    const delay =
      beyond < 0
        ? backoffDelay(BACKOFF, Math.max(1, this.#failures), random)
        : backoffDelay(QUARANTINE, beyond + 1, random);
    this.#retryAtMs = nowMs() + delay;
    return delay;
  }
}

function isTheirs(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof GatewayError || error instanceof RangeError;
}
