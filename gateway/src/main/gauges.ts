/** What `/metrics` tells besides the hot counters: a table, read once a scrape from one status document. */
import type { Gauge } from '../adapters/otel/metrics.ts';
import type { DurationSummary } from '../core/functions/duration-histogram.ts';
import { LATENCIES, type LatencyName } from '../core/model/latency-histogram.ts';
import { LANES } from '../core/model/series.ts';
import { counted, type GaugeRow, level, type Read } from './gauges/gauge-row.ts';
import { MODULE_GAUGES } from './gauges/module-gauges.ts';
import type { StatusDocument } from './status-report.ts';

const one = (value: number) => [{ value }];

const perLane =
  (pick: (lane: StatusDocument['ledger']['lanes']['live']) => number): Read =>
  (status) =>
    LANES.map((lane) => ({ value: pick(status.ledger.lanes[lane]), labels: { lane } }));

const perFunction =
  (pick: (fn: StatusDocument['functions'][number]) => number): Read =>
  (status) =>
    status.functions.map((fn) => ({ value: pick(fn), labels: { function: fn.name } }));

const perFunctionQuantile =
  (pick: (fn: StatusDocument['functions'][number]) => DurationSummary): Read =>
  (status) =>
    status.functions.flatMap((fn) => {
      const { p50Ms, p99Ms } = pick(fn);
      if (p50Ms === null || p99Ms === null) return [];
      return [
        { value: p50Ms, labels: { function: fn.name, quantile: '0.5' } },
        { value: p99Ms, labels: { function: fn.name, quantile: '0.99' } },
      ];
    });

const perQuantile =
  (name: LatencyName): Read =>
  (status) => {
    const { p50Ms, p99Ms } = status.ingest.latency[name];
    if (p50Ms === null || p99Ms === null) return [];
    return [
      { value: p50Ms, labels: { quantile: '0.5' } },
      { value: p99Ms, labels: { quantile: '0.99' } },
    ];
  };

const FUNCTION_GAUGES: readonly GaugeRow[] = [
  level(
    'gateway_function_running',
    '1 while the function runs',
    perFunction((f) => (f.state === 'running' ? 1 : 0)),
  ),
  level(
    'gateway_function_queued',
    'Events that wait',
    perFunction((f) => f.queued),
  ),
  level(
    'gateway_function_dead_letters',
    'Dead letters kept',
    perFunction((f) => f.dead),
  ),
  level(
    'gateway_function_instances',
    'Instances',
    perFunction((f) => f.instances),
  ),
  level(
    'gateway_function_active',
    'Calls that run',
    perFunction((f) => f.active),
  ),
  counted(
    'gateway_function_calls',
    'Calls that ended',
    perFunction((f) => f.calls),
  ),
  counted(
    'gateway_function_failures',
    'Calls that failed',
    perFunction((f) => f.failures),
  ),
  counted(
    'gateway_function_retries',
    'Failed tries of events that were tried again',
    perFunction((f) => f.retries),
  ),
  counted(
    'gateway_function_dead',
    'Events that became dead letters after their last try',
    perFunction((f) => f.deadLettered),
  ),
  counted(
    'gateway_function_overflowed',
    'Events that found the queue full',
    perFunction((f) => f.overflowed),
  ),
  counted(
    'gateway_function_dropped',
    'Dead letters that gave way to newer ones',
    perFunction((f) => f.dropped),
  ),
  counted(
    'gateway_function_cold_starts',
    'Calls that waited for an instance',
    perFunction((f) => f.coldStarts),
  ),
  counted(
    'gateway_function_warm_calls',
    'Calls that found an instance',
    perFunction((f) => f.warmCalls),
  ),
  counted(
    'gateway_function_prewarmed',
    'Instances made ahead',
    perFunction((f) => f.prewarmed),
  ),
  counted(
    'gateway_function_reclaimed',
    'Instances taken back',
    perFunction((f) => f.reclaimed),
  ),
  {
    name: 'gateway_function_cold_start_ms',
    unit: 'ms',
    help: 'From the wish for an instance to its first call, since the start',
    read: perFunctionQuantile((f) => f.coldStart),
  },
  {
    name: 'gateway_function_duration_ms',
    unit: 'ms',
    help: 'Duration of calls, the wait for an instance included, since the start',
    read: perFunctionQuantile((f) => f.duration),
  },
  {
    name: 'gateway_function_duration_bucket',
    unit: '1',
    help: 'Calls that took at most le ms, since the start',
    read: (status) =>
      status.functions.flatMap(({ name, durations, calls }) => [
        ...durations.map(({ leMs, count }) => ({ value: count, labels: { function: name, le: String(leMs) } })),
        { value: calls, labels: { function: name, le: '+Inf' } },
      ]),
  },
  {
    name: 'gateway_function_metric',
    unit: '1',
    help: 'What functions have set themselves',
    read: (status) =>
      status.functions.flatMap(({ name, gauges }) =>
        Object.entries(gauges).map(([metric, value]) => ({ value, labels: { function: name, metric } })),
      ),
  },
];

