/** How the gateway stands, gathered for the page, the command line and the metrics. */
import type { NatsLink } from '../adapters/nats/link.ts';
import type { Database } from '../adapters/sqlite/database.ts';
import { type QuarantineRow, readQuarantine } from '../adapters/sqlite/rows.ts';
import { listSagas } from '../adapters/sqlite/saga-store.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import { reasonMeaning } from '../core/ingest/reject-reasons.ts';
import { type CounterName, readCounter } from '../core/model/counters.ts';
import { LatencyHistogram, type LatencyName, RecentLatency } from '../core/model/latency-histogram.ts';
import { ledgerTotals } from '../core/model/ledger.ts';
import type { SagaRow } from '../core/model/saga.ts';
import { DERIVED_SERIES_BASE, type Series } from '../core/model/series.ts';
import { SeriesBoard } from '../core/model/series-board.ts';
import type { QuarantinedMessage } from '../core/store/contribution.ts';
import { FillForecast } from '../core/store/fill-forecast.ts';
import { assets } from './assets.ts';
import type { Functions } from './functions/functions.ts';
import type { ModuleHost } from './modules/module-host.ts';
import { RecentTotal } from './recent-total.ts';
import type { IngestVerbs, SharedParts, StoreVerbs } from './thread-messages.ts';
import { threadMemory } from './threads.ts';

export interface ReportParts {
  readonly config: Config;
  readonly id: string;
  readonly epoch: string;
  readonly shared: SharedParts;
  /** Grows while the gateway runs. */
  readonly series: readonly Series[];
  readonly store: Remote<StoreVerbs>;
  readonly ingest: Remote<IngestVerbs>;
  readonly modules: ModuleHost;
  readonly functions: Functions;
  readonly link: NatsLink;
  /** Unix epoch milliseconds; null: no receipt since the start. */
  readonly sync: { readonly lastReceiptMs: number | null };
  /** Read-only. */
  readonly database: Database;
}

const SAMPLE_MS = 1000;
/** Rates are averaged over so many samples. */
const RATE_SAMPLES = 5;
/** Latencies are of the batches of so many samples. */
const LATENCY_SAMPLES = 10;
/** Rejected messages and refused connections of so long are recent. */
const RECENT_MS = 10 * 60_000;
const QUARANTINE_SHOWN = 20;
const ALARMS_SHOWN = 50;
const SAGAS_SHOWN = 20;

interface RateSample {
  readonly atMs: number;
  readonly points: number;
  readonly messages: number;
  readonly octets: number;
  readonly cpuMicros: number;
}

export type StatusDocument = Awaited<ReturnType<StatusReport['status']>>;

export class StatusReport implements Disposable {
  readonly #parts: ReportParts;
  readonly #live: SeriesBoard;
  readonly #derived: SeriesBoard;
  readonly #forecast = new FillForecast();
  readonly #started = systemClock.monotonic();
  readonly #latencies: Record<LatencyName, RecentLatency>;
  readonly #rejected = new RecentTotal(RECENT_MS);
  readonly #refused = new RecentTotal(RECENT_MS);
  #samples: RateSample[] = [];
  #timer: NodeJS.Timeout | undefined;
  state: 'running' | 'draining' = 'running';
  mqttAddress = '';

  constructor(parts: ReportParts) {
    this.#parts = parts;
    this.#live = new SeriesBoard(parts.shared.liveBoard);
    this.#derived = new SeriesBoard(parts.shared.derivedBoard);
    const recent = (name: LatencyName) =>
      new RecentLatency(new LatencyHistogram(parts.shared.latencies, name), LATENCY_SAMPLES);
    this.#latencies = { commit: recent('commit'), module: recent('module'), moduleAge: recent('moduleAge') };
  }

