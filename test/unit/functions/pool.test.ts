import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionPool, type PoolSettings } from '../../../gateway/src/core/functions/pool.ts';
import { CallError } from '../../../gateway/src/core/functions/ports.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { PlayedHost } from './fake-host.ts';

function poolOf(settings: Partial<PoolSettings> = {}) {
  const host = new PlayedHost();
  const clock = new ManualClock();
  const pool = new FunctionPool({ concurrency: 2, prewarm: 0, idleMs: 60_000, ...settings }, host, clock);
  return { host, clock, pool };
}

const event = (text: string) => Buffer.from(text);

test('the first call makes an instance, the next one finds it warm', async () => {
  const { host, pool } = poolOf();
  const first = pool.tryCall(event('a'))!;
  await settle();
  host.callOf('a').succeed();
  assert.deepEqual(await first, { errno: 0, reply: null });
  const second = pool.tryCall(event('b'))!;
  await settle();
  host.callOf('b').succeed();
  await second;
  const counts = pool.counts();
  assert.equal(host.instances.length, 1);
  assert.deepEqual([counts.coldStarts, counts.warmCalls, counts.calls, counts.failures], [1, 1, 2, 0]);
  assert.equal(counts.coldStart.count, 1);
});

test('no more calls run than may, and whoever waits for room hears of it', async () => {
  const { host, pool } = poolOf({ concurrency: 2 });
  const calls = [pool.tryCall(event('a'))!, pool.tryCall(event('b'))!];
  await settle();
  assert.equal(pool.tryCall(event('c')), null);
  assert.equal(host.calls.length, 2);
  let hasHeard = false;
  const heard = pool.whenRoom(new AbortController().signal).then(() => (hasHeard = true));
  await settle();
  assert.equal(hasHeard, false);
  host.callOf('b').succeed();
  await heard;
  assert.notEqual(pool.tryCall(event('c')), null);
  await settle();
  assert.deepEqual(
    host.calls.map((call) => call.event),
    ['a', 'c'],
  );
  host.callOf('a').succeed();
  host.callOf('c').succeed();
  await Promise.all(calls);
});

test('an instance that nobody calls is taken back after its time, counted', async () => {
  const { host, clock, pool } = poolOf({ idleMs: 5000 });
  const call = pool.tryCall(event('a'))!;
  await settle();
  host.callOf('a').succeed();
  await call;
  await clock.advance(4999);
  pool.sweep();
  assert.equal(host.open, 1);
  await clock.advance(1);
  pool.sweep();
  assert.equal(host.open, 0);
  assert.equal(pool.counts().reclaimed, 1);
});

test('instances kept ready are made before anybody calls, and are not taken back', async () => {
  const { host, clock, pool } = poolOf({ concurrency: 3, prewarm: 2, idleMs: 1000 });
  pool.sweep();
  await settle();
  assert.equal(host.open, 2);
  const call = pool.tryCall(event('a'))!;
  await settle();
  host.callOf('a').succeed();
  await call;
  await clock.advance(10_000);
  pool.sweep();
  const { coldStarts, prewarmed, warmCalls, reclaimed } = pool.counts();
  assert.deepEqual(
    { coldStarts, prewarmed, warmCalls, reclaimed },
    { coldStarts: 0, prewarmed: 2, warmCalls: 1, reclaimed: 0 },
  );
  assert.equal(host.open, 2);
});

