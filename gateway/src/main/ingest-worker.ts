/** The ingest worker: MQTT in, batches out, acknowledgements back. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { BrokerSource } from '../adapters/mqtt/broker-source.ts';
import { MqttListener } from '../adapters/mqtt/listener.ts';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { sharedClock } from '../adapters/threads/shared-clock.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import { type FilledBatch, IngestPipeline } from '../core/ingest/pipeline.ts';
import type { Intake } from '../core/ingest/ports.ts';
import { SeriesRegistry } from '../core/ingest/series-registry.ts';
import { TopicRoutes } from '../core/ingest/topic-routes.ts';
import { BatchPool } from '../core/model/batch-pool.ts';
import { COUNTER_INDEX, countersOf } from '../core/model/counters.ts';
import { SeriesBoard } from '../core/model/series-board.ts';
import type {
  CommittedMessage,
  IngestVerbs,
  IngestWorkerData,
  ModuleBatchMessage,
  ModulePortMessage,
} from './thread-messages.ts';
import { notify } from './worker-notice.ts';

const { config, gatewayId, shared, series, store } = workerData as IngestWorkerData;
const main = parentPort!;

/** Slots that modules may hold, and that the store may: beyond it a batch fills on. Together they leave some to be filled. */
const MODULE_SLOTS_MAX = 8;
const STORE_SLOTS_MAX = 14;
/** From one batch to the next, ms, while it is small: modules see points within this, and threads are not woken for each message. */
const FLUSH_GAP_MS = 2;
/** A batch of so many rows goes at once. */
const FLUSH_ROWS = 2048;

const pool = new BatchPool(shared.pool);
const counters = countersOf(shared.counters, 'ingest');
const registry = new SeriesRegistry(series, config.series, config.ingest.seriesMax);
let modules: MessagePort | null = null;
let isScheduled = false;
let lastFlushMs = -Infinity;

const pipeline = new IngestPipeline(
  {
    routes: new TopicRoutes(config.ingest.route, config.ingest.seriesMax * 2, config.ingest.seriesMax),
    registry,
    pool,
    board: new SeriesBoard(shared.liveBoard),
    counters,
    clock: sharedClock,
    deliver,
    onDirty: schedule,
  },
  {
    readingsPerMessageMax: config.ingest.readingsPerMessageMax,
    sourceTimeFutureMaxMs: config.ingest.sourceTimeFutureMax,
    sourceTimePastMaxMs: config.ingest.sourceTimePastMax,
    sampleBytes: config.ingest.quarantineSample,
  },
);

function deliver(batch: FilledBatch): void {
  const { slot, length, arrivedMs, newSeries } = batch;
  pool.hold(batch.slot, 'store');
  if (modules !== null && batch.length > 0) {
    if (pool.heldBy('modules') < MODULE_SLOTS_MAX) {
      pool.hold(batch.slot, 'modules');
      modules.postMessage({ slot, length, arrivedMs, newSeries } satisfies ModuleBatchMessage);
    } else {
      counters[COUNTER_INDEX.gateway_module_skipped_points]! += batch.length;
      if (newSeries.length > 0)
        modules.postMessage({ slot: -1, length: 0, arrivedMs, newSeries } satisfies ModuleBatchMessage);
    }
  }
  if (batch.newSeries.length > 0) notify({ notice: 'series', series: batch.newSeries });
  store.postMessage(batch);
}

/** Looks after all sockets that are readable now have been read; a small batch waits for the gap to pass. */
function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    const wait = pipeline.rows >= FLUSH_ROWS ? 0 : lastFlushMs + FLUSH_GAP_MS - systemClock.monotonic();
    if (wait > 0) setTimeout(flush, wait);
    else flush();
  });
}

function flush(): void {
  isScheduled = false;
  if (pipeline.outstanding >= STORE_SLOTS_MAX) return;
  lastFlushMs = systemClock.monotonic();
  pipeline.flush();
}

let onDrained: (() => void) | null = null;

store.on('message', ({ committed }: CommittedMessage) => {
  pipeline.committed(committed);
  if (pipeline.isDirty) schedule();
  else if (pipeline.outstanding === 0) onDrained?.();
});

main.on('message', (message: ModulePortMessage) => {
  if (message.modulePort === undefined) return;
  modules?.close();
  // Whatever was given to the worker before this one is nobody's any more.
  pool.releaseAll('modules');
  modules = message.modulePort;
});

interface Source extends AsyncDisposable {
  readonly connections: number;
  readonly refused: number;
  start(): Promise<{ address: string; port: number } | { address: string }>;
  stopReading(): void;
}

const warn = (text: string) => notify({ notice: 'log', level: 'warn', text });
const source: Source = config.mqtt.source === 'listener' ? listenerFor(config, pipeline) : brokerFor(config, pipeline);

const verbs: { [K in keyof IngestVerbs]: (...args: Parameters<IngestVerbs[K]>) => unknown } = {
  async start() {
    const at = await source.start();
    return { address: 'port' in at ? `mqtt://${at.address}:${at.port}` : at.address };
  },
  drain() {
    source.stopReading();
    return new Promise<void>((resolve) => {
      if (!pipeline.isDirty && pipeline.outstanding === 0) return resolve();
      onDrained = resolve;
      schedule();
    });
  },
  close: () => source[Symbol.asyncDispose](),
  status: () => ({ connections: source.connections, series: registry.size, refused: source.refused }),
};

serveCalls(main, verbs);
notify({ notice: 'ready' });

function listenerFor({ mqtt, ingest }: Config, intake: Intake): Source {
  const { listener, user } = mqtt;
  const settings = {
    address: listener.address,
    port: listener.port,
    connectionsMax: listener.connectionsMax,
    connectTimeoutMs: listener.connectTimeout,
    users: user,
    packetBytesMax: listener.packetMax,
    inFlightMax: listener.inflightMax,
    keepAliveMaxMs: listener.keepaliveMax,
    sampleBytes: ingest.quarantineSample,
    sessionsMax: listener.sessionsMax,
    sessionQueueMax: listener.sessionQueueMax,
    subscriptionsMax: listener.subscriptionsMax,
    retainedMax: listener.retainedMax,
  };
  return new MqttListener(settings, intake, systemClock, warn);
}

function brokerFor({ mqtt: { broker } }: Config, intake: Intake): Source {
  const settings = { ...broker, clientId: broker.clientId || `tidegate-${gatewayId}`, keepaliveMs: broker.keepalive };
  return new BrokerSource({ ...settings, qos: broker.qos as 0 | 1 | 2 }, intake, warn);
}
