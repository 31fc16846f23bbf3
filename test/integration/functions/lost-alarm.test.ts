/** The store worker on a thread of its own, and an alarm whose event nothing can hold: it must cost that event and no more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { allocateBatchPool } from '../../../gateway/src/core/model/batch-pool.ts';
import { allocateCounters, readCounter } from '../../../gateway/src/core/model/counters.ts';
import { allocateLatencies } from '../../../gateway/src/core/model/latency-histogram.ts';
import { MODULE_CLASSES } from '../../../gateway/src/core/model/module-class.ts';
import { allocatePoints } from '../../../gateway/src/core/model/points.ts';
import { ALARM_STATE } from '../../../gateway/src/core/model/quality.ts';
import { DERIVED_SERIES_BASE } from '../../../gateway/src/core/model/series.ts';
import { allocateSeriesBoard } from '../../../gateway/src/core/model/series-board.ts';
import type { DerivedMessage, StoreVerbs, StoreWorkerData } from '../../../gateway/src/main/thread-messages.ts';
import { startWorker } from '../../../gateway/src/main/worker-thread.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CONFIG = `[[function]]
name = "f"
module = "echo-function"
[[function.trigger]]
type = "alarm"
series = "**"
`;

/** One point, of a series that is new with it. */
function alarmOf(index: number, device: string): DerivedMessage {
  const points = allocatePoints(1);
  const id = DERIVED_SERIES_BASE + index;
  points.length = 1;
  points.series[0] = id;
  points.timeMs[0] = Date.UTC(2026, 0, 1) + index;
  points.value[0] = 95;
  points.quality[0] = ALARM_STATE.raised;
  const newSeries = [{ id, device, point: 'heat!limits.high', unit: '', type: 'state', lane: 'alarm' }] as const;
  return { lane: 'alarm', points, shed: {}, newSeries };
}

test('an alarm with a name that no event can hold is stored; its event is counted and logged as lost, and the next one comes', async () => {
  using folder = temporaryFolder();
  const { config } = parseConfig([{ origin: 'test.toml', text: CONFIG }]);
  const counters = allocateCounters();
  const { port1, port2 } = new MessageChannel();
  const data: StoreWorkerData = {
    ...{ config, gatewayId: 'test', stateFolder: folder.path, ingest: port1 },
    shared: {
      ...{ counters, latencies: allocateLatencies(), pool: allocateBatchPool(2, 16) },
      ...{ liveBoard: allocateSeriesBoard(16), derivedBoard: allocateSeriesBoard(16) },
      moduleProgress: new SharedArrayBuffer(MODULE_CLASSES.length * 8),
    },
  };
  const log: string[] = [];
  const deaths: Error[] = [];
  await using store = await startWorker<StoreVerbs>(
    'store',
    data,
    [port1],
    (level, text) => log.push(`${level} ${text}`),
    (error) => deaths.push(error),
  );
  const modules = new MessageChannel();
  await store.handPort(modules.port1);
  let committed = 0;
  modules.port2.on('message', () => committed++);
  modules.port2.postMessage(alarmOf(0, 'd'.repeat(5000)));
  modules.port2.postMessage(alarmOf(1, 'boiler'));
  await eventually('both alarms to be stored', () => committed === 2 || deaths.length > 0);
  assert.deepEqual(deaths, []);
  const stored = (await store.remote.alarms(10)).map(({ name }) => name.slice(0, 10));
  assert.deepEqual(stored.toSorted(), ['boiler/hea', 'dddddddddd']);
  assert.equal((await store.remote.dueEvents('f', Date.now(), Date.now(), [], 10)).length, 1);
  const counts = (['gateway_function_events', 'gateway_function_events_lost'] as const).map((name) =>
    readCounter(counters, name),
  );
  assert.deepEqual(counts, [1, 1]);
  const [line, ...more] = log.filter((text) => text.includes('not told'));
  assert.deepEqual(more, []);
  assert.match(
    line!,
    /^error alarm d{100} raised: not told to f: event: octets of attribute subject: at most 4096 expected, 5017 found$/,
  );
  await store.remote.close();
  for (const port of [port2, modules.port2]) port.close();
});
