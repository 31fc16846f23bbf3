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
  /** The reason in words; empty when this version of the program has none. */
  meaning: string;
  /** The beginning of the payload, as the sender wrote it: hostile until shown otherwise. */
  sample: string;
}

/** A new version that runs beside the live one, and how the two compare so far. */
export interface CanaryReport {
  version: string;
  /** Calls that both versions made. */
  calls: number;
  rowsLive: number;
  rowsCanary: number;
  /** Rows of either version that have no equal at the other. */
  rowsDiffering: number;
  fuelLive: number;
  fuelCanary: number;
  failures: number;
  error: string | null;
  /** Why it did not begin with the live version's state; null: it did. */
  notCarried: string | null;
}

/** Counts are since the gateway started. */
export interface ModuleReport {
  name: string;
  module: string;
  version: string;
  state: 'running' | 'backing_off' | 'quarantined' | 'refused' | 'disabled';
  calls: number;
  rowsIn: number;
  rowsOut: number;
  traps: number;
  restarts: number;
  /** Batches that the module itself refused. */
  refusals: number;
  /** Units of fuel, of all calls. */
  fuel: number;
  /** Rows left out because it had used up its fuel of the second. */
  throttledRows: number;
  lastCallTookMs: number | null;
  callP50Ms: number | null;
  callP99Ms: number | null;
  memoryBytes: number;
  error: string | null;
  /** In a row. */
  failures: number;
  dropped: { logLines: number; metrics: number; emits: number };
  /** As the module names them; null stands for what is not a number. */
  gauges: Record<string, number | null>;
  canary: CanaryReport | null;
  /** What it reads, as globs. */
  inputs: { series: string }[];
  /** Series found for each of them; empty: it does not run. */
  seriesRead: number[];
  /** Who decides what it reads: the configuration file, or who installed it. */
  origin: 'file' | 'installed';
  /** The version before, kept to go back to. */
  previous: string | null;
  /** Who signed it; null: nobody, or it could not be loaded. */
  publisher: string | null;
  /** Class of trust; empty: it could not be loaded. */
  trust: string;
  from: 'program' | 'installed' | 'folder' | '';
}

export interface DurationSummary {
  count: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

/** Counts are since the gateway started, but for `queued`, `dead`, `instances` and `active`, which are of now. */
export interface FunctionReport {
  name: string;
  module: string;
  version: string;
  state: 'running' | 'refused' | 'disabled';
  concurrency: number;
  triggers: string[];
  queued: number;
  /** Dead letters. */
  dead: number;
  /** Dead letters that gave way to newer ones. */
  dropped: number;
  /** Events that found the queue full. */
  overflowed: number;
  /** Tries that failed and were, or will be, repeated. */
  retries: number;
  deadLettered: number;
  instances: number;
  active: number;
  coldStarts: number;
  coldStart: DurationSummary;
  prewarmed: number;
  warmCalls: number;
  reclaimed: number;
  calls: number;
  failures: number;
  duration: DurationSummary;
  /** Stays when later calls succeed. */
  lastError: string | null;
  gauges: Record<string, number | null>;
  /** Why it is refused. */
  error: string | null;
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
  /** Of the value: that of the alarm itself, not of what it watches. */
  unit: string;
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
    /** Modules that nobody has signed may run. */
    developerMode: boolean;
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
    /** Connections, since the start. */
    refused: number;
    /** Of the last ten minutes: connections refused, and messages rejected. */
    refusedRecently: number;
    rejectedRecently: number;
    /** The name is what the client calls itself, empty when it gave none: hostile until shown otherwise. */
    lastRefusal: { atMs: number; client: string; reason: string } | null;
    quarantineLast: RejectedMessage[];
  };
  modules: ModuleReport[];
  /** Points that were stored while modules lagged, and not handed to them. */
  modulesSkippedPoints: number;
  functions: FunctionReport[];
  functionThreads: { running: number; started: number };
  store: StoreReport;
  sync: SyncReport;
  alarms: AlarmReport[];
  sagas: SagaReport[];
  process: {
    rssBytes: number;
    uptimeMs: number;
    cpuPercent: number;
    threads: { name: string; threads: number; heapBytes: number; externalBytes: number }[];
  };
}

export interface SeriesReport {
  id: number;
  device: string;
  point: string;
  unit: string;
  lane: Lane;
  /** Of the newest point by the time of its source; null: no point since the start, and none found in the newest segments. */
  lastMs: number | null;
  lastValue: number | null;
  /** Points since the start. */
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

/** `[term, fact]`; one with an empty fact is not shown. A line feed in a fact begins a new line. */
export type Fact = [term: string, fact: string];

/** What to do about something: a sentence or two, and commands to type on the gateway. */
export interface Advice {
  text: string;
  commands: string[];
}

/** Something a technician should know now. */
export interface Finding {
  level: Level;
  /** Its kind: stays the same while its numbers move. */
  topic: string;
  text: string;
  href: string;
  advice?: Advice | undefined;
}