test('a call takes the instance that is on its way rather than a second one', async () => {
  const { host, pool } = poolOf({ concurrency: 1, prewarm: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  host.gate = promise;
  pool.sweep();
  const call = pool.tryCall(event('a'))!;
  resolve();
  await settle();
  host.callOf('a').succeed();
  await call;
  assert.equal(host.instances.length, 1);
  assert.equal(pool.counts().instances, 1);
});

test('a trap drops the instance, an error of the function keeps it', async () => {
  const { host, pool } = poolOf({ concurrency: 1 });
  const refused = pool.tryCall(event('a'))!;
  await settle();
  host.callOf('a').refuse(-22);
  assert.equal((await refused).errno, -22);
  const trapped = pool.tryCall(event('b'))!;
  await settle();
  assert.equal(host.callOf('b').instance.number, 1);
  host.callOf('b').fail(new CallError('trap', 'unreachable'));
  await assert.rejects(trapped, /unreachable/);
  assert.equal(host.open, 0);
  const { failures, lastError } = pool.counts();
  assert.deepEqual([failures, lastError], [2, 'unreachable']);
});

test('a call whose instance was lost before it began goes to another one, a few times', async () => {
  const { host, pool } = poolOf({ concurrency: 1 });
  const call = pool.tryCall(event('a'))!;
  await settle();
  host.callOf('a').fail(new CallError('lost', 'the thread has ended'));
  await settle();
  assert.equal(host.callOf('a').instance.number, 2);
  host.callOf('a').succeed();
  await call;
  assert.equal(pool.counts().failures, 0);
  const unlucky = pool.tryCall(event('b'))!;
  unlucky.catch(() => undefined);
  for (let lost = 0; lost < 4; lost++) {
    await settle();
    host.callOf('b').fail(new CallError('lost', 'the thread has ended'));
  }
  await assert.rejects(unlucky, /the thread has ended/);
});

test('an instance whose thread is busy is passed over for a new one while there may be more', async () => {
  const { host, pool } = poolOf({ concurrency: 2 });
  const first = pool.tryCall(event('a'))!;
  await settle();
  host.callOf('a').succeed();
  await first;
  host.instances[0]!.isReady = false;
  const second = pool.tryCall(event('b'))!;
  await settle();
  assert.equal(host.callOf('b').instance.number, 2);
  host.callOf('b').succeed();
  await second;
});

test('an instance kept ready that cannot be made is tried again only after a while', async () => {
  const { host, clock, pool } = poolOf({ prewarm: 1 });
  host.failure = new CallError('start', 'refuses its configuration');
  pool.sweep();
  await settle();
  host.failure = null;
  pool.sweep();
  await settle();
  assert.equal(host.instances.length, 0);
  assert.match(pool.counts().lastError ?? '', /refuses/);
  await clock.advance(10_000);
  pool.sweep();
  await settle();
  assert.equal(host.instances.length, 1);
});

/** A pool in which `a` is being called, with the host of the next version. */
async function poolInCall(settings: Partial<PoolSettings> = {}) {
  const { host, clock, pool } = poolOf(settings);
  const call = pool.tryCall(event('a'))!;
  await settle();
  return { old: host, clock, pool, call, next: new PlayedHost() };
}

test('after an exchange a call on its way ends where it began, the next goes to the instance that was ready, and the old one goes', async () => {
  const { old, next, pool, call } = await poolInCall({ concurrency: 2 });
  const ready = await next.start();
  pool.exchange(next, ready);
  const after = pool.tryCall(event('b'))!;
  await settle();
  assert.deepEqual([next.callOf('b').instance.number, pool.counts().coldStarts], [1, 1]);
  assert.equal(pool.tryCall(event('c')), null, 'the old call counts among those that may run');
  old.callOf('a').succeed();
  next.callOf('b').succeed();
  assert.deepEqual(await call, { errno: 0, reply: null });
  await after;
  assert.deepEqual([old.open, next.open, pool.counts().instances], [0, 1, 1]);
});

test('an exchange takes back what is idle and what is on its way, and keeps as many ready as before', async () => {
  const { host: old, pool } = poolOf({ concurrency: 4, prewarm: 2 });
  const next = new PlayedHost();
  pool.sweep();
  await settle();
  const { promise, resolve } = Promise.withResolvers<void>();
  old.gate = promise;
  const calls = [pool.tryCall(event('a'))!, pool.tryCall(event('b'))!];
  await settle();
  old.callOf('a').succeed();
  await calls[0];
  old.callOf('b').fail(new CallError('trap', 'unreachable'));
  await assert.rejects(calls[1]!);
  pool.sweep();
  pool.exchange(next, null);
  resolve();
  await settle();
  assert.deepEqual([old.instances.length, old.open, next.open], [3, 0, 2]);
  assert.equal(pool.counts().instances, 2);
});

test('a call that was waiting for an instance of the old version gets it, and it is not kept', async () => {
  const { host: old, pool } = poolOf({ concurrency: 1 });
  const next = new PlayedHost();
  const { promise, resolve } = Promise.withResolvers<void>();
  old.gate = promise;
  const call = pool.tryCall(event('a'))!;
  pool.exchange(next, null);
  resolve();
  await settle();
  old.callOf('a').succeed();
  await call;
  const after = pool.tryCall(event('b'))!;
  await settle();
  next.callOf('b').succeed();
  await after;
  assert.deepEqual([old.open, next.open], [0, 1]);
});

for (const when of ['before', 'after'] as const) {
  test(`an old version that cannot start, told ${when} the exchange, does not keep the new one from being made ready`, async () => {
    const { host: old, pool } = poolOf({ prewarm: 1 });
    const next = new PlayedHost();
    const { promise, resolve } = Promise.withResolvers<void>();
    old.gate = promise;
    old.failure = new CallError('start', 'refuses its configuration');
    pool.sweep();
    if (when === 'before') resolve();
    await settle();
    pool.exchange(next, null);
    resolve();
    await settle();
    assert.equal(next.open, 1);
    next.instances[0]!.isAlive = false;
    pool.sweep();
    await settle();
    assert.equal(next.instances.length, 2, 'at once, too, when it is lost');
  });
}

test('an exchange in a pool that is closed leaves nothing open', async () => {
  const { next, old, pool, call } = await poolInCall();
  pool.close();
  pool.exchange(next, await next.start());
  old.callOf('a').succeed();
  await call;
  assert.deepEqual([old.open, next.open], [0, 0]);
});
