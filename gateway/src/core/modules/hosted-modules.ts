import { describeError } from '../../base/errors.ts';
import type { PointColumns } from '../model/points.ts';
import { type CarriedState, decodeState, encodeState } from './carried-state.ts';
import { CountedSink, DERIVED_LANES, type DerivedLane } from './counted-sink.ts';
import { HostedModule } from './hosted-module.ts';
import type { OutputSink } from './module-binding.ts';
import type { ModuleRun } from './module-run.ts';
import type { Recovery } from './recovery.ts';
import type { ModuleStatus } from './status.ts';

/** A checkpoint comes at most this often, unless the log is full, and takes at most this share of the time. */
const CHECKPOINT_EVERY_MS = 1000;
const CHECKPOINT_SHARE = 0.02;
/** A module that took less than this of the last one to two seconds is not why its worker lags, ms. */
const SLOW_MS = 400;

/** What the set needs to know of a module to tell it from others; `S` is what a run is made of. */
export interface SlottedSpec {
  /** Its place in the recovery memory; the same in every worker that hosts it. */
  readonly slot: number;
  readonly name: string;
}

/** How a run stands among the others. */
export interface RunPlace {
  /** To be told each time the run begins knowing nothing of what was said before. */
  readonly onFresh: () => void;
  /** It is a version beside the live one now: what it says and emits goes nowhere. */
  readonly isBeside: () => boolean;
}

export interface HostedModulesParts<S extends SlottedSpec> {
  readonly makeRun: (spec: S, before: ModuleStatus | undefined, place: RunPlace) => ModuleRun;
  /** The live version of a module knows nothing of what was said before. */
  readonly onFresh: (name: string) => void;
  readonly outbox: OutputSink;
  /** Null: nothing is kept for a worker after this one. */
  readonly recovery: Recovery | null;
  /** Raises or clears the alarm that a module is in quarantine; called on each tick with how it is. */
  readonly onQuarantine: (name: string, isQuarantined: boolean) => void;
  readonly nowMs: () => number;
  readonly log: (text: string) => void;
}

/** All modules of one worker, in the order in which they are asked. */
export class HostedModules<S extends SlottedSpec> {
  readonly #parts: HostedModulesParts<S>;
  readonly #modules = new Map<string, { readonly hosted: HostedModule; readonly slot: number }>();
  readonly #unsharedSent = new Float64Array(DERIVED_LANES.length);
  #nextCheckpointMs = 0;
  /** The canary that is being started. */
  #beside: ModuleRun | null = null;
  /** Time spent in calls of each module, when the last tick came, and the one before it. */
  #callMsAtTick = new Map<string, number>();
  #callMsBefore = new Map<string, number>();
  /** Slots whose state did not fit into the last checkpoint: said once. */
  #leftOut: readonly number[] = [];