export const GAUGES: readonly GaugeRow[] = [
  {
    name: 'gateway_ledger_received',
    unit: '1',
    help: 'Points received',
    isCounter: true,
    read: perLane((l) => l.received),
  },
  { name: 'gateway_ledger_stored', unit: '1', help: 'Points stored', isCounter: true, read: perLane((l) => l.stored) },
  {
    name: 'gateway_ledger_confirmed',
    unit: '1',
    help: 'Points the cloud has confirmed',
    isCounter: true,
    read: perLane((l) => l.confirmed),
  },
  { name: 'gateway_ledger_queued', unit: '1', help: 'Points not yet confirmed', read: perLane((l) => l.queued) },
  {
    name: 'gateway_ledger_quarantined',
    unit: '1',
    help: 'Rejected messages and points of corrupt segments',
    isCounter: true,
    read: perLane((l) => l.quarantined),
  },
  {
    name: 'gateway_ledger_expired',
    unit: '1',
    help: 'Points deleted by policy before they were confirmed',
    isCounter: true,
    read: perLane((l) => l.expired),
  },
  {
    name: 'gateway_ledger_balanced',
    unit: '1',
    help: '1 while both identities of the ledger hold',
    read: (s) => one(s.ledger.balanced ? 1 : 0),
  },
  {
    name: 'gateway_store_disk_octets',
    unit: 'By',
    help: 'Segments and journal on disk',
    read: (s) => one(s.store.diskBytes),
  },
  {
    name: 'gateway_store_disk_max_octets',
    unit: 'By',
    help: 'The share of the disk',
    read: (s) => one(s.store.diskMaxBytes),
  },
  {
    name: 'gateway_store_last_commit_ms',
    unit: 'ms',
    help: 'Duration of the last group commit',
    read: (s) => one(s.store.lastCommitTookMs),
  },
  ...LATENCIES.map(({ name, metric, help }) => ({ name: metric, unit: 'ms', help, read: perQuantile(name) })),
  {
    name: 'gateway_sync_link_up',
    unit: '1',
    help: '1 while the link to the cloud is up',
    read: (s) => one(s.sync.link === 'up' ? 1 : 0),
  },
  {
    name: 'gateway_sync_queued_segments',
    unit: '1',
    help: 'Segments not yet confirmed',
    read: (s) => one(s.sync.queuedSegments),
  },
  {
    name: 'gateway_alarms_raised',
    unit: '1',
    help: 'Alarms raised now, of those shown',
    read: (s) => one(s.alarms.filter((a) => a.state === 'raised').length),
  },
  { name: 'gateway_series', unit: '1', help: 'Series known', read: (s) => one(s.ingest.series) },
  { name: 'gateway_connections', unit: '1', help: 'MQTT connections', read: (s) => one(s.ingest.connections) },
  ...MODULE_GAUGES,
  ...FUNCTION_GAUGES,
  {
    name: 'gateway_process_resident_octets',
    unit: 'By',
    help: 'Resident memory of the process',
    read: (s) => one(s.process.rssBytes),
  },
];

/** Bound to a status document that is renewed before each scrape. */
export function gaugesOver(current: () => StatusDocument | null): Gauge[] {
  return GAUGES.map(({ read, ...gauge }) => ({
    ...gauge,
    read: () => {
      const status = current();
      return status === null ? [] : read(status);
    },
  }));
}
