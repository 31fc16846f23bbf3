/** What the threads say to each other, and what each is given at its start. Bulk data stays in shared memory. */
import type { MessagePort } from 'node:worker_threads';
import type { Config } from '../config/settings.ts';
import type { FilledBatch } from '../core/ingest/pipeline.ts';
import type { BatchPoolMemory } from '../core/model/batch-pool.ts';
import type { Ledger, ShedReason } from '../core/model/ledger.ts';
import type { PointColumns } from '../core/model/points.ts';
import type { SagaChange, SagaRow } from '../core/model/saga.ts';
import type { Lane, Series } from '../core/model/series.ts';
import type { SeriesBoardMemory } from '../core/model/series-board.ts';
import type { ModuleStatus } from '../core/modules/status.ts';
import type { AlarmRow, SegmentRow, SegmentState } from '../core/store/ports.ts';

/** Memory that all threads share. */
export interface SharedParts {
  readonly pool: BatchPoolMemory;
  readonly liveBoard: SeriesBoardMemory;
  readonly derivedBoard: SeriesBoardMemory;
  readonly counters: SharedArrayBuffer;
  readonly latencies: SharedArrayBuffer;
}

export interface IngestWorkerData {
  readonly config: Config;
  readonly gatewayId: string;
  readonly shared: SharedParts;
  readonly series: readonly Series[];
  readonly store: MessagePort;
}

export interface StoreWorkerData {
  readonly config: Config;
  readonly stateFolder: string;
  readonly shared: SharedParts;
  readonly ingest: MessagePort;
}

/** Ingest to store. */
export type BatchMessage = FilledBatch;

/** Store to ingest: batches up to this sequence are on disk. */
export interface CommittedMessage {
  readonly committed: number;
}

/** Main to ingest. */
export interface ModulePortMessage {
  readonly modulePort: MessagePort;
}

/** Main to store: a door for the module worker. */
export interface StorePortMessage {
  readonly port: MessagePort;
}

/** Ingest to modules: a batch held for them, and series they have not heard of. */
export interface ModuleBatchMessage {
  readonly slot: number;
  readonly length: number;
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

/** Verbs of the ingest worker, called by main. */
export interface IngestVerbs {
  start(): { address: string };
  /** Takes nothing more; resolves when everything taken is on disk and acknowledged. */
  drain(): void;
  close(): void;
  status(): { connections: number; series: number; refused: number };
}

/** Verbs of the store worker, called by main. */
export interface StoreVerbs {
  ledger(): Ledger;
  status(): StoreStatus;
  alarms(limit: number): (AlarmRow & { name: string })[];
  tail(series: number): PointColumns;
  segment(lane: Lane, sequence: number): SegmentRow | undefined;
  moveSegment(lane: Lane, sequence: number, to: Exclude<SegmentState, 'sealed'>): SegmentRow;
  recordSaga(change: SagaChange): void;
  activeSagas(): SagaRow[];
  pendingSagas(definition: string, perPriority: number): SagaRow[];
  findSaga(id: string): SagaRow | undefined;
  /** Gives segments whose saga ended without a receipt a new one. */
  reviveShipments(): number;
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
  | { readonly notice: 'modules'; readonly modules: readonly ModuleStatus[] };
