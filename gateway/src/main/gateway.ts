/** The composition root: every part in the order in which it starts. */
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import { makeFolder, writeDurably } from '../adapters/files/durable.ts';
import { WebServer } from '../adapters/http/web-server.ts';
import { NatsLink } from '../adapters/nats/link.ts';
import { openForReading } from '../adapters/sqlite/database.ts';
import { lockState } from '../adapters/sqlite/state-lock.ts';
import { collectEarly } from '../adapters/threads/early-collection.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { millis } from '../base/units.ts';
import type { Config } from '../config/settings.ts';
import { allocateBatchPool, BATCH_ROWS } from '../core/model/batch-pool.ts';
import { allocateCounters } from '../core/model/counters.ts';
import { allocateLatencies } from '../core/model/latency-histogram.ts';
import { MODULE_CLASSES } from '../core/model/module-class.ts';
import type { Series } from '../core/model/series.ts';
import { allocateSeriesBoard } from '../core/model/series-board.ts';
import { moduleSagas } from '../core/modules/life/definitions.ts';
import { assets } from './assets.ts';
import { boardFiller } from './board-filling.ts';
import { ClockWatch } from './clock-watch.ts';
import { controlRoutes } from './control-routes.ts';
import { FunctionPackages } from './functions/function-packages.ts';
import { functionControlRoutes, functionWebRoutes } from './functions/function-routes.ts';
import { Functions } from './functions/functions.ts';
import { lifePorts } from './modules/module-life.ts';
import { startModules } from './modules/start-modules.ts';
import { PointHistory } from './point-history.ts';
import { createLog } from './service/log.ts';
import { releaseMemory } from './service/memory-release.ts';
import { createSagaEngine, SAGA_GRACE } from './start-sagas.ts';
import { createSync } from './start-sync.ts';
import { statePaths } from './state-paths.ts';
import { StatusReport } from './status-report.ts';
import { rememberStored } from './stored-latest.ts';
import type {
  IngestVerbs,
  IngestWorkerData,
  ModulePortMessage,
  SharedParts,
  StoreVerbs,
  StoreWorkerData,
} from './thread-messages.ts';
import { UnmatchedSeries } from './unmatched-series.ts';
import { webRoutes } from './web-routes.ts';
import { startTogether, startWorker } from './worker-thread.ts';

