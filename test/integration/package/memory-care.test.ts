/** What the addon `memory_release` has V8 do in a thread: in worker threads, one of which is left to itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { assets } from '../../../gateway/src/main/assets.ts';
import { buildNativeParts, HOST_TARGET, skipWithoutTools } from '../../support/packaged.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const skip = skipWithoutTools(HOST_TARGET);
const folder = temporaryFolder();
const COLLECT_EARLY = new URL('../../../gateway/src/adapters/threads/early-collection.ts', import.meta.url).href;
const LOOK_EVERY_MS = 100;
const MB = 2 ** 20;
let addon = '';

before(async () => {
  if (skip) return;
  await buildNativeParts(folder.path);
  addon = assets.nativeBinding('memory_release')!;
});
after(() => folder[Symbol.dispose]());

/** Runs a body of statements, which has `pause`, `addon`, `spaceMb`, `churn` and `collectEarly` (null when left to itself). @returns what it returns. */
async function inThread<T>(body: string, isLookedAfter: boolean): Promise<T> {
  const program = `
    const { parentPort } = require('node:worker_threads');
    const { getHeapSpaceStatistics } = require('node:v8');
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const addon = require(${JSON.stringify(addon)});
    const spaceMb = (name) => getHeapSpaceStatistics().find((one) => one.space_name === name).space_used_size / ${MB};
    const churn = () => Array.from({ length: 200_000 }, (_, n) => ({ n })).length;
    import(${JSON.stringify(COLLECT_EARLY)}).then(async (module) => {
      const collectEarly = ${isLookedAfter} ? () => module.collectEarly(() => addon.beginCollection(), ${LOOK_EVERY_MS}) : null;
      parentPort.postMessage(await (async () => { ${body} })());
    });`;
  const worker = new Worker(program, { eval: true });
  const [answer] = await once(worker, 'message');
  await worker.terminate();
  return answer as T;
}

const bothWays = <T>(body: string) => Promise.all([inThread<T>(body, true), inThread<T>(body, false)]);

test('garbage outside the heap is collected long before V8 does so by itself', { skip }, async () => {
  // The buffers live long enough to leave the young generation.
  const [lookedAfter, alone] = await bothWays<{ madeMb: number; leftMb: number }>(`
    let buffers = Array.from({ length: 640 }, () => new Uint8Array(65536).fill(1));
    for (let n = 0; n < 5; n++) churn();
    collectEarly?.();
    // Until it has settled: what comes then is for the sake of the garbage.
    await pause(${LOOK_EVERY_MS * 12});
    const madeMb = process.memoryUsage().arrayBuffers / ${MB};
    buffers = [];
    await pause(2000);
    return { madeMb, leftMb: process.memoryUsage().arrayBuffers / ${MB} };`);
  assert.ok(lookedAfter.madeMb >= 40 && alone.madeMb >= 40);
  assert.ok(alone.leftMb >= 40, `V8 by itself left ${alone.leftMb} MB`);
  assert.ok(lookedAfter.leftMb < 20, `${lookedAfter.leftMb} MB are left`);
});

test('code that only a start runs is forgotten, and runs again when it is called', { skip }, async () => {
  const [lookedAfter, alone] = await bothWays<{ beforeMb: number; afterMb: number; sum: number }>(`
    const text = Array.from({ length: 4000 }, (_, n) => 'function f' + n + '(a) { let x = a; for (let i = 0; i < 3; i++) x += i * ' + n + '; return [x, a]; }');
    const all = new Function(text.join('\\n') + 'return [' + text.map((_, n) => 'f' + n).join(',') + ']')();
    for (const one of all) one(1);
    collectEarly?.();
    const beforeMb = spaceMb('trusted_space');
    for (let n = 0; n < 30; n++) await pause(${LOOK_EVERY_MS});
    return { beforeMb, afterMb: spaceMb('trusted_space'), sum: all.reduce((sum, one) => sum + one(1)[0], 0) };`);
  assert.ok(alone.afterMb > alone.beforeMb * 0.8, `V8 by itself: ${alone.beforeMb} MB, later ${alone.afterMb}`);
  assert.ok(
    lookedAfter.afterMb < lookedAfter.beforeMb * 0.6,
    `${lookedAfter.beforeMb} MB, later ${lookedAfter.afterMb}`,
  );
  assert.equal(lookedAfter.sum, alone.sum);
});

test('a start that fills the heap has no collection, and the first that is asked for comes', { skip }, async () => {
  const started = (postponed: boolean) => `
    const kinds = [];
    const { PerformanceObserver, constants } = require('node:perf_hooks');
    const seen = new PerformanceObserver((list) => kinds.push(...list.getEntries().map(({ detail }) => detail.kind)));
    seen.observe({ entryTypes: ['gc'] });
    const major = () => kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
    if (${postponed}) addon.postponeCollections();
    const kept = [];
    for (let n = 0; n < 60; n++) { kept.push(Array.from({ length: 10_000 }, (_, m) => ({ n, m }))); await pause(5); }
    const during = major();
    addon.beginCollection();
    for (let n = 0; n < 100 && major() === during; n++) { churn(); await pause(50); }
    return { during, afterwards: major(), kept: kept.length };`;
  const [postponed, alone] = await Promise.all(
    [true, false].map((is) => inThread<{ during: number; afterwards: number }>(started(is), false)),
  );
  assert.ok(alone!.during > 0, 'V8 by itself collects');
  assert.equal(postponed!.during, 0);
  assert.ok(postponed!.afterwards > 0);
});
