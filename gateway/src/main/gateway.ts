/** The composition root: every part in the order in which it starts. */
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { writeDurably } from '../adapters/files/durable.ts';
import { lockState } from '../adapters/files/state-lock.ts';
import { WebServer } from '../adapters/http/web-server.ts';
import { NatsLink } from '../adapters/nats/link.ts';
import { NatsSegmentTransport } from '../adapters/nats/segment-transport.ts';
import { openForReading } from '../adapters/sqlite/database.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { millis } from '../base/units.ts';
import type { Config } from '../config/settings.ts';
import { allocateBatchPool, BATCH_ROWS } from '../core/model/batch-pool.ts';
import { allocateCounters } from '../core/model/counters.ts';
import { allocateLatencies } from '../core/model/latency-histogram.ts';
import type { SagaDefinition } from '../core/model/saga.ts';
import type { Series } from '../core/model/series.ts';
import { allocateSeriesBoard } from '../core/model/series-board.ts';
import { SagaEngine } from '../core/sagas/engine.ts';
import { shipSegment } from '../core/sync/ship-segment.ts';
import { assets } from './assets.ts';
import { createLog, type Log } from './log.ts';
import { ModuleSupervisor } from './module-supervisor.ts';
import { PointHistory } from './point-history.ts';
import { segmentOutbox } from './segment-outbox.ts';
import { type StatePaths, statePaths } from './state-paths.ts';
import { StatusReport } from './status-report.ts';
import type {
  IngestVerbs,
  IngestWorkerData,
  ModulePortMessage,
  SharedParts,
  StoreVerbs,
  StoreWorkerData,
} from './thread-messages.ts';
import { webRoutes } from './web-routes.ts';
import { startWorker } from './worker-thread.ts';

/** Slots of the batch pool: for the store, for modules that lag, and two to be filled (see `ingest-worker.ts`). */
const POOL_SLOTS = 24;
/** Derived series for each sensor series: the outputs of two modules, and some. */
const DERIVED_PER_SERIES = 16;
const DERIVED_MAX = 1 << 20;
/** How long running sagas may take to end when the gateway stops. */
const SAGA_GRACE = millis(2000);
const REVIVE_EVERY_MS = 60_000;

export interface Gateway extends AsyncDisposable {
  readonly id: string;
  readonly mqttAddress: string;
  readonly webAddress: string;
  readonly report: StatusReport;
  readonly store: Remote<StoreVerbs>;
  /** Takes nothing more from sources; resolves when everything taken, and all that modules made of it, is in segments. */
  drain(): Promise<void>;
  /** Waits until every segment is confirmed, or the signal aborts. @returns whether it is. */
  awaitConfirmed(signal: AbortSignal): Promise<boolean>;
}

/** Starts every part in order. If one fails, those already running are released in reverse. */
export async function startGateway(config: Config, onFatal: (error: Error) => void): Promise<Gateway> {
  await using parts = new AsyncDisposableStack();
  const log = createLog(config.log.level as Parameters<typeof createLog>[0]);
  const paths = statePaths(config.gateway.stateDir);
  const id = config.gateway.id || identifierFrom(hostname());
  const random = seededRandom(Date.now() ^ process.pid);
  parts.use(await lockState(paths.folder));

  const shared = allocateShared(config);
  const series: Series[] = [];
  const toStore = new MessageChannel();
  const storeData: StoreWorkerData = { config, stateFolder: paths.folder, shared, ingest: toStore.port1 };
  const store = await startWorker<StoreVerbs>('store', storeData, [toStore.port1], log, onFatal);
  parts.use(store);
  parts.defer(() => store.remote.close());
  series.push(...(store.ready.series ?? []));
  const epoch = store.ready.epoch ?? '';

  const ingestData: IngestWorkerData = { config, gatewayId: id, shared, series, store: toStore.port2 };
  const ingest = await startWorker<IngestVerbs>('ingest', ingestData, [toStore.port2], log, onFatal);
  parts.use(ingest);
  parts.defer(() => ingest.remote.close());
  ingest.onNotice((notice) => {
    if (notice.notice === 'series') series.push(...notice.series);
  });

  const modules = new ModuleSupervisor(config.module, {
    shared,
    series: () => series,
    raisedAlarms: async () => {
      const alarms = await store.remote.alarms(DERIVED_MAX);
      return alarms.filter(({ state }) => state === 'raised').map((alarm) => alarm.series);
    },
    connectIngest: (port) => ingest.worker.postMessage({ modulePort: port } satisfies ModulePortMessage, [port]),
    connectStore: (port) => store.handPort(port),
    onNotice: (notice) => {
      if (notice.notice === 'series') series.push(...notice.series);
      if (notice.notice === 'log') log(notice.level, notice.text);
    },
    log,
  });
  await modules.start();
  parts.defer(() => modules.stop());

  const link = new NatsLink(config.sync, `tidegate ${id}`, systemClock, random);
  const sync = startSync(config, { id, epoch, store: store.remote, paths, link, log });
  parts.use(sync);
  store.onNotice((notice) => {
    if (notice.notice === 'sealed') sync.engine?.nudge();
    if (notice.notice === 'expired') for (const saga of notice.sagas) void sync.engine?.runNow(saga);
  });

  const database = openForReading(paths.database, { nativeBinding: assets.nativeBinding('better_sqlite3') });
  parts.defer(() => void database.close());
  const report = new StatusReport({
    config,
    id,
    epoch,
    shared,
    series,
    store: store.remote,
    ingest: ingest.remote,
    modules,
    link,
    sync,
    database,
  });
  const history = new PointHistory(database, paths.segments);
  const web = new WebServer(config.web, {
    routes: webRoutes({ report, history, store: store.remote, series, database, shared }),
    page: assets.page,
    onUnexpected: (error, errorId) => log('error', `web ${errorId}: ${describeError(error)}`),
  });
  const webAt = await web.start();
  parts.use(web);
  report.start();
  parts.use(report);

  // Last: from here on sources are heard.
  const mqttAddress = (await ingest.remote.start()).address;
  report.mqttAddress = mqttAddress;
  const webAddress = `http://${webAt.address.includes(':') ? `[${webAt.address}]` : webAt.address}:${webAt.port}/`;
  writeDurably(paths.running, JSON.stringify({ pid: process.pid, web: webAddress, mqtt: mqttAddress }));
  parts.defer(() => fs.rmSync(paths.running, { force: true }));

  const drain = async () => {
    report.state = 'draining';
    await ingest.remote.drain();
    await modules.drain();
    await store.remote.drain();
    sync.engine?.nudge();
  };
  const running = parts.move();
  return {
    id,
    mqttAddress,
    webAddress,
    report,
    store: store.remote,
    drain,
    awaitConfirmed: (signal) => awaitConfirmed(store.remote, signal),
    async [Symbol.asyncDispose]() {
      await drain();
      await sync.stop();
      await running.disposeAsync();
    },
  };
}