  start(): void {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  counter(name: CounterName): number {
    return readCounter(this.#parts.shared.counters, name);
  }

  async status() {
    const { config, id, epoch, store, ingest, modules, functions, database, link, sync } = this.#parts;
    // Before those that the store has not written there yet: one that moves meanwhile is then missed once, never shown twice.
    const written = readQuarantine(database, QUARANTINE_SHOWN);
    const [ledger, storeStatus, alarms, rejected, ingestStatus, functionStatuses, threads] = await Promise.all([
      store.ledger(),
      store.status(),
      store.alarms(ALARMS_SHOWN),
      store.rejected(QUARANTINE_SHOWN),
      ingest.status(),
      functions.statuses(),
      threadMemory(),
    ]);
    const now = systemClock.now();
    // Not from two readings of the wall clock: a board without a battery starts in 1970, and its clock is set later.
    const uptimeMs = systemClock.monotonic() - this.#started;
    this.#forecast.add(now, storeStatus.unconfirmedBytes);
    const isConfigured = config.sync.enabled && config.sync.servers.length > 0;
    return {
      gateway: {
        id,
        epoch,
        version: assets.version,
        developerMode: config.modules.developerMode,
        startedMs: Math.round(now - uptimeMs),
        nowMs: now,
        state: this.state,
      },
      rates: this.#rates(),
      ledger: { ...ledgerTotals(ledger), lanes: ledger },
      ingest: {
        source: config.mqtt.source,
        address: this.mqttAddress,
        ...ingestStatus,
        latency: this.#latency(),
        refused: this.counter('gateway_ingest_refused_connections'),
        rejectedRecently: this.#rejected.add(systemClock.monotonic(), this.counter('gateway_ingest_quarantined')),
        refusedRecently: this.#refused.add(systemClock.monotonic(), this.counter('gateway_ingest_refused_connections')),
        quarantineLast: [...rejected.map(asText), ...written].slice(0, QUARANTINE_SHOWN).map(withMeaning),
      },
      modules: modules.reports(),
      modulesSkippedPoints: this.counter('gateway_module_skipped_points'),
      functions: functionStatuses,
      functionThreads: functions.threads,
      store: {
        ...storeStatus,
        daysLeft: this.#forecast.daysLeft(storeStatus.diskMaxBytes - storeStatus.unconfirmedBytes),
        bytesPerPoint: this.#bytesPerPoint(),
      },
      sync: {
        enabled: config.sync.enabled,
        configured: isConfigured,
        link: !isConfigured ? 'off' : link.isUp ? 'up' : 'down',
        server: link.server || config.sync.servers.join(', '),
        since: link.sinceMs,
        queuedSegments: storeStatus.unconfirmedSegments,
        lastReceiptMs: sync.lastReceiptMs,
        error: link.error ?? null,
      },
      alarms: alarms.map((alarm) => this.#alarm(alarm)),
      sagas: listSagas(database, SAGAS_SHOWN).map(sagaSummary),
      process: {
        rssBytes: process.memoryUsage.rss(),
        uptimeMs,
        cpuPercent: this.#rates().cpuPercent,
        threads,
      },
    };
  }

  /** Every series with its current point. */
  seriesList() {
    return this.#parts.series.map((series) => this.latestOf(series));
  }

  /** The series with its newest point by the time of the source, `count` since the start; nulls while none is known. */
  latestOf(series: Series) {
    const isDerived = series.id >= DERIVED_SERIES_BASE;
    const board = isDerived ? this.#derived : this.#live;
    const at = isDerived ? series.id - DERIVED_SERIES_BASE : series.id;
    const lastMs = board.timeMs[at] ?? 0;
    const lastValue = board.value[at] ?? Number.NaN;
    return {
      ...series,
      lastMs: lastMs === 0 ? null : lastMs,
      lastValue: lastMs === 0 || Number.isNaN(lastValue) ? null : lastValue,
      count: board.count[at] ?? 0,
    };
  }

  /** The series is `device/point`, the kind the alarm's name in the module: `temperature!limits.high`; a point's name may hold `!` too. */
  #alarm(row: Awaited<ReturnType<ReportParts['store']['alarms']>>[number]) {
    const { name, state, value, raisedMs, clearedMs } = row;
    const unit = this.#parts.series.find(({ id }) => id === row.series)?.unit ?? '';
    return { ...splitAlarmName(name), unit, state, value, raisedMs, clearedMs };
  }

  /** Of the batches of the last ten seconds. */
  #latency() {
    const { commit, module, moduleAge } = this.#latencies;
    return { commit: commit.percentiles(), module: module.percentiles(), moduleAge: moduleAge.percentiles() };
  }

  #sample(): void {
    for (const latency of Object.values(this.#latencies)) latency.sample();
    this.#rejected.add(systemClock.monotonic(), this.counter('gateway_ingest_quarantined'));
    this.#refused.add(systemClock.monotonic(), this.counter('gateway_ingest_refused_connections'));
    const { user, system } = process.cpuUsage();
    this.#samples.push({
      atMs: systemClock.monotonic(),
      points: this.counter('gateway_ingest_points'),
      messages: this.counter('gateway_ingest_messages'),
      octets: this.counter('gateway_ingest_octets'),
      cpuMicros: user + system,
    });
    if (this.#samples.length > RATE_SAMPLES + 1) this.#samples.shift();
  }

  #rates() {
    const first = this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    const seconds = Math.max(0.001, (last.atMs - first.atMs) / 1000);
    return {
      pointsPerSecond: (last.points - first.points) / seconds,
      messagesPerSecond: (last.messages - first.messages) / seconds,
      bytesPerSecond: (last.octets - first.octets) / seconds,
      cpuPercent: (last.cpuMicros - first.cpuMicros) / 1e4 / seconds,
    };
  }

  #bytesPerPoint(): number | null {
    const points = this.counter('gateway_store_points');
    return points === 0 ? null : this.counter('gateway_store_segment_octets') / points;
  }
}

function asText({ sample, ...message }: QuarantinedMessage): QuarantineRow {
  return { ...message, sample: Buffer.from(sample).toString('utf8') };
}

function withMeaning(row: QuarantineRow) {
  return { ...row, meaning: reasonMeaning(row.reason) };
}

export function splitAlarmName(name: string): { series: string; kind: string } {
  const at = name.lastIndexOf('!');
  return at < 0 ? { series: name, kind: '' } : { series: name.slice(0, at), kind: name.slice(at + 1) };
}

export function sagaSummary(row: SagaRow) {
  const { id, definition, state, step, attempt, generation, createdMs, updatedMs, error } = row;
  return { id, definition, state, step, attempt, generation, createdMs, updatedMs, error };
}
