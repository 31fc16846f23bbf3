/** The composition root: every part in the order in which it starts. */
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { makeFolder, writeDurably } from '../adapters/files/durable.ts';
import { NatsLink } from '../adapters/nats/link.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { millis } from '../base/units.ts';
import type { Config } from '../config/settings.ts';
import { moduleSagas } from '../core/modules/life/definitions.ts';
import { ClockWatch } from './clock-watch.ts';
import { FunctionPackages } from './functions/function-packages.ts';
import { Functions } from './functions/functions.ts';
import { lifePorts } from './modules/module-life.ts';
import { startModules } from './modules/start-modules.ts';
import { createLog } from './service/log.ts';
import { careForProcess, careForThread, prepareMemoryCare } from './service/memory-care.ts';
import { createSagaEngine, SAGA_GRACE } from './start-sagas.ts';
import { createSync } from './start-sync.ts';
import { DERIVED_MAX, derivedPerClass, startThreads } from './start-threads.ts';
import { startWeb } from './start-web.ts';
import { statePaths } from './state-paths.ts';
import type { StatusReport } from './status-report.ts';
import type { ModulePortMessage, StoreVerbs } from './thread-messages.ts';

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
  const warn = (text: string) => log('warn', text);
  prepareMemoryCare(paths.folder, warn);
  parts.use(careForThread(warn));
  parts.use(careForProcess(warn));
  const threads = await startThreads({ config, gatewayId: id, paths, log, onFatal });
  parts.use(threads);
  const { shared, series, epoch, database, store, ingest } = threads;

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

  const web = await startWeb({
    ...{ config, id, paths, log, threads, modules, functions, functionPackages, engine, link, sync },
  });
  parts.use(web);

  // Last: from here on sources are heard.
  const mqttAddress = (await ingest.remote.start()).address;
  web.report.mqttAddress = mqttAddress;
  writeDurably(paths.running, JSON.stringify({ pid: process.pid, web: web.address, mqtt: mqttAddress }));
  parts.defer(() => fs.rmSync(paths.running, { force: true }));

  const drain = async () => {
    web.report.state = 'draining';
    await modules.host.drain(await ingest.remote.drain());
    await store.remote.drain();
    engine.nudge();
  };
  const running = parts.move();
  return {
    id,
    mqttAddress,
    webAddress: web.address,
    report: web.report,
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

/** Letters, digits and hyphens of a host name; `gateway` when nothing is left. */
function identifierFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return id.slice(0, 32) || 'gateway';
}
