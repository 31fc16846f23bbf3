/** What `/metrics` tells besides the hot counters: a table, read once a scrape from one status document. */
import type { Gauge } from '../../adapters/otel/metrics.ts';
import { LATENCIES, type LatencyName } from '../../core/model/latency-histogram.ts';
import { LANES } from '../../core/model/series.ts';
import type { StatusDocument } from '../status-report.ts';
import { FUNCTION_GAUGES } from './function-gauges.ts';
import { type GaugeRow, quantiles, type Read } from './gauge-row.ts';
import { MODULE_GAUGES } from './module-gauges.ts';

const one = (value: number) => [{ value }];

const perLane =
  (pick: (lane: StatusDocument['ledger']['lanes']['live']) => number): Read =>
  (status) =>
    LANES.map((lane) => ({ value: pick(status.ledger.lanes[lane]), labels: { lane } }));

const perQuantile =
  (name: LatencyName): Read =>
  (status) => {
    const { p50Ms, p99Ms } = status.ingest.latency[name];
    return quantiles(p50Ms, p99Ms);
  };

const perThread =
  (pick: (thread: StatusDocument['process']['threads'][number]) => number): Read =>
  (status) =>
    status.process.threads.map((thread) => ({ value: pick(thread), labels: { thread: thread.name } }));

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
  {
    name: 'gateway_thread_heap_octets',
    unit: 'By',
    help: "V8's heap in use, of all threads of a name",
    read: perThread((thread) => thread.heapBytes),
  },
  {
    name: 'gateway_thread_external_octets',
    unit: 'By',
    help: 'Buffers and memories of WebAssembly beside the heap, of all threads of a name',
    read: perThread((thread) => thread.externalBytes),
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
