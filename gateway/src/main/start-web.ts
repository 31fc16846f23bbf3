import * as fs from 'node:fs';
import { type WebRoute, WebServer, type WebSettings } from '../adapters/http/web-server.ts';
import type { NatsLink } from '../adapters/nats/link.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Config } from '../config/settings.ts';
import type { SagaEngine } from '../core/sagas/engine.ts';
import { assets } from './assets.ts';
import { boardFiller } from './board-filling.ts';
import { controlRoutes } from './control-routes.ts';
import type { FunctionPackages } from './functions/function-packages.ts';
import { functionControlRoutes, functionWebRoutes } from './functions/function-routes.ts';
import type { Functions } from './functions/functions.ts';
import type { Modules } from './modules/start-modules.ts';
import { PointHistory } from './point-history.ts';
import type { Log } from './service/log.ts';
import type { Sync } from './start-sync.ts';
import type { Threads } from './start-threads.ts';
import type { StatePaths } from './state-paths.ts';
import { StatusReport } from './status-report.ts';
import { rememberStored } from './stored-latest.ts';
import { UnmatchedSeries } from './unmatched-series.ts';
import { webRoutes } from './web-routes.ts';

/** All that can be seen and changed from outside. */
export interface WebParts {
  readonly config: Config;
  readonly id: string;
  readonly paths: StatePaths;
  readonly log: Log;
  readonly threads: Threads;
  readonly modules: Modules;
  readonly functions: Functions;
  readonly functionPackages: FunctionPackages;
  readonly engine: SagaEngine;
  readonly link: NatsLink;
  readonly sync: Sync;
}

export interface Web extends AsyncDisposable {
  readonly report: StatusReport;
  /** Of the page, such as `http://127.0.0.1:8080/`. */
  readonly address: string;
}

/** The page and its interface for everybody who reaches its address, and the socket in the state folder for those who may use that. */
export async function startWeb(parts: WebParts): Promise<Web> {
  const { config, id, paths, log, threads, modules, functions, functionPackages, engine } = parts;
  const { shared, series, database } = threads;
  const store = threads.store.remote;
  await using running = new AsyncDisposableStack();
  const report = reportOn(parts);
  const history = new PointHistory(database, paths.segments);
  const routes = [
    ...webRoutes({ id, report, history, store, series, database, shared }),
    ...functionWebRoutes({ config, gatewayId: id, functions }),
  ];
  const listener = serve('web', config.web, routes, assets.page, log);
  const at = await listener.start();
  running.use(listener);
  report.start();
  const remembering = new AbortController();
  rememberStored({ history, series: [...series], remember: boardFiller(shared) }, remembering.signal).catch((error) => {
    if (!remembering.signal.aborted) log('error', `last values: ${describeError(error)}`);
  });
  running.defer(() => remembering.abort());
  running.use(report);
  running.use(watchUnmatched(parts, report));
  const control = serve(
    'control',
    { path: paths.control },
    [
      ...routes,
      ...controlRoutes({
        ...{ host: modules.host, config, packages: modules.library.packages!, functionPackages },
        ...{ store, engine },
      }),
      ...functionControlRoutes({ functions, store, database }),
    ],
    () => null,
    log,
  );
  await control.start();
  running.use(control);
  running.defer(() => fs.rmSync(paths.control, { force: true }));
  const kept = running.move();
  const host = at.address.includes(':') ? `[${at.address}]` : at.address;
  return { report, address: `http://${host}:${at.port}/`, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function reportOn({ config, id, threads, modules, functions, link, sync }: WebParts): StatusReport {
  const { epoch, shared, series, database, store, ingest } = threads;
  return new StatusReport({
    ...{ config, id, epoch, shared, series, database, functions, link, sync },
    store: store.remote,
    ingest: ingest.remote,
    modules: modules.host,
  });
}

function watchUnmatched({ config, log, threads, modules }: WebParts, report: StatusReport): UnmatchedSeries {
  const unmatched = new UnmatchedSeries({
    ...{ functions: config.function, series: threads.series, log },
    modules: () => modules.host.reports(),
    points: () => report.counter('gateway_ingest_points'),
    nowMs: () => systemClock.monotonic(),
  });
  unmatched.start();
  return unmatched;
}

function serve(
  name: string,
  settings: WebSettings,
  routes: readonly WebRoute[],
  page: (path: string) => Uint8Array | null,
  log: Log,
): WebServer {
  const onUnexpected = (error: unknown, errorId: string) => log('error', `${name} ${errorId}: ${describeError(error)}`);
  return new WebServer(settings, { routes, page, onUnexpected });
}
