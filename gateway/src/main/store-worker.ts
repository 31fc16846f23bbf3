/** The store worker: the one writer of the state folder. Group commits, seals, sagas' rows, retention. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { makeFolder } from '../adapters/files/durable.ts';
import { JournalFiles } from '../adapters/files/journal-files.ts';
import { SegmentFolder } from '../adapters/files/segment-files.ts';
import { zstd } from '../adapters/files/zstd.ts';
import { openDatabase } from '../adapters/sqlite/database.ts';
import { SqliteEventQueue } from '../adapters/sqlite/event-queue.ts';
import { SqliteModuleStore } from '../adapters/sqlite/module-store.ts';
import { SqliteSagaStore } from '../adapters/sqlite/saga-store.ts';
import { addShipment, reviveShipments, shipmentId } from '../adapters/sqlite/shipments.ts';
import { SqliteStoreIndex } from '../adapters/sqlite/store-index.ts';
import { serveCalls } from '../adapters/threads/rpc.ts';
import { sharedClock } from '../adapters/threads/shared-clock.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { BatchPool, COMMIT_ROWS_MAX } from '../core/model/batch-pool.ts';
import { COUNTER_INDEX, countersOf } from '../core/model/counters.ts';
import { LatencyHistogram } from '../core/model/latency-histogram.ts';
import { LANES, seriesName } from '../core/model/series.ts';
import { dueForRetention } from '../core/store/retention.ts';
import { Store } from '../core/store/store.ts';
import { assets } from './assets.ts';
import { fillBoards } from './board-filling.ts';
import { CommitLoop } from './commit-loop.ts';
import { AlarmEvents } from './functions/alarm-events.ts';
import { EventIntake } from './functions/event-intake.ts';
import { careForThread } from './service/memory-care.ts';
import { statePaths } from './state-paths.ts';
import type {
  BatchMessage,
  CommittedMessage,
  DerivedCommitted,
  DerivedMessage,
  StoreOpened,
  StorePortMessage,
  StoreVerbs,
  StoreWorkerData,
} from './thread-messages.ts';
import { refuseUnlisted, refuseWithoutDatabase } from './unlisted-state.ts';
import { notify, warn } from './worker-notice.ts';

/** Segment files of which the log says what is wrong with them. */
const FAULTS_SHOWN = 5;

const { config, gatewayId, stateFolder, shared, ingest } = workerData as StoreWorkerData;
careForThread(warn);
const paths = statePaths(stateFolder);
makeFolder(stateFolder);
refuseWithoutDatabase(paths);
const database = openDatabase(paths.database, assets.migrations('gateway'), {
  nativeBinding: assets.nativeBinding('better_sqlite3', stateFolder),
  whenNew: () => refuseUnlisted(paths, 'without tables'),
});
const sagas = new SqliteSagaStore(database);
const moduleStore = new SqliteModuleStore(database);
const events = new SqliteEventQueue(database, new Map(config.function.map((one) => [one.name, one])));
const pool = new BatchPool(shared.pool);
const counters = countersOf(shared.counters, 'store');
const latency = new LatencyHistogram(shared.latencies, 'commit');

const log = (level: 'info' | 'warn' | 'error', text: string) => notify({ notice: 'log', level, text });
const index = new SqliteStoreIndex(database, config.ingest.quarantineMax, (segment) => {
  addShipment(sagas, segment, 1, segment.sealedMs);
});
const journal = new JournalFiles(paths.journal, (error) => log('error', describeError(error)));
const files = new SegmentFolder(paths.segments);
const store = new Store(
  { journal, files, index, compressor: zstd, clock: systemClock },
  {
    segmentPoints: config.store.segmentPoints,
    segmentAgeMs: config.store.segmentAge,
    alarmSegmentAgeMs: config.store.alarmSegmentAge,
    batchRowsMax: COMMIT_ROWS_MAX,
    quarantineMax: config.ingest.quarantineMax,
  },
);
const faults = store.open();
if (faults.length > 0) {
  const shown = faults.slice(0, FAULTS_SHOWN).join('; ');
  const rest = faults.length > FAULTS_SHOWN ? `; and ${faults.length - FAULTS_SHOWN} more` : '';
  log('warn', `${faults.length} segment files are missing or damaged: ${shown}${rest}`);
}
fillBoards(shared, store.tails());

const loop = new CommitLoop({
  store,
  counters,
  intervalMs: config.store.commitInterval,
  clock: systemClock,
  onSealed: () => {
    retain();
    notify({ notice: 'sealed' });
  },
  onFailure: (text) => {
    log('error', text);
    retain();
  },
});

const alarmEvents = new AlarmEvents(config, gatewayId, store.epoch, store.series.values(), (text) => {
  counters[COUNTER_INDEX.gateway_function_events_lost]!++;
  log('error', text);
});
const toFunctions = (functions: readonly string[]) => notify({ notice: 'events', functions });
const intake = new EventIntake({
  add: (added) => events.add(added, systemClock.now()),
  onAdded: toFunctions,
  onFailure: (text) => {
    counters[COUNTER_INDEX.gateway_store_retries]!++;
    log('error', text);
    retain();
  },
});

