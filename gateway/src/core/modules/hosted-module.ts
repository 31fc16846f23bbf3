import { backoffDelay } from '../../base/backoff.ts';
import { describeError, GatewayError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { millis } from '../../base/units.ts';
import type { PointColumns } from '../model/points.ts';
import type { BatchViews } from './batch-layout.ts';
import type { ModuleBinding, OutputSink } from './module-binding.ts';
import type { RunningModule } from './ports.ts';
import type { ModuleStatus } from './status.ts';

/** After a trap: one second, doubling to a minute; a module that runs well for a minute starts over. */
const BACKOFF = { first: millis(1000), max: millis(60_000) };
const HEALTHY_AFTER_MS = 60_000;

/** Tells the watchdog which module is being called; see `main/module-watchdog.ts`. */
export type CallMarker = { enter: () => void; leave: () => void };

export interface HostedModuleParts {
  readonly binding: ModuleBinding;
  /** @throws GatewayError when the module breaks the ABI or refuses its configuration; WebAssembly.RuntimeError when it traps. */
  readonly instantiate: () => RunningModule;
  readonly marker: CallMarker;
  /** A new instance runs, and knows nothing of what the one before it has said. */
  readonly onStarted: () => void;
  readonly sink: OutputSink;
  readonly random: Random;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly log: (text: string) => void;
}

type Counts = Pick<ModuleStatus, 'calls' | 'rowsIn' | 'rowsOut' | 'traps' | 'restarts' | 'refusals' | 'lastCallTookMs'>;

/** One configured module: its instance while it runs, its back-off while it does not. */
export class HostedModule {
  readonly #parts: HostedModuleParts;
  readonly #counts: { -readonly [K in keyof Counts]: Counts[K] };
  readonly #onOutput: (output: BatchViews) => void;
  #instance: RunningModule | null = null;
  #startedMs = 0;
  #retryAtMs = 0;
  #failures: number;
  #error: string | null;
  #lastRefusalLogMs = -Infinity;

  /** @param before how it stood in a worker that had to be ended, if that was so. */
  constructor(parts: HostedModuleParts, before: ModuleStatus | undefined) {
    this.#parts = parts;
    const {
      calls = 0,
      rowsIn = 0,
      rowsOut = 0,
      traps = 0,
      restarts = 0,
      refusals = 0,
      lastCallTookMs = 0,
    } = before ?? {};
    this.#counts = { calls, rowsIn, rowsOut, traps, restarts, refusals, lastCallTookMs };
    this.#error = before?.error ?? null;
    this.#failures = before?.state === 'backing_off' ? before.restarts : 0;
    if (this.#failures > 0) this.#retryAtMs = parts.nowMs() + backoffDelay(BACKOFF, this.#failures, parts.random);
    this.#onOutput = (output) => {
      this.#counts.rowsOut += output.count;
      parts.binding.emit(output, parts.sink);
    };
  }

  get rowsOut(): number {
    return this.#counts.rowsOut;
  }

  status(): ModuleStatus {
    const { binding } = this.#parts;
    return {
      name: binding.name,
      module: binding.manifest.id,
      version: binding.manifest.version,
      state: this.#instance === null ? 'backing_off' : 'running',
      ...this.#counts,
      memoryBytes: this.#instance?.memoryBytes ?? 0,
      error: this.#error,
    };
  }

  /** Makes the instance when there is none and its time has come. */
  revive(): void {
    if (this.#instance !== null || this.#parts.nowMs() < this.#retryAtMs) return;
    const { binding, instantiate, marker } = this.#parts;
    marker.enter();
    try {
      this.#instance = instantiate();
      this.#startedMs = this.#parts.nowMs();
      this.#parts.onStarted();
      if (this.#failures > 0) this.#parts.log(`module ${binding.name}: running again after ${this.#failures} failures`);
    } catch (error) {
      this.#failed(error);
    } finally {
      marker.leave();
    }
  }

  onBatch(points: PointColumns): void {
    const { binding } = this.#parts;
    let left = this.#instance === null ? 0 : binding.count(points);
    for (let from = 0; left > 0 && this.#instance !== null; ) {
      const rows = Math.min(left, this.#instance.inputRows);
      const { next } = binding.select(points, from, this.#instance.input(rows));
      this.#counts.rowsIn += rows;
      this.#call((instance) => instance.onBatch(rows, this.#onOutput));
      from = next;
      left -= rows;
    }
  }

  onTick(epochMs: number): void {
    if (this.#instance?.hasTick) this.#call((instance) => instance.onTick(epochMs, this.#onOutput));
    if (this.#failures > 0 && this.#parts.nowMs() - this.#startedMs > HEALTHY_AFTER_MS && this.#instance !== null) {
      this.#failures = 0;
      this.#error = null;
    }
  }

  #call(work: (instance: RunningModule) => number): void {
    const { marker, nowMs } = this.#parts;
    const start = nowMs();
    marker.enter();
    try {
      const result = work(this.#instance!);
      this.#counts.calls++;
      if (result < 0) this.#refused(result);
    } catch (error) {
      this.#failed(error);
    } finally {
      marker.leave();
      this.#counts.lastCallTookMs = nowMs() - start;
    }
  }

  #refused(result: number): void {
    const { binding, nowMs, log } = this.#parts;
    this.#counts.refusals++;
    this.#error = `error ${result} from the module`;
    if (nowMs() - this.#lastRefusalLogMs < 60_000) return;
    this.#lastRefusalLogMs = nowMs();
    log(`module ${binding.name}: error ${result} (${this.#counts.refusals} so far; next line in a minute)`);
  }

  /** A trap or a breach of the ABI: the instance is not used again. A programmer's mistake of ours passes through. */
  #failed(error: unknown): void {
    const isTheirs =
      error instanceof WebAssembly.RuntimeError || error instanceof GatewayError || error instanceof RangeError;
    if (!isTheirs) throw error;
    const { binding, nowMs, random, log } = this.#parts;
    this.#instance = null;
    this.#failures++;
    this.#counts.traps++;
    this.#counts.restarts++;
    const delay = backoffDelay(BACKOFF, this.#failures, random);
    this.#retryAtMs = nowMs() + delay;
    this.#error = describeError(error);
    log(`module ${binding.name}: ${this.#error}; new instance in ${Math.round(delay)} ms`);
  }
}
