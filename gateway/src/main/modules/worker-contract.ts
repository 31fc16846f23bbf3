/** What main gives a module worker at its start, and the verbs it calls there. */
import type { MessagePort } from 'node:worker_threads';
import type { ModuleClass } from '../../core/model/module-class.ts';
import type { Series } from '../../core/model/series.ts';
import type { CanaryReport } from '../../core/modules/comparison.ts';
import type { IdRange } from '../../core/modules/derived-registry.ts';
import type { ModuleStatus } from '../../core/modules/status.ts';
import type { SharedParts } from '../thread-messages.ts';
import type { ModuleSpec } from './module-spec.ts';

/** One module at the start of a worker. */
export interface InitialModule {
  readonly spec: ModuleSpec;
  /** How it stood in a worker that was ended. */
  readonly before?: ModuleStatus | undefined;
  /** What it knew when the gateway was last stopped. */
  readonly state?: Uint8Array | undefined;
}

export interface ModuleWorkerData {
  readonly moduleClass: ModuleClass;
  readonly gatewayId: string;
  readonly modules: readonly InitialModule[];
  readonly shared: SharedParts;
  readonly series: readonly Series[];
  readonly ids: IdRange;
  readonly ingest: MessagePort;
  readonly store: MessagePort;
  /** Alarm series that stand raised from before. */
  readonly raised: readonly number[];
  /** See `call-marks.ts`. */
  readonly calls: SharedArrayBuffer;
  readonly recovery: SharedArrayBuffer;
  /** Slots of modules that a worker before this one was ended for; null: this is the first. */
  readonly culprits: readonly number[] | null;
  readonly quarantineAfter: number;
}

/** Verbs called by main. Each takes effect between two batches. */
export interface ModuleVerbs {
  /** @returns null, or why the module begins without the state of the one before it. */
  put(spec: ModuleSpec, known: readonly Series[]): string | null;
  remove(name: string): void;
  resume(name: string): void;
  startCanary(spec: ModuleSpec, known: readonly Series[]): string | null;
  swapCanary(name: string): boolean;
  dropCanary(name: string): void;
  canaryReport(name: string): CanaryReport | null;
  statuses(): ModuleStatus[];
  states(): Map<string, Uint8Array>;
  /** Resolves when every batch up to `sequence` is worked off, or ten seconds have passed, and all output is on disk. */
  drain(sequence: number): void;
}