/** Frees disk; expired segments' sagas are told, so that they end. */
function retain(): void {
  const limits = { diskMaxBytes: config.store.diskMax, confirmedKeepBytes: config.store.confirmedKeep };
  const expired: string[] = [];
  try {
    for (const { segment, to } of dueForRetention(index, journal.bytes, limits)) {
      store.moveSegment(segment.lane, segment.sequence, to);
      if (to === 'expired') expired.push(shipmentId(segment.lane, segment.sequence, 1));
      if (segment.state === 'corrupt') {
        log('warn', `segment ${segment.lane} ${segment.sequence}: corrupt: removed to make room`);
      }
    }
  } catch (error) {
    log('error', `retention: ${describeError(error)}`);
  }
  if (expired.length > 0) {
    log('warn', `${expired.length} segments expired: the disk share of ${config.store.diskMax} octets is full`);
    notify({ notice: 'expired', sagas: expired });
  }
}

ingest.on('message', (batch: BatchMessage) => {
  const points = pool.columns(batch.slot);
  points.length = batch.length;
  const pending = {
    contribution: {
      lane: 'live',
      points,
      received: batch.received,
      shed: {},
      newSeries: batch.newSeries,
      quarantinedCount: batch.rejectedCount,
      quarantine: batch.rejected,
    },
    onCommitted: () => {
      latency.record(sharedClock.monotonic() - batch.arrivedMs);
      pool.release(batch.slot, 'store');
      ingest.postMessage({ committed: batch.sequence } satisfies CommittedMessage);
    },
  } as const;
  intake.pass(batch.events, () => loop.add(pending));
});

function acceptModules(port: MessagePort): void {
  port.on('message', (message: DerivedMessage) => {
    const { lane, points, shed, newSeries } = message;
    const received = points.length + Object.values(shed).reduce((sum, n) => sum + n, 0);
    const pending = {
      contribution: { lane, points, received, shed, newSeries, quarantinedCount: 0, quarantine: [] },
      onCommitted: () => port.postMessage({ derivedCommitted: 1 } satisfies DerivedCommitted),
    };
    alarmEvents.learn(newSeries);
    const raised = lane === 'alarm' ? alarmEvents.of(points) : [];
    counters[COUNTER_INDEX.gateway_function_events]! += raised.length;
    intake.pass(raised, () => loop.add(pending));
  });
}

const verbs: { [K in keyof StoreVerbs]: (...args: Parameters<StoreVerbs[K]>) => unknown } = {
  ledger: () => store.ledger(),
  status: () => {
    const kept = index.kept();
    const unconfirmed = LANES.map((lane) => index.unconfirmed(lane));
    return {
      epoch: store.epoch,
      diskBytes: kept.bytes + journal.bytes,
      diskMaxBytes: config.store.diskMax,
      segments: kept.segments,
      unconfirmedSegments: unconfirmed.reduce((sum, lane) => sum + lane.segments, 0),
      unconfirmedBytes: kept.bytes - kept.confirmedBytes - kept.corruptBytes,
      journalBytes: journal.bytes,
      lastCommitTookMs: loop.lastCommitTookMs,
      problem: loop.problem,
    };
  },
  alarms: (limit) =>
    store.alarms.list(limit).map((row) => {
      const series = store.series.get(row.series);
      return { ...row, name: series === undefined ? String(row.series) : seriesName(series) };
    }),
  tail: (series) => store.tailOf(series),
  rejected: (limit) => store.rejected(limit),
  segment: (lane, sequence) => index.segment(lane, sequence),
  moveSegment: (lane, sequence, to) => store.moveSegment(lane, sequence, to),
  recordSaga: (change) => sagas.record(change),
  activeSagas: () => sagas.active(),
  pendingSagas: (definition, perPriority) => sagas.pending(definition, perPriority),
  findSaga: (id) => sagas.find(id),
  addSaga: (saga) => sagas.add(saga),
  putModuleUse: (use) => moduleStore.put(use, systemClock.now()),
  removeModuleUse: (name) => moduleStore.remove(name),
  setModuleFloor: (module, version) => moduleStore.setFloor(module, version),
  putFunctionPackage: (row) => moduleStore.putPackage(row, systemClock.now()),
  removeFunctionPackage: (module) => moduleStore.removePackage(module),
  reviveShipments: () => reviveShipments(database, sagas, systemClock.now()),
  dueEvents: (fn, nowMs, horizonMs, except, limit) => events.due(fn, nowMs, horizonMs, except, limit),
  nextEventMs: (fn, except) => events.nextDueMs(fn, except),
  settleEvents: (settlements) => events.settle(settlements, systemClock.now()),
  addEvents: (added) => {
    events.add(added, systemClock.now());
    toFunctions([...new Set(added.map(({ fn }) => fn))]);
  },
  addDeadLetter: (fn, event, attempts, error) => events.addDead(fn, event, attempts, error, systemClock.now()),
  retryDeadLetter: (id) => {
    const fn = events.retryDead(id, systemClock.now());
    toFunctions([fn]);
    return fn;
  },
  dropDeadLetter: (id) => events.dropDead(id),
  eventCounts: () => events.counts(),
  timerLastMs: (fn, schedule) => events.timerLastMs(fn, schedule),
  timerFired: (fn, schedule, lastMs, event) => {
    events.timerFired(fn, schedule, lastMs, event, systemClock.now());
    if (event !== null) toFunctions([fn]);
  },
  keepTimers: (timers) => events.keepTimers(timers),
  drain: () => {
    intake.drain();
    return loop.drain();
  },
  close: () => {
    store.checkpoint();
    journal.close();
    database.close();
  },
};

parentPort!.on('message', ({ port }: StorePortMessage) => {
  if (port !== undefined) acceptModules(port);
});

serveCalls(parentPort!, verbs);
const series = [...store.series.values()];
ingest.postMessage({ series } satisfies StoreOpened);
notify({ notice: 'ready', epoch: store.epoch, series });
