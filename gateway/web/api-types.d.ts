/**
 * What the gateway answers to the page. Names that end in `Ms` are moments (Unix epoch milliseconds by the gateway's clock), except
 * `uptimeMs`, a span. Never loaded by the browser: the page's modules take their types from here.
 */
export type Lane = 'alarm' | 'aggregate' | 'live';

export interface LaneAccount {
  received: number;
  stored: number;
  /** Points by reason. */
  shed: Record<string, number>;
  confirmed: number;
  queued: number;
  quarantined: number;
  expired: number;
}

export interface LedgerReport extends Omit<LaneAccount, 'shed'> {
  shed: number;
  balanced: boolean;
  lanes: Record<Lane, LaneAccount>;
}

export interface RejectedMessage {
  atMs: number;
  topic: string;
  reason: string;
  /** The beginning of the payload, as the sender wrote it: hostile until shown otherwise. */
  sample: string;
}

export interface ModuleReport {
  name: string;
  module: string;
  version: string;
  state: 'running' | 'backing_off' | 'refused' | 'disabled';
  calls: number;
  rowsIn: number;
  rowsOut: number;
  traps: number;
  restarts: number;
  skippedPoints: number;
  lastCallTookMs: number | null;
  memoryBytes: number;
  error?: string | null;
}

export interface StoreReport {
  diskBytes: number;
  diskMaxBytes: number;
  segments: number;
  unconfirmedSegments: number;
  /** Null: the disk is not filling. */
  daysLeft: number | null;
  bytesPerPoint: number | null;
  journalBytes: number;
  lastCommitTookMs: number | null;
}

export interface SyncReport {
  enabled: boolean;
  configured: boolean;
  link: 'up' | 'down' | 'off';
  server: string | null;
  since: number | null;
  queuedSegments: number;
  lastReceiptMs: number | null;
  error?: string | null;
}

export interface AlarmReport {
  /** Identifier or `device/point`. */
  series: number | string;
  kind: string;
  state: 'raised' | 'cleared';
  value: number | null;
  raisedMs: number;
  clearedMs: number | null;
}

export interface SagaReport {
  id: string;
  definition: string;
  state: 'pending' | 'executing' | 'succeeded' | 'compensating' | 'compensated' | 'failed';
  step: string | number | null;
  attempt: number;
  generation: number;
  createdMs: number;
  updatedMs: number;
  error?: string | null;
}

export interface Status {
  gateway: {
    id: string;
    epoch: string;
    version: string;
    startedMs: number;
    nowMs: number;
    state: 'running' | 'draining';
  };
  rates: { pointsPerSecond: number; messagesPerSecond: number; bytesPerSecond: number };
  ledger: LedgerReport;
  ingest: {
    source: 'listener' | 'broker';
    address: string;
    connections: number;
    series: number;
    quarantineLast: RejectedMessage[];
  };
  modules: ModuleReport[];
  store: StoreReport;
  sync: SyncReport;
  alarms: AlarmReport[];
  sagas: SagaReport[];
  process: { rssBytes: number; uptimeMs: number; cpuPercent: number };
}

export interface SeriesReport {
  id: number;
  device: string;
  point: string;
  unit: string;
  lane: Lane;
  lastMs: number | null;
  lastValue: number | null;
  count: number;
}

/** Buckets as columns, oldest first; with few points a bucket is one point and min = max = mean. */
export interface SeriesPoints {
  series: SeriesReport;
  timeMs: number[];
  min: (number | null)[];
  max: (number | null)[];
  mean: (number | null)[];
}

export interface SagaTimeline {
  saga: SagaReport;
  events: { atMs: number; kind: string; step: string | null; attempt: number; detail: string | null }[];
}

/** How bad it is, worst first; `info` asks for nothing. */
export type Level = 'problem' | 'attention' | 'info' | 'ok';