/** Slots of the batch pool: for the store, for modules that lag, and two to be filled (see `ingest-worker.ts`). */
const POOL_SLOTS = 24;
/** Derived series for each sensor series: the outputs of two modules, and some. */
const DERIVED_PER_SERIES = 16;
const DERIVED_MAX = 1 << 20;

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
  // Modules that say much must not keep the gateway from being heard.
  const moduleLog = createLog(config.log.level as Parameters<typeof createLog>[0]);
  const paths = statePaths(config.gateway.stateDir);
  const id = config.gateway.id || identifierFrom(hostname());
  const random = seededRandom(Date.now() ^ process.pid);
  makeFolder(paths.folder);
  const nativeBinding = assets.nativeBinding('better_sqlite3', paths.folder);
  parts.use(lockState(paths.folder, { nativeBinding }));
  parts.use(collectEarly());
  parts.use(releaseMemory(paths.folder, log));

  const shared = allocateShared(config);
  const series: Series[] = [];
  const toStore = new MessageChannel();
  const storeData: StoreWorkerData = {
    config,
    gatewayId: id,
    stateFolder: paths.folder,
    shared,
    ingest: toStore.port1,
  };
  const ingestData: IngestWorkerData = { config, gatewayId: id, shared, store: toStore.port2 };
  const [store, ingest] = await startTogether(
    startWorker<StoreVerbs>('store', storeData, [toStore.port1], log, onFatal),
    startWorker<IngestVerbs>('ingest', ingestData, [toStore.port2], log, onFatal),
  );
  parts.use(store);
  parts.defer(() => store.remote.close());
  series.push(...(store.ready.series ?? []));
  const epoch = store.ready.epoch ?? '';
  parts.use(ingest);
  parts.defer(() => ingest.remote.close());
  ingest.onNotice((notice) => {
    if (notice.notice === 'series') series.push(...notice.series);
  });

  const database = openForReading(paths.database, { nativeBinding });
  parts.defer(() => void database.close());
  let functions: Functions | null = null;
  const modules = await startModules({
    ...{ config, paths, database, log, shared, gatewayId: id },
    derivedPerClass: derivedPerClass(config),
    series: () => series,
    raisedAlarms: async () => {
      const alarms = await store.remote.alarms(DERIVED_MAX);
      return alarms.filter(({ state }) => state === 'raised').map((alarm) => alarm.series);
    },
    connectIngest: (moduleClass, port) => {
      const message = { moduleClass, modulePort: port } satisfies ModulePortMessage;
      ingest.worker.postMessage(message, port === null ? [] : [port]);
    },
    connectStore: (port) => store.handPort(port),
    onNotice: (notice) => {
      if (notice.notice === 'series') series.push(...notice.series);
      if (notice.notice === 'log') moduleLog(notice.level, notice.text);
      if (notice.notice === 'emitted') functions?.emitted(notice.module, notice.type, notice.data);
    },
  });
  parts.use(modules);

  parts.use(new ClockWatch(systemClock, log).start());
  const link = new NatsLink(config.sync, `tidegate ${id}`, systemClock, random);
  link.onTurn((text, level) => log(level, `cloud: ${text}`));
  const sync = createSync(config, { id, epoch, store: store.remote, paths, link, log });
  parts.use(sync);
  const functionPackages = new FunctionPackages({ ...modules, database });
  functions = new Functions({
    ...{ config, gatewayId: id, store: store.remote, link, random, log },
    load: (moduleId, version) => functionPackages.load(moduleId, version),
  });
  await functions.start();
  parts.use(functions);
  const life = moduleSagas(lifePorts({ ...modules, functions, functionPackages, store: store.remote, database }));
  const engine = createSagaEngine([...sync.definitions, ...life], store.remote, log);
  store.onNotice((notice) => {
    if (notice.notice === 'sealed') engine.nudge();
    if (notice.notice === 'events') functions.nudge(notice.functions);
    if (notice.notice === 'expired') for (const saga of notice.sagas) void engine.runNow(saga);
  });
  const started = sync.start(engine).then(() => engine.start());
  started.catch((error) => log('error', `sagas: ${describeError(error)}`));
  parts.defer(() => engine.stop(SAGA_GRACE));

  const report = new StatusReport({
    config,
    id,
    epoch,
    shared,
    series,
    store: store.remote,
    ingest: ingest.remote,
    modules: modules.host,
    functions,
    link,
    sync,
    database,
  });
  const history = new PointHistory(database, paths.segments);
  const routes = [
    ...webRoutes({ id, report, history, store: store.remote, series, database, shared }),
    ...functionWebRoutes({ config, gatewayId: id, functions }),
  ];
  const web = new WebServer(config.web, {
    routes,
    page: assets.page,
    onUnexpected: (error, errorId) => log('error', `web ${errorId}: ${describeError(error)}`),
  });
  const webAt = await web.start();
  parts.use(web);
  report.start();
  const remembering = new AbortController();
  rememberStored({ history, series: [...series], remember: boardFiller(shared) }, remembering.signal).catch((error) => {
    if (!remembering.signal.aborted) log('error', `last values: ${describeError(error)}`);
  });
  parts.defer(() => remembering.abort());
  parts.use(report);
  const unmatched = new UnmatchedSeries({
    ...{ functions: config.function, series, log },
    modules: () => modules.host.reports(),
    points: () => report.counter('gateway_ingest_points'),
    nowMs: () => systemClock.monotonic(),
  });
  unmatched.start();
  parts.use(unmatched);
  const control = new WebServer(
    { path: paths.control },
    {
      routes: [
        ...routes,
        ...controlRoutes({
          ...{ host: modules.host, config, packages: modules.library.packages!, functionPackages },
          ...{ store: store.remote, engine },
        }),
        ...functionControlRoutes({ functions, store: store.remote, database }),
      ],
      page: () => null,
      onUnexpected: (error, errorId) => log('error', `control ${errorId}: ${describeError(error)}`),
    },
  );
  await control.start();
  parts.use(control);
  parts.defer(() => fs.rmSync(paths.control, { force: true }));

  // Last: from here on sources are heard.
  const mqttAddress = (await ingest.remote.start()).address;
  report.mqttAddress = mqttAddress;
  const webAddress = `http://${webAt.address.includes(':') ? `[${webAt.address}]` : webAt.address}:${webAt.port}/`;
  writeDurably(paths.running, JSON.stringify({ pid: process.pid, web: webAddress, mqtt: mqttAddress }));
  parts.defer(() => fs.rmSync(paths.running, { force: true }));

  const drain = async () => {
    report.state = 'draining';
    await modules.host.drain(await ingest.remote.drain());
    await store.remote.drain();
    engine.nudge();
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
      await engine.stop(SAGA_GRACE);
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

function allocateShared(config: Config): SharedParts {
  const { seriesMax } = config.ingest;
  return {
    pool: allocateBatchPool(POOL_SLOTS, BATCH_ROWS),
    liveBoard: allocateSeriesBoard(seriesMax),
    derivedBoard: allocateSeriesBoard(MODULE_CLASSES.length * derivedPerClass(config)),
    counters: allocateCounters(),
    latencies: allocateLatencies(),
    moduleProgress: new SharedArrayBuffer(MODULE_CLASSES.length * 8),
  };
}

/** Each class of modules gives out identifiers of a range of its own. Memory that is never used costs nothing. */
function derivedPerClass({ ingest }: Config): number {
  return Math.min(DERIVED_MAX, ingest.seriesMax * DERIVED_PER_SERIES);
}

/** Letters, digits and hyphens of a host name; `gateway` when nothing is left. */
function identifierFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return id.slice(0, 32) || 'gateway';
}
