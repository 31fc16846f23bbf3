/** The ingest worker: MQTT in, batches out, acknowledgements back. */
import { randomUUID } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { MqttListener } from '../adapters/mqtt/listener.ts';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { sharedClock } from '../adapters/threads/shared-clock.ts';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import { EventTaps } from '../core/ingest/event-taps.ts';
import { type FilledBatch, IngestPipeline } from '../core/ingest/pipeline.ts';
import type { Intake } from '../core/ingest/ports.ts';
import { SeriesRegistry } from '../core/ingest/series-registry.ts';
import { TopicRoutes } from '../core/ingest/topic-routes.ts';
import { BatchPool } from '../core/model/batch-pool.ts';
import { COUNTER_INDEX, countersOf } from '../core/model/counters.ts';
import { makeEvent } from '../core/model/event.ts';
import { SeriesBoard } from '../core/model/series-board.ts';
import { eventSource } from './functions/event-source.ts';
import { ModuleFeeds } from './modules/module-feed.ts';
import { careForThread } from './service/memory-care.ts';
import type {
  CommittedMessage,
  IngestVerbs,
  IngestWorkerData,
  ModulePortMessage,
  StoreOpened,
  TimedRefusal,
} from './thread-messages.ts';
import { notify, warn } from './worker-notice.ts';

const { config, gatewayId, shared, store } = workerData as IngestWorkerData;
const main = parentPort!;
careForThread(warn);
// Both threads start at the same time.
const { series } = await storeOpened();

/** Slots that the store may hold: beyond it a batch fills on. With those of the modules (`module-feed.ts`) it leaves some to be filled. */
const STORE_SLOTS_MAX = 14;
/** From one batch to the next, ms, while it is small: modules see points within this, and threads are not woken for each message. */
const FLUSH_GAP_MS = 2;
/** A batch of so many rows goes at once. */
const FLUSH_ROWS = 2048;

const pool = new BatchPool(shared.pool);
const counters = countersOf(shared.counters, 'ingest');
const registry = new SeriesRegistry(series, config.series, config.ingest.seriesMax);
const feeds = new ModuleFeeds({
  pool,
  progress: shared.moduleProgress,
  onSkipped: (rows) => {
    counters[COUNTER_INDEX.gateway_module_skipped_points]! += rows;
  },
});
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
    tap: tapFor(config),
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

function storeOpened(): Promise<StoreOpened> {
  return new Promise((resolve, reject) => {
    store.once('message', resolve);
    store.once('close', () => reject(new Error('the store worker has ended')));
  });
}

/** Undefined while no function listens to topics, so that messages cost nothing more then. */
function tapFor({ function: functions, ingest }: Config): EventTaps | undefined {
  const specs = functions.flatMap(({ name, enabled, trigger }) =>
    trigger.filter(({ type }) => enabled && type === 'mqtt').map(({ topic }) => ({ fn: name, filter: topic })),
  );
  if (specs.length === 0) return undefined;
  const source = eventSource(gatewayId, 'mqtt');
  // Unique without a look at the disk: the start of this worker, and a count.
  const prefix = randomUUID().slice(0, 13);
  let count = 0;
  return new EventTaps(specs, ingest.seriesMax * 2, (topic, data) =>
    makeEvent({
      id: `${prefix}-${++count}`,
      source,
      type: 'tidegate.mqtt.message',
      timeMs: systemClock.now(),
      data,
      more: { subject: topic },
    }),
  );
}

function deliver(batch: FilledBatch): void {
  const { slot, length, sequence, isColoured, arrivedMs, newSeries } = batch;
  pool.hold(batch.slot, 'store');
  feeds.deliver({ slot, length, sequence, arrivedMs, newSeries, isColoured });
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

main.on('message', ({ moduleClass, modulePort }: ModulePortMessage) => {
  if (moduleClass !== undefined) feeds.connect(moduleClass, modulePort);
});

interface Source extends AsyncDisposable {
  readonly connections: number;
  start(): Promise<{ address: string; port: number } | { address: string }>;
  stopReading(): void;
}

let lastRefusal: TimedRefusal | null = null;
const source: Source =
  config.mqtt.source === 'listener' ? listenerFor(config, pipeline) : await brokerFor(config, pipeline);

const verbs: { [K in keyof IngestVerbs]: (...args: Parameters<IngestVerbs[K]>) => unknown } = {
  async start() {
    const at = await source.start();
    return { address: 'port' in at ? `mqtt://${at.address}:${at.port}` : at.address };
  },
  drain() {
    source.stopReading();
    return new Promise((resolve) => {
      const done = () => resolve(feeds.lastSequences());
      if (!pipeline.isDirty && pipeline.outstanding === 0) return done();
      onDrained = done;
      schedule();
    });
  },
  close: () => source[Symbol.asyncDispose](),
  status: () => ({ connections: source.connections, series: registry.size, lastRefusal }),
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
  return new MqttListener(settings, intake, systemClock, warn, (refusal) => {
    counters[COUNTER_INDEX.gateway_ingest_refused_connections]!++;
    lastRefusal = { ...refusal, atMs: systemClock.now() };
  });
}

/** Its MQTT client is loaded only where there is an external broker. */
async function brokerFor({ mqtt: { broker } }: Config, intake: Intake): Promise<Source> {
  const { BrokerSource } = await import('../adapters/mqtt/broker-source.ts');
  const settings = { ...broker, clientId: broker.clientId || `tidegate-${gatewayId}`, keepaliveMs: broker.keepalive };
  return new BrokerSource({ ...settings, qos: broker.qos as 0 | 1 | 2 }, intake, warn);
}