async function awaitConfirmed(store: Remote<StoreVerbs>, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if ((await store.status()).unconfirmedSegments === 0) return true;
    await systemClock.sleep(millis(100), signal).catch(() => undefined);
  }
  return false;
}

interface SyncParts {
  readonly id: string;
  readonly epoch: string;
  readonly store: Remote<StoreVerbs>;
  readonly paths: StatePaths;
  readonly link: NatsLink;
  readonly log: Log;
}

interface Sync extends AsyncDisposable {
  /** Null when no cloud is configured. */
  readonly engine: SagaEngine | null;
  /** Unix epoch milliseconds; null: none since the start. */
  readonly lastReceiptMs: number | null;
  stop(): Promise<void>;
}

function startSync(config: Config, { id, epoch, store, paths, link, log }: SyncParts): Sync {
  const { sync } = config;
  if (!sync.enabled || sync.servers.length === 0) {
    return {
      engine: null,
      lastReceiptMs: null,
      stop: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const transport = new NatsSegmentTransport(
    link,
    {
      gateway: id,
      stream: sync.stream,
      streamCreate: sync.streamCreate,
      streamBytesMax: sync.streamBytesMax,
      receiptTimeoutMs: sync.receiptTimeout,
    },
    systemClock,
    (error) => log('warn', `sync: ${describeError(error)}`),
  );
  const definition = shipSegment(
    { outbox: segmentOutbox(store, paths), transport },
    { gateway: id, epoch, partBytes: sync.partMax, window: sync.window },
  );
  const engine = new SagaEngine([definition as SagaDefinition], {
    journal: {
      record: (change) => store.recordSaga(change),
      active: () => store.activeSagas(),
      pending: (name, perPriority) => store.pendingSagas(name, perPriority),
      find: (sagaId) => store.findSaga(sagaId),
    },
    clock: systemClock,
    random: seededRandom(process.pid),
    onError: (error, saga) => log('error', `saga ${saga}: ${describeError(error)}`),
  });
  link.onUp(() => engine.nudge());
  link.start();
  const revive = () =>
    store.reviveShipments().then(
      (count) => count > 0 && engine.nudge(),
      (error) => log('error', `sync: ${describeError(error)}`),
    );
  const reviver = setInterval(revive, REVIVE_EVERY_MS);
  const started = store.reviveShipments().then(() => engine.start());
  started.catch((error) => log('error', `sync: ${describeError(error)}`));
  const stop = async () => {
    clearInterval(reviver);
    await engine.stop(SAGA_GRACE);
  };
  return {
    engine,
    get lastReceiptMs() {
      return transport.lastReceiptMs;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await link[Symbol.asyncDispose]();
    },
  };
}

function allocateShared(config: Config): SharedParts {
  const { seriesMax } = config.ingest;
  return {
    pool: allocateBatchPool(POOL_SLOTS, BATCH_ROWS),
    liveBoard: allocateSeriesBoard(seriesMax),
    derivedBoard: allocateSeriesBoard(Math.min(DERIVED_MAX, seriesMax * DERIVED_PER_SERIES)),
    counters: allocateCounters(),
    latencies: allocateLatencies(),
  };
}

/** Letters, digits and hyphens of a host name; `gateway` when nothing is left. */
function identifierFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return id.slice(0, 32) || 'gateway';
}