  constructor(parts: HostedModulesParts<S>) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#modules.size;
  }

  get rowsOut(): number {
    let rows = 0;
    for (const { hosted } of this.#modules.values()) rows += hosted.total('rowsOut');
    return rows;
  }

  *runs(): Generator<ModuleRun> {
    for (const { hosted } of this.#modules.values()) {
      yield hosted.live;
      if (hosted.canary !== null) yield hosted.canary;
    }
  }

  find(name: string): HostedModule | undefined {
    return this.#modules.get(name)?.hosted;
  }

  statuses(): ModuleStatus[] {
    return [...this.#modules.values()].map(({ hosted }) => hosted.status());
  }

  /**
   * A module that was not here, or another version or configuration of one that was.
   * @param state encoded; what it is to go on from when it was not here. @returns null, or why it begins empty.
   */
  put(spec: S, before?: ModuleStatus, state?: Uint8Array): string | null {
    const known = this.#modules.get(spec.name)?.hosted;
    const run = this.#makeRun(spec, before ?? known?.status());
    if (known !== undefined) {
      known.sink.setRate(run.binding.manifest.limits.rowsPerSec);
      const notCarried = known.replace(run);
      this.checkpoint();
      return notCarried;
    }
    const hosted = this.#add(spec, run);
    if (before !== undefined && before.state !== 'running') return before.error;
    const notCarried = run.startFrom(state === undefined ? null : this.#decode(spec.name, state));
    this.checkpoint();
    return hosted.live.isRunning ? notCarried : hosted.live.error;
  }

  remove(name: string): void {
    this.#modules.delete(name);
    this.checkpoint();
  }

  /** @returns null, or why the canary did not begin with the live version's state. */
  startCanary(spec: S): string | null {
    const hosted = this.#modules.get(spec.name)?.hosted;
    if (hosted === undefined) return `no module ${spec.name}`;
    const run = this.#makeRun(spec, undefined);
    this.#beside = run;
    try {
      return hosted.startCanary(run);
    } finally {
      this.#beside = null;
    }
  }

  swapCanary(name: string): boolean {
    const hosted = this.find(name);
    const isOfOldState = hosted?.canaryReport()?.notCarried === null;
    const swapped = hosted?.swapCanary() ?? false;
    if (swapped) hosted?.sink.setRate(hosted.live.binding.manifest.limits.rowsPerSec);
    if (swapped && !isOfOldState) this.#parts.onFresh(name);
    this.checkpoint();
    return swapped;
  }

  /** @param isLagging the module that has taken the most time of late is left out, so that the others keep up. */
  onBatch(points: PointColumns, sequence: number, isColoured: boolean, isLagging = false): void {
    const { recovery } = this.#parts;
    if (recovery !== null) {
      if (recovery.isFull) this.checkpoint();
      recovery.logBatch(points, sequence);
    }
    const slowest = isLagging ? this.#slowest() : undefined;
    for (const { hosted, slot } of this.#modules.values()) {
      if (hosted === slowest) hosted.live.leaveOut(points);
      const seen = hosted === slowest ? 0 : hosted.onBatch(points, isColoured);
      if (seen !== undefined) recovery?.noteSeen(slot, seen);
    }
  }

  onTick(epochMs: number): void {
    this.#callMsBefore = this.#callMsAtTick;
    this.#callMsAtTick = new Map([...this.#modules].map(([name, { hosted }]) => [name, hosted.total('callMs')]));
    const { recovery, onQuarantine } = this.#parts;
    if (recovery?.isFull) this.checkpoint();
    recovery?.logTick(epochMs);
    for (const { hosted, slot } of this.#modules.values()) {
      hosted.revive();
      const seen = hosted.onTick(epochMs);
      if (seen !== undefined) recovery?.noteSeen(slot, seen);
      onQuarantine(hosted.name, hosted.live.isQuarantined);
    }
  }

  /** The outbox has sent all rows of a lane. */
  laneSent(lane: DerivedLane): void {
    for (const { hosted } of this.#modules.values()) hosted.sink.laneSent(lane);
  }

  /** After a batch or a tick: takes a checkpoint when one is due. */
  checkpointIfDue(): void {
    const { recovery, nowMs } = this.#parts;
    if (recovery === null || recovery.isEmpty || nowMs() < this.#nextCheckpointMs) return;
    for (const { hosted } of this.#modules.values()) if (hosted.sink.hasPending) return;
    this.checkpoint();
  }

  checkpoint(): void {
    const { recovery, nowMs, log } = this.#parts;
    if (recovery === null) return;
    const start = nowMs();
    const slots = new Map<number, Uint8Array>();
    for (const { hosted, slot } of this.#modules.values()) {
      const state = hosted.state();
      if (state !== null) slots.set(slot, encodeState(state));
    }
    const leftOut = recovery.checkpoint(slots);
    for (const { hosted, slot } of this.#modules.values()) {
      const isNew = leftOut.includes(slot) && !this.#leftOut.includes(slot);
      if (isNew) log(`module ${hosted.name}: its state is too large for a checkpoint`);
    }
    this.#leftOut = leftOut;
    const took = nowMs() - start;
    this.#nextCheckpointMs = nowMs() + Math.max(CHECKPOINT_EVERY_MS, took / CHECKPOINT_SHARE);
  }

  /** State of every module by name, encoded: for a later life of the gateway. */
  states(): Map<string, Uint8Array> {
    const states = new Map<string, Uint8Array>();
    for (const [name, { hosted }] of this.#modules) {
      const state = hosted.state();
      if (state !== null) states.set(name, encodeState(state));
    }
    return states;
  }

  /**
   * Goes on where a worker that was ended had to stop: each module gets its state of the checkpoint and what came since, but says
   * nothing twice. The culprits begin empty, after their back-off.
   * @param specs each with the state, encoded, that it goes on from when the worker was ended before there was a checkpoint of it.
   */
  recover(
    specs: readonly {
      readonly spec: S;
      readonly before?: ModuleStatus | undefined;
      readonly state?: Uint8Array | undefined;
    }[],
    culprits: ReadonlySet<number>,
  ): void {
    const { recovery } = this.#parts;
    const states = recovery?.states() ?? new Map<number, Uint8Array>();
    const repeating: { readonly hosted: HostedModule; readonly slot: number }[] = [];
    for (const { spec, before, state: kept } of specs) {
      const run = this.#makeRun(spec, before);
      const hosted = this.#add(spec, run);
      const isWaiting = before !== undefined && before.state !== 'running';
      if (culprits.has(spec.slot) || isWaiting) continue;
      const state = states.get(spec.slot) ?? kept;
      const notCarried = run.startFrom(state === undefined ? null : this.#decode(spec.name, state));
      // A module that keeps no state is the same again once it has started; one that should have had a state is not.
      if (notCarried === null || run.binding.manifest.state === null) repeating.push({ hosted, slot: spec.slot });
    }
    for (const { hosted, slot } of repeating) {
      hosted.sink.holdBackSent();
      hosted.live.desk.holdBack(recovery?.emittedBy(slot)[0] ?? 0);
      hosted.live.isRepeating = true;
    }
    for (const record of recovery?.log() ?? []) {
      for (const { hosted, slot } of repeating) hosted.repeat(record, slot);
    }
    for (const { hosted } of repeating) {
      hosted.sink.holdBackNothing();
      hosted.live.desk.holdBack(0);
      hosted.live.isRepeating = false;
    }
  }

  /** Over the last one to two seconds; undefined when none has taken so much that it is to blame. */
  #slowest(): HostedModule | undefined {
    let slowest: HostedModule | undefined;
    let most = SLOW_MS;
    for (const { hosted } of this.#modules.values()) {
      const now = hosted.total('callMs');
      const took = now - (this.#callMsBefore.get(hosted.name) ?? now);
      if (took <= most) continue;
      slowest = hosted;
      most = took;
    }
    return slowest;
  }

  /** What a canary begins with is nobody's matter until it is live. */
  #makeRun(spec: S, before: ModuleStatus | undefined): ModuleRun {
    const isBeside = () => run === this.#beside || run === this.find(spec.name)?.canary;
    const onFresh = () => {
      if (!isBeside()) this.#parts.onFresh(spec.name);
    };
    const run: ModuleRun = this.#parts.makeRun(spec, before, { onFresh, isBeside });
    return run;
  }

  #add(spec: S, run: ModuleRun): HostedModule {
    const sent = this.#parts.recovery?.sentBy(spec.slot) ?? this.#unsharedSent;
    const { outbox, nowMs } = this.#parts;
    const sink = new CountedSink(outbox, sent, run.binding.manifest.limits.rowsPerSec, nowMs);
    const hosted = new HostedModule(spec.name, sink, run);
    this.#modules.set(spec.name, { hosted, slot: spec.slot });
    return hosted;
  }

  #decode(name: string, state: Uint8Array): CarriedState | null {
    try {
      return decodeState(state);
    } catch (error) {
      this.#parts.log(`module ${name}: ${describeError(error)}; it begins empty`);
      return null;
    }
  }
}
