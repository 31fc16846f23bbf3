/** Calls of functions on real threads: queue, retries, dead letters, limits, and functions that misbehave. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { BODY, installModule, wasmModule } from '../../support/wasm-module.ts';
import { FunctionsRig } from './functions-rig.ts';
import { installScripted } from './scripted-function.ts';

let modules: TemporaryFolder;

before(() => {
  modules = temporaryFolder();
  process.env.TIDEGATE_MODULES = modules.path;
  installScripted(modules.path);
  installScripted(modules.path, { id: 'short-fuel', fuelPerCall: 1_000_000 });
  installScripted(modules.path, { id: 'short-time', deadlineMs: 150 });
});
after(() => modules[Symbol.dispose]());

const fn = (name: string, lines = '', module = 'scripted') =>
  `[[function]]\nname = "${name}"\nmodule = "${module}"\nretry_first = "10ms"\nretry_max = "40ms"\n${lines}\n`;

test('queued events run in order, one instance serves them all, and nothing stays in the queue', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('f'));
  const texts = Array.from({ length: 50 }, (_, n) => `event ${n}`);
  rig.add('f', ...texts);
  const status = await rig.untilStatus('f', 'an empty queue', ({ queued }) => queued === 0);
  assert.deepEqual(rig.did('f'), texts);
  assert.deepEqual([status.coldStarts, status.warmCalls, status.calls, status.failures], [1, 49, 50, 0]);
  assert.ok(status.coldStart.p99Ms! >= status.coldStart.p50Ms!);
  assert.deepEqual(rig.functions.threads, { running: 1, started: 1 });
});

test('a function that fails twice succeeds at the third try', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('f'));
  rig.add('f', 'twice and then done');
  const status = await rig.untilStatus('f', 'success', ({ queued }) => queued === 0);
  assert.deepEqual([status.retries, status.dead, status.failures], [2, 0, 2]);
  assert.deepEqual(rig.did('f'), ['twice and then done']);
});

test('a trap is tried again, becomes a dead letter with its reason, and succeeds when it is retried after a repair', async () => {
  using folder = temporaryFolder();
  installScripted(modules.path, { id: 'repaired', fuelPerCall: 1_000_000 });
  {
    await using rig = await FunctionsRig.start(folder.path, fn('f', 'attempts = 3', 'repaired'));
    rig.add('f', 'busy, with more fuel than it has');
    const status = await rig.untilStatus('f', 'a dead letter', ({ dead }) => dead === 1);
    assert.deepEqual([status.queued, status.retries, status.deadLettered, status.failures], [0, 2, 1, 3]);
    assert.match(status.lastError ?? '', /fuel/);
  }
  installScripted(modules.path, { id: 'repaired' });
  await using rig = await FunctionsRig.start(folder.path, fn('f', 'attempts = 3', 'repaired'));
  assert.equal((await rig.status('f')).dead, 1);
  assert.equal(await rig.store.retryDeadLetter(1), 'f');
  const status = await rig.untilStatus(
    'f',
    'success',
    ({ queued, dead, calls }) => queued === 0 && dead === 0 && calls > 0,
  );
  assert.equal(status.failures, 0);
  assert.equal(rig.did('f').length, 1);
});

test('poison does not stop what comes after it', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('f', 'attempts = 4'));
  rig.add('f', 'trap', 'a', 'refuse', 'b', 'trap', 'c');
  const status = await rig.untilStatus('f', 'three dead letters', ({ dead, queued }) => dead === 3 && queued === 0);
  assert.deepEqual(rig.did('f'), ['a', 'b', 'c']);
  assert.equal(status.retries, 9);
});

test('no more calls run than may at one time', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('f', 'concurrency = 2'));
  rig.add('f', ...Array.from({ length: 8 }, (_, n) => `busy ${n}`));
  let most = 0;
  await eventually('all to be done', async () => {
    const { active, instances, queued } = await rig.status('f');
    most = Math.max(most, active, instances);
    return queued === 0;
  });
  assert.equal(most, 2);
  assert.equal(rig.functions.threads.started, 2, 'both threads were used');
});

test('an endless loop is ended by fuel, while another function goes on, on the same thread', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(
    folder.path,
    `[functions]\nthreads = 1\n${fn('bad', 'attempts = 3', 'short-fuel')}${fn('good')}`,
  );
  rig.add('bad', 'loop');
  rig.add('good', 'one', 'two');
  const bad = await rig.untilStatus('bad', 'a dead letter', ({ dead }) => dead === 1);
  assert.match(bad.lastError ?? '', /fuel/);
  await rig.untilStatus('good', 'an empty queue', ({ queued }) => queued === 0);
  assert.deepEqual(rig.did('good'), ['one', 'two']);
  assert.equal(rig.functions.threads.started, 1, 'the thread is still the first');
});

test('an endless loop with fuel enough is ended by its deadline with its thread, and the innocent lose no event and no try', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(
    folder.path,
    `[functions]\nthreads = 1\n${fn('bad', 'attempts = 3', 'short-time')}${fn('good')}`,
  );
  rig.add('good', 'before');
  await rig.untilStatus('good', 'an empty queue', ({ queued }) => queued === 0);
  rig.add('bad', 'loop');
  for (let n = 0; n < 20; n++) rig.add('good', `meanwhile ${n}`);
  const bad = await rig.untilStatus('bad', 'a dead letter', ({ dead }) => dead === 1);
  assert.match(bad.lastError ?? '', /outlasted its deadline of 150 ms/);
  const good = await rig.untilStatus('good', 'an empty queue', ({ queued }) => queued === 0);
  assert.deepEqual([good.failures, good.retries, good.dead], [0, 0, 0]);
  assert.equal(rig.did('good').length, 21);
  assert.ok(rig.functions.threads.started >= 3, 'each loop cost a thread');
});

test('with two threads a loop does not delay the other function', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('bad', 'attempts = 1') + fn('good'));
  rig.add('bad', 'loop');
  await rig.untilStatus('bad', 'the loop to run', ({ active }) => active === 1);
  rig.add('good', 'at once');
  await eventually('the other one', () => rig.did('good').length === 1);
  assert.equal((await rig.status('bad')).active, 1, 'the loop still runs');
});

test('a queue that is full sends what comes to the dead letters, of which the newest are kept, all counted', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('off', 'enabled = false\nqueue_max = 3\ndead_max = 4'));
  rig.add('off', ...Array.from({ length: 10 }, (_, n) => `event ${n}`));
  const { queued, dead, dropped, overflowed } = await rig.status('off');
  assert.deepEqual({ queued, dead, dropped, overflowed }, { queued: 3, dead: 4, dropped: 3, overflowed: 7 });
});

test('an instance that nobody calls is taken back, then its thread, and the next call starts cold', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('f', 'idle = "1s"'));
  rig.add('f', 'one');
  await rig.untilStatus('f', 'the instance to be taken back', ({ reclaimed }) => reclaimed === 1);
  await eventually('the thread to end', () => rig.functions.threads.running === 0);
  rig.add('f', 'two');
  const status = await rig.untilStatus('f', 'an empty queue', ({ queued }) => queued === 0);
  assert.equal(status.coldStarts, 2);
});

test('an instance kept ready spares the first caller the cold start', async () => {
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, fn('f', 'prewarm = 1'));
  await rig.untilStatus('f', 'an instance', ({ prewarmed }) => prewarmed === 1);
  rig.add('f', 'one');
  const status = await rig.untilStatus('f', 'an empty queue', ({ queued }) => queued === 0);
  assert.deepEqual([status.coldStarts, status.warmCalls], [0, 1]);
});

test('a function that cannot be used is refused with the reason, and the others run', async () => {
  using folder = temporaryFolder();
  installModule(modules.path, 'quiet', wasmModule(BODY.quiet));
  const config = fn('missing', '', 'no-such-module') + fn('stream', '', 'quiet') + fn('good');
  await using rig = await FunctionsRig.start(folder.path, config);
  assert.match((await rig.status('missing')).error ?? '', /no such module/);
  assert.match((await rig.status('stream')).error ?? '', /kind function expected, stream found/);
  rig.add('good', 'one');
  await rig.untilStatus('good', 'an empty queue', ({ queued }) => queued === 0);
});

test('what a function emits calls the function that listens to it', async () => {
  using folder = temporaryFolder();
  const listener = fn('listener', '[[function.trigger]]\ntype = "emitted"\nevent = "scripted.done"');
  await using rig = await FunctionsRig.start(folder.path, fn('f') + listener);
  rig.add('f', 'emit this');
  await eventually('the listener', () => rig.did('listener').length === 1);
  assert.deepEqual(rig.did('listener'), ['this']);
});

test('functions of different trust do not share a thread: a loop of one does not delay the other', async () => {
  using folder = temporaryFolder();
  const web = '[[function.trigger]]\ntype = "http"';
  const config = `[functions]\nthreads = 1\n${fn('bad', 'attempts = 1')}${fn('echo', web, 'echo-function')}`;
  await using rig = await FunctionsRig.start(folder.path, config);
  rig.add('bad', 'loop');
  await rig.untilStatus('bad', 'the loop to run', ({ active }) => active === 1);
  assert.equal((await rig.functions.invoke('echo', 'test', Buffer.from('hello'))).errno, 0);
  assert.equal((await rig.status('bad')).active, 1, 'the loop still runs');
  assert.deepEqual(rig.functions.threads, { running: 2, started: 2 });
});

test('while calls run on the old version new ones go to the new one, and both end well', async () => {
  using folder = temporaryFolder();
  const events = (type: string) => `[[function.trigger]]\ntype = "emitted"\nevent = "${type}"\n`;
  const both = fn('before', events('scripted.done')) + fn('after', events('scripted.more'));
  const config = `[functions]\nthreads = 4\n${fn('f', 'concurrency = 3', 'changing')}${both}`;
  await using rig = await FunctionsRig.start(folder.path, config);
  assert.equal((await rig.status('f')).state, 'refused', 'it is not there yet');
  installScripted(modules.path, { id: 'changing' });
  await rig.functions.put('changing', '1.0.0');
  rig.add('f', 'busy 1', 'busy 2', 'emit old');
  await rig.untilStatus('f', 'two calls to run', ({ active, calls }) => active === 2 && calls === 1);
  installScripted(modules.path, { id: 'changing', version: '1.1.0', emits: 'scripted.more' });
  await rig.functions.put('changing', '1.1.0');
  assert.equal((await rig.status('f')).active, 2, 'they still run');
  rig.add('f', 'emit new');
  const status = await rig.untilStatus('f', 'an empty queue', ({ queued }) => queued === 0);
  assert.deepEqual([status.version, status.failures, status.retries], ['1.1.0', 0, 0]);
  assert.equal(status.coldStarts, 3, 'the first call of the new version found it warm');
  await eventually('both listeners', () => rig.did('before').length + rig.did('after').length === 2);
  assert.deepEqual([rig.did('before'), rig.did('after')], [['old'], ['new']]);
  assert.deepEqual(rig.did('f').sort(), ['busy 1', 'busy 2', 'emit new', 'emit old']);
});

test('a real timer fires, and goes on where it stood after a restart', async () => {
  using folder = temporaryFolder();
  const timer = fn('f', '[[function.trigger]]\ntype = "timer"\nevery = "200ms"');
  {
    await using rig = await FunctionsRig.start(folder.path, timer);
    await eventually('three firings', () => rig.did('f').length >= 3);
  }
  await using rig = await FunctionsRig.start(folder.path, timer);
  const first = await eventually('a firing', () => rig.did('f')[0]);
  const { dueMs, missed } = JSON.parse(first) as { dueMs: number; missed: number };
  assert.ok(Number.isInteger(dueMs) && missed >= 0);
});
