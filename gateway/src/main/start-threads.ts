import { MessageChannel } from 'node:worker_threads';
import { type Database, openForReading } from '../adapters/sqlite/database.ts';
import { lockState } from '../adapters/sqlite/state-lock.ts';
import type { Config } from '../config/settings.ts';
import { allocateBatchPool, BATCH_ROWS } from '../core/model/batch-pool.ts';
import { allocateCounters } from '../core/model/counters.ts';
import { allocateLatencies } from '../core/model/latency-histogram.ts';
import { MODULE_CLASSES } from '../core/model/module-class.ts';
import type { Series } from '../core/model/series.ts';
import { allocateSeriesBoard } from '../core/model/series-board.ts';
import { assets } from './assets.ts';
import type { Log } from './service/log.ts';
import type { StatePaths } from './state-paths.ts';
import type { IngestVerbs, IngestWorkerData, SharedParts, StoreVerbs, StoreWorkerData } from './thread-messages.ts';
import { type RunningWorker, startTogether, startWorker } from './worker-thread.ts';

/** Slots of the batch pool: for the store, for modules that lag, and two to be filled (see `ingest-worker.ts`). */
const POOL_SLOTS = 24;
/** Derived series for each sensor series: the outputs of two modules, and some. */
const DERIVED_PER_SERIES = 16;
/** Derived series, and so alarms, that a class of modules may have at most. */
export const DERIVED_MAX = 1 << 20;

export interface ThreadsParts {
  readonly config: Config;
  readonly gatewayId: string;
  /** The folder is there. */
  readonly paths: StatePaths;
  readonly log: Log;
  readonly onFatal: (error: Error) => void;
}

/** The two threads that the gateway cannot be without, what they share with main, and the state folder, which no other process may write meanwhile. */
export interface Threads extends AsyncDisposable {
  readonly store: RunningWorker<StoreVerbs>;
  readonly ingest: RunningWorker<IngestVerbs>;
  readonly shared: SharedParts;
  /** All that are known; grows as ingest and modules find more. */
  readonly series: Series[];
  readonly epoch: string;
  /** Read-only. */
  readonly database: Database;
}

/** @throws GatewayError when the state folder is in use or damaged. */
export async function startThreads({ config, gatewayId, paths, log, onFatal }: ThreadsParts): Promise<Threads> {
  await using parts = new AsyncDisposableStack();
  const nativeBinding = assets.nativeBinding('better_sqlite3', paths.folder);
  parts.use(lockState(paths.folder, { nativeBinding }));
  const shared = allocateShared(config);
  const { port1, port2 } = new MessageChannel();
  const storeData: StoreWorkerData = { config, gatewayId, stateFolder: paths.folder, shared, ingest: port1 };
  const ingestData: IngestWorkerData = { config, gatewayId, shared, store: port2 };
  const starting = startWorker<StoreVerbs>('store', storeData, [port1], log, onFatal);
  // Ingest waits for the first word of the store; this ends its wait where the port was not even handed over.
  starting.catch(() => port1.close());
  const [store, ingest] = await startTogether(
    starting,
    startWorker<IngestVerbs>('ingest', ingestData, [port2], log, onFatal),
  );
  parts.use(store);
  parts.defer(() => store.remote.close());
  parts.use(ingest);
  parts.defer(() => ingest.remote.close());
  const series = [...(store.ready.series ?? [])];
  ingest.onNotice((notice) => {
    if (notice.notice === 'series') series.push(...notice.series);
  });
  const database = openForReading(paths.database, { nativeBinding });
  parts.defer(() => void database.close());
  const running = parts.move();
  return {
    ...{ store, ingest, shared, series, epoch: store.ready.epoch ?? '', database },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
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
export function derivedPerClass({ ingest }: Config): number {
  return Math.min(DERIVED_MAX, ingest.seriesMax * DERIVED_PER_SERIES);
}
