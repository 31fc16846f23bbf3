/** What the threads say to each other, and what each is given at its start. Bulk data stays in shared memory. */
import type { MessagePort } from 'node:worker_threads';
import type { Refusal } from '../adapters/mqtt/listener.ts';
import type { NewSaga } from '../adapters/sqlite/saga-store.ts';
import type { Config } from '../config/settings.ts';
import type { QueueCounts, QueuedEvent, Settlement } from '../core/functions/ports.ts';
import type { FilledBatch } from '../core/ingest/pipeline.ts';
import type { TakenEvent } from '../core/ingest/ports.ts';
import type { BatchPoolMemory } from '../core/model/batch-pool.ts';
import type { Ledger, ShedReason } from '../core/model/ledger.ts';
import type { ModuleClass } from '../core/model/module-class.ts';
import type { PointColumns } from '../core/model/points.ts';
import type { SagaChange, SagaRow } from '../core/model/saga.ts';
import type { Lane, Series } from '../core/model/series.ts';
import type { SeriesBoardMemory } from '../core/model/series-board.ts';
import type { ModuleStatus } from '../core/modules/status.ts';
import type { FunctionPackage, ModuleUse } from '../core/modules/use.ts';
import type { QuarantinedMessage } from '../core/store/contribution.ts';
import type { AlarmRow, SegmentRow, SegmentState } from '../core/store/ports.ts';

/** Memory that all threads share. */
export interface SharedParts {
  readonly pool: BatchPoolMemory;
  readonly liveBoard: SeriesBoardMemory;
  readonly derivedBoard: SeriesBoardMemory;
  readonly counters: SharedArrayBuffer;
  readonly latencies: SharedArrayBuffer;
  /** Sequence of the last batch that each class of modules has worked off. Float64, shape [MODULE_CLASSES]. */
  readonly moduleProgress: SharedArrayBuffer;
}

export interface IngestWorkerData {
  readonly config: Config;
  readonly gatewayId: string;
  readonly shared: SharedParts;
  /** The first message from there is `StoreOpened`. */
  readonly store: MessagePort;
}

export interface StoreWorkerData {
  readonly config: Config;
  readonly gatewayId: string;
  readonly stateFolder: string;
  readonly shared: SharedParts;
  readonly ingest: MessagePort;
}

/** Ingest to store. */
export type BatchMessage = FilledBatch;

/** Store to ingest, once, before anything else. */
export interface StoreOpened {
  /** All that are known. */
  readonly series: readonly Series[];
}

/** Store to ingest: batches up to this sequence are on disk. */
export interface CommittedMessage {
  readonly committed: number;
}

/** Main to ingest: the door to a module worker, or null when its class has none any more. */
export interface ModulePortMessage {
  readonly moduleClass: ModuleClass;
  readonly modulePort: MessagePort | null;
}

/** Main to store: a door for the module worker. */
export interface StorePortMessage {
  readonly port: MessagePort;
}

/** Ingest to modules: a batch held for them in a slot, or a copy of it, or none; and series they have not heard of. */
export interface ModuleBatchMessage {
  /** -1: the rows are in `copy`, or there are none. */
  readonly slot: number;
  readonly copy: PointColumns | null;
  readonly length: number;
  readonly sequence: number;
  /** Its messages asked for the answer of canaries, where there are any. */
  readonly isColoured: boolean;
  /** See `FilledBatch`. */
  readonly arrivedMs: number;
  readonly newSeries: readonly Series[];
}

/** Modules to store: rows of one lane, in columns of their own. */
export interface DerivedMessage {
  readonly lane: Lane;
  readonly points: PointColumns;
  readonly shed: Partial<Record<ShedReason, number>>;
  readonly newSeries: readonly Series[];
}

/** Store to modules: so many derived messages are on disk. */
export interface DerivedCommitted {
  readonly derivedCommitted: number;
}

export interface TimedRefusal extends Refusal {
  readonly atMs: number;
}

/** Verbs of the ingest worker, called by main. */
export interface IngestVerbs {
  start(): { address: string };
  /**
   * Takes nothing more; resolves when everything taken is on disk and acknowledged.
   * @returns the last batch that each class of modules was given.
   */
  drain(): Map<ModuleClass, number>;
  close(): void;
  status(): { connections: number; series: number; lastRefusal: TimedRefusal | null };
}

/** Verbs of the store worker, called by main. */
export interface StoreVerbs {
  ledger(): Ledger;
  status(): StoreStatus;
  alarms(limit: number): (AlarmRow & { name: string })[];
  tail(series: number): PointColumns;
  /** See `Store.rejected`. */
  rejected(limit: number): QuarantinedMessage[];
  segment(lane: Lane, sequence: number): SegmentRow | undefined;
  moveSegment(lane: Lane, sequence: number, to: Exclude<SegmentState, 'sealed'>): SegmentRow;
  recordSaga(change: SagaChange): void;
  activeSagas(): SagaRow[];
  pendingSagas(definition: string, perPriority: number): SagaRow[];
  findSaga(id: string): SagaRow | undefined;
  /** Adds a pending saga; an id that exists is left as it is. */
  addSaga(saga: NewSaga): void;
  putModuleUse(use: ModuleUse): void;
  removeModuleUse(name: string): void;
  setModuleFloor(module: string, version: string): void;
  putFunctionPackage(row: FunctionPackage): void;
  removeFunctionPackage(module: string): void;
  /** Gives segments whose saga ended without a receipt a new one. */
  reviveShipments(): number;
  /** Of the queue of functions; see `SqliteEventQueue`. */
  dueEvents(fn: string, nowMs: number, horizonMs: number, except: readonly number[], limit: number): QueuedEvent[];
  nextEventMs(fn: string, except: readonly number[]): number | null;
  settleEvents(settlements: readonly Settlement[]): void;
  addEvents(events: readonly TakenEvent[]): void;
  addDeadLetter(fn: string, event: Uint8Array, attempts: number, error: string): void;
  /** @returns its function. */
  retryDeadLetter(id: number): string;
  dropDeadLetter(id: number): void;
  eventCounts(): Record<string, QueueCounts>;
  timerLastMs(fn: string, schedule: string): number | null;
  timerFired(fn: string, schedule: string, lastMs: number, event: Uint8Array | null): void;
  keepTimers(timers: readonly { readonly fn: string; readonly schedule: string }[]): void;
  /** Commits what waits and seals every tail. */
  drain(): void;
  close(): void;
}

export interface StoreStatus {
  readonly epoch: string;
  readonly diskBytes: number;
  readonly diskMaxBytes: number;
  readonly segments: number;
  readonly unconfirmedSegments: number;
  readonly unconfirmedBytes: number;
  readonly journalBytes: number;
  readonly lastCommitTookMs: number;
  readonly problem: string | null;
}

/** Any worker to main, unasked. */
export type WorkerNotice =
  | { readonly notice: 'ready'; readonly epoch?: string; readonly series?: readonly Series[] }
  | { readonly notice: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly notice: 'series'; readonly series: readonly Series[] }
  | { readonly notice: 'sealed' }
  | { readonly notice: 'expired'; readonly sagas: readonly string[] }
  /** Something new for these functions is in the queue. */
  | { readonly notice: 'events'; readonly functions: readonly string[] }
  | {
      readonly notice: 'functionGauges';
      readonly fn: string;
      readonly version: string;
      readonly gauges: readonly (readonly [string, number])[];
    }
  | { readonly notice: 'modules'; readonly moduleClass: ModuleClass; readonly modules: readonly ModuleStatus[] }
  | { readonly notice: 'emitted'; readonly module: string; readonly type: string; readonly data: Uint8Array };
