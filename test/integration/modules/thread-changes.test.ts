/** Changes to the modules of one class that meet each other, and a module that is removed within a call: one worker at most, and none is ended for it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { MessagePort, Worker } from 'node:worker_threads';
import { compileModule } from '../../../gateway/src/adapters/wasm/module-instance.ts';
import { allocateBatchPool, BATCH_ROWS } from '../../../gateway/src/core/model/batch-pool.ts';
import { allocateCounters } from '../../../gateway/src/core/model/counters.ts';
import { allocateLatencies } from '../../../gateway/src/core/model/latency-histogram.ts';
import { MODULE_CLASSES } from '../../../gateway/src/core/model/module-class.ts';
import { DERIVED_SERIES_BASE, type Series } from '../../../gateway/src/core/model/series.ts';
import { allocateSeriesBoard } from '../../../gateway/src/core/model/series-board.ts';
import { parseManifest } from '../../../gateway/src/core/modules/manifest.ts';
import { admitForHost, configOf } from '../../../gateway/src/main/modules/load-module.ts';
import type { ModuleSpec } from '../../../gateway/src/main/modules/module-spec.ts';
import { ModuleThread } from '../../../gateway/src/main/modules/module-thread.ts';
import { eventually } from '../../support/eventually.ts';

const SERIES: Series = { id: 0, device: 'd', point: 'p', unit: '', type: 'gauge', lane: 'live' };
/** Of one change; the slowest, which starts a worker, takes a third of a second. */
const CHANGE_MS_MAX = 5000;
const FOLDER = new URL('../../../modules/unit-convert/build/', import.meta.url);

function specOf(name: string, slot: number): ModuleSpec {
  const manifest = parseManifest(readFileSync(new URL('manifest.json', FOLDER), 'utf8'));
  const admitted = admitForHost(readFileSync(new URL('unit-convert.wasm', FOLDER)), manifest, null);
  const config = configOf(manifest, name, [{}]);
  const compiled = compileModule(admitted, manifest);
  return { slot, name, moduleClass: 'partner', manifest, compiled, config, inputs: ['**'], folder: null };
}

/** @throws Error when it has not ended by then. */
async function inTime<T>(what: string, change: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = wait(CHANGE_MS_MAX, undefined, timer).then(() => {
    throw new Error(`${what} did not end within ${CHANGE_MS_MAX} ms`);
  });
  try {
    return await Promise.race([change, late]);
  } finally {
    timer.abort();
  }
}

/** A real thread; its store takes every row, its ingest is the test. */
class ThreadRig implements AsyncDisposable {
  readonly thread: ModuleThread;
  rows = 0;
  /** Workers that were started, by the ports to the store that they were given. */
  workers = 0;
  /** Also those that the thread has lost sight of, each of which would keep this process alive. */
  readonly #started: Worker[] = [];
  readonly #noteWorker = (worker: Worker) => void this.#started.push(worker);
  #ingest: MessagePort | null = null;
  #sequence = 0;

  constructor() {
    process.on('worker', this.#noteWorker);
    const shared = {
      pool: allocateBatchPool(24, BATCH_ROWS),
      liveBoard: allocateSeriesBoard(10),
      derivedBoard: allocateSeriesBoard(1000),
      counters: allocateCounters(),
      latencies: allocateLatencies(),
      moduleProgress: new SharedArrayBuffer(MODULE_CLASSES.length * 8),
    };
    this.thread = new ModuleThread({
      ...{ moduleClass: 'partner', gatewayId: 'gw', shared, quarantineAfter: 8 },
      ids: { from: DERIVED_SERIES_BASE, to: DERIVED_SERIES_BASE + 100 },
      series: () => [SERIES],
      raisedAlarms: async () => [],
      connectIngest: (port) => {
        this.#ingest = port;
      },
      connectStore: async (port) => this.#serveStore(port),
      onNotice: () => undefined,
      log: () => undefined,
    });
  }

  #serveStore(port: MessagePort): void {
    this.workers++;
    port.on('message', ({ points }: { points: { length: number } }) => {
      this.rows += points.length;
      port.postMessage({ derivedCommitted: 1 });
    });
  }

  send(): void {
    const columns = { timeMs: Float64Array.of(1), value: Float64Array.of(9), series: Uint32Array.of(0) };
    const copy = { length: 1, ...columns, quality: Uint8Array.of(0) };
    const sequence = ++this.#sequence;
    this.#ingest?.postMessage({ slot: -1, copy, length: 1, sequence, arrivedMs: 0, isColoured: false, newSeries: [] });
  }

  get isConnected(): boolean {
    return this.#ingest !== null;
  }

  async put(name: string, slot: number): Promise<void> {
    await inTime(`the start of module ${name}`, this.thread.put(specOf(name, slot)));
  }

  async remove(name: string): Promise<void> {
    await inTime(`the removal of module ${name}`, this.thread.remove(name));
  }

  async stop(): Promise<void> {
    await inTime('the stop of the thread', this.thread.stop());
  }

  /** Throws nothing: what is told is where the test failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    process.off('worker', this.#noteWorker);
    void this.thread.stop().catch(() => undefined);
    await Promise.all(this.#started.map((worker) => worker.terminate()));
  }
}

test('two modules put at once into a class without a worker share one', async () => {
  await using rig = new ThreadRig();
  await Promise.all([rig.put('one', 0), rig.put('two', 1)]);
  assert.equal(rig.workers, 1);
  rig.send();
  await eventually('a row of each', () => rig.rows === 2);
  await rig.stop();
});

test('a module put while the last one is being removed runs', async () => {
  await using rig = new ThreadRig();
  await rig.put('one', 0);
  await Promise.all([rig.remove('one'), rig.put('two', 1)]);
  assert.deepEqual(
    rig.thread.statuses().map(({ name, state }) => [name, state]),
    [['two', 'running']],
  );
  rig.send();
  await eventually('its row', () => rig.rows === 1);
  await rig.stop();
});

test('the last module takes the worker with it, and one that comes later has its own', async () => {
  await using rig = new ThreadRig();
  await rig.put('one', 0);
  await rig.remove('one');
  assert.equal(rig.isConnected, false);
  assert.throws(() => rig.thread.verbs, { code: 'unavailable' });
  await rig.put('two', 1);
  assert.equal(rig.workers, 2);
  await rig.stop();
});

test('a module that is not here is removed already; one that is there is not removed without its worker', async () => {
  await using rig = new ThreadRig();
  await rig.remove('nobody');
  rig.thread.admit(specOf('one', 0));
  await assert.rejects(rig.remove('one'), { code: 'unavailable' });
  await inTime('the start of the thread', rig.thread.start());
  await rig.remove('one');
  assert.equal(rig.thread.isEmpty, true);
  await rig.stop();
});
