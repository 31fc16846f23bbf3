import type { PointColumns } from '../model/points.ts';
import type { BatchViews } from './batch-layout.ts';
import type { CarriedState } from './carried-state.ts';
import { type CanaryReport, Comparison } from './comparison.ts';
import type { CountedSink } from './counted-sink.ts';
import type { ModuleRun } from './module-run.ts';
import type { LoggedRecord } from './recovery.ts';
import { addCounts, type ModuleCounts, type ModuleStatus, NO_COUNTS } from './status.ts';

/** A version that runs beside the live one on the same batches; what it puts out is compared, not stored. */
interface Canary {
  readonly run: ModuleRun;
  readonly notCarried: string | null;
  readonly fuelLiveBefore: number;
  /** It was live before the version that is live now. */
  readonly wasLive: boolean;
  comparison: Comparison;
}

/** @returns as `ModuleRun.onBatch`. */
type Call = (run: ModuleRun, onOutput: (output: BatchViews) => void) => number | undefined;

/**
 * One use of a module: the version that is live and, while it is to be replaced, the canary beside it. All changes take effect between two
 * batches, so every row is seen by exactly one live version.
 */
export class HostedModule {
  readonly name: string;
  readonly sink: CountedSink;
  #live: ModuleRun;
  #canary: Canary | null = null;
  /** What versions that are not live any more have added to the totals, so that these never fall. */
  #carried: ModuleCounts = NO_COUNTS;

  constructor(name: string, sink: CountedSink, live: ModuleRun) {
    this.name = name;
    this.sink = sink;
    this.#live = live;
  }

  get live(): ModuleRun {
    return this.#live;
  }

  get canary(): ModuleRun | null {
    return this.#canary?.run ?? null;
  }

  status(): ModuleStatus {
    const canary = this.#canary;
    const report = canary === null ? null : { ...this.#report(canary), version: canary.run.binding.manifest.version };
    return { ...this.#live.status(), ...this.totals(), canary: report };
  }

  /** One of the totals: cheap, for the way of a batch. */
  total(count: keyof ModuleCounts): number {
    return this.#carried[count] + this.#live.counts[count];
  }

  /** Of all versions that were live. */
  totals(): ModuleCounts {
    return addCounts(this.#carried, this.#live.counts, 1);
  }

  /** Another version, or another configuration, takes over at once. @param next goes on counting from the totals. @returns null, or why it did not get the state of the one before. */
  replace(next: ModuleRun): string | null {
    const notCarried = next.startFrom(this.#live.state());
    this.#live = next;
    this.#carried = NO_COUNTS;
    this.#canary = null;
    return notCarried;
  }

  /** @returns null, or why the canary did not begin with the live version's state. */
  startCanary(run: ModuleRun): string | null {
    const reason = run.startFrom(this.#live.state());
    // Where neither keeps a state, both are the same from their start on.
    const isStateless = run.isRunning && !keepsState(run) && !keepsState(this.#live);
    const notCarried = isStateless ? null : reason;
    const fuelLiveBefore = this.#live.counts.fuel;
    this.#canary = { run, notCarried, comparison: new Comparison(), fuelLiveBefore, wasLive: false };
    return notCarried;
  }

  /** The canary goes live, and the live version becomes the canary: the same again undoes it. @returns false when there is no canary. */
  swapCanary(): boolean {
    if (this.#canary === null) return false;
    const { run, notCarried } = this.#canary;
    const before = this.#live;
    this.#carried = addCounts(this.totals(), run.counts, -1);
    this.#live = run;
    const fuelLiveBefore = run.counts.fuel;
    this.#canary = { run: before, notCarried, comparison: new Comparison(), fuelLiveBefore, wasLive: true };
    return true;
  }

  dropCanary(): void {
    this.#canary = null;
  }

  canaryReport(): CanaryReport | null {
    return this.#canary === null ? null : this.#report(this.#canary);
  }

  state(): CarriedState | null {
    return this.#live.state();
  }

  revive(): void {
    this.#live.revive();
    this.#canary?.run.revive();
  }

  /**
   * @param isColoured the batch asks for the canary's answer in place of the live one's.
   * @returns rows that the live version saw of its input, when these were not all; undefined: all.
   */
  onBatch(points: PointColumns, isColoured = false): number | undefined {
    return this.#both((run, onOutput) => run.onBatch(points, onOutput), isColoured);
  }

  /** @returns 0 when the live version did not see it. */
  onTick(epochMs: number): number | undefined {
    return this.#both((run, onOutput) => run.onTick(epochMs, onOutput), false);
  }

  /** Gives the live version once more what it saw of a batch or a tick. */
  repeat(record: LoggedRecord, slot: number): void {
    const seen = record.seenBy(slot);
    if (record.kind === 'batch') this.#live.onBatch(record.points, this.#store(this.#live), seen);
    else if (seen === undefined) this.#live.onTick(record.epochMs, this.#store(this.#live));
  }

  #both(call: Call, isColoured: boolean): number | undefined {
    const live = this.#live;
    const canary = this.#canary;
    if (canary === null) return call(live, this.#store(live));
    const isCanaryAnswering = isColoured && canary.run.isRunning;
    const compared = canary.notCarried === null && live.isRunning && canary.run.isRunning;
    const storeLive = this.#store(live);
    const storeCanary = this.#store(canary.run);
    let hasSpoken = false;
    const seen = call(live, (output) => {
      hasSpoken = true;
      if (compared) canary.comparison.addLive(output, live.binding.manifest);
      if (!isCanaryAnswering) storeLive(output);
    });
    // A new version that has failed: the one before it answers until it is live again.
    const isStandingIn = canary.wasLive && !live.isRunning && !hasSpoken;
    call(canary.run, (output) => {
      if (compared) canary.comparison.addCanary(output, canary.run.binding.manifest);
      if (isCanaryAnswering || isStandingIn) storeCanary(output);
    });
    canary.comparison.endCall();
    return seen;
  }

  #store(run: ModuleRun): (output: BatchViews) => void {
    return (output) => {
      run.countOutput(output.count);
      run.binding.emit(output, this.sink);
    };
  }

  #report({ run, comparison, notCarried, fuelLiveBefore }: Canary): CanaryReport {
    const { traps, refusals, fuel } = run.counts;
    const { calls, rowsLive, rowsCanary, rowsDiffering } = comparison;
    return {
      ...{ calls, rowsLive, rowsCanary, rowsDiffering, notCarried },
      fuelLive: this.#live.counts.fuel - fuelLiveBefore,
      fuelCanary: fuel,
      failures: traps + refusals,
      error: run.error,
    };
  }
}

function keepsState(run: ModuleRun): boolean {
  return run.binding.manifest.state !== null;
}
