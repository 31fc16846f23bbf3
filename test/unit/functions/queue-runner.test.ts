import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { millis } from '../../../gateway/src/base/units.ts';
import { FunctionPool } from '../../../gateway/src/core/functions/pool.ts';
import { CallError } from '../../../gateway/src/core/functions/ports.ts';
import { QueueRunner } from '../../../gateway/src/core/functions/queue-runner.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { PlayedHost } from './fake-host.ts';
import { MemoryQueue } from './memory-queue.ts';

function rig({ concurrency = 1, attempts = 3 } = {}) {
  const clock = new ManualClock();
  const host = new PlayedHost();
  const queue = new MemoryQueue();
  const problems: unknown[] = [];
  const pool = new FunctionPool({ concurrency, prewarm: 0, idleMs: 60_000 }, host, clock);
  const runner = new QueueRunner({
    name: 'f',
    source: queue,
    pool,
    policy: { attempts, backoff: { first: millis(1000), max: millis(60_000) } },
    clock,
    random: seededRandom(1),
    onProblem: (error) => problems.push(error),
  });
  return { clock, host, queue, pool, runner, problems };
}

const trap = () => new CallError('trap', 'unreachable');

test('events go in order of their due times, at most as many at a time as may', async () => {
  const { clock, host, queue, runner } = rig({ concurrency: 2 });
  for (const text of ['a', 'b', 'c', 'd']) queue.add(text, clock.now());
  runner.start();
  await settle();
  await settle();
  assert.deepEqual(
    host.calls.map(({ event }) => event),
    ['a', 'b'],
  );
  host.callOf('b').succeed();
  await settle();
  await settle();
  assert.deepEqual(
    host.calls.map(({ event }) => event),
    ['a', 'c'],
  );
  for (const text of ['a', 'c', 'd']) {
    host.callOf(text).succeed();
    await settle();
    await settle();
  }
  await clock.advance(50);
  assert.equal(queue.rows.size, 0);
  assert.ok(queue.settles <= 3, `outcomes were written together: ${queue.settles} times`);
  await runner.stop();
});

test('a nudge is enough: nobody waits for a timer when something new comes', async () => {
  const { clock, host, queue, runner } = rig();
  runner.start();
  await settle();
  queue.add('late', clock.now());
  runner.nudge();
  await settle();
  await settle();
  host.callOf('late').succeed();
  await settle();
  assert.equal(queue.rows.size, 0);
  await runner.stop();
});

test('a failure is tried again after a wait that doubles, with jitter, and then is a dead letter', async () => {
  const { clock, host, queue, runner } = rig({ attempts: 3 });
  const id = queue.add('poison', clock.now());
  runner.start();
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 3; attempt++) {
    await clock.advanceUntil(() => host.calls.length === 1);
    host.callOf('poison').fail(trap());
    const failedMs = clock.now();
    await clock.advance(20);
    waits.push(queue.rows.get(id)!.dueMs - failedMs);
  }
  assert.ok(waits[0]! >= 500 && waits[0]! <= 1000, `first wait ${waits[0]}`);
  assert.ok(waits[1]! >= 1000 && waits[1]! <= 2000, `second wait ${waits[1]}`);
  const row = queue.rows.get(id)!;
  assert.deepEqual([row.state, row.attempts, row.error], ['dead', 3, 'unreachable']);
  assert.deepEqual([runner.retries, runner.deadLettered], [2, 1]);
  await runner.stop();
});

test('a poison event does not stop the others', async () => {
  const { clock, host, queue, runner } = rig({ attempts: 5 });
  queue.add('poison', clock.now());
  for (let n = 0; n < 10; n++) queue.add(`good ${n}`, clock.now());
  runner.start();
  const done: string[] = [];
  while (done.length < 10) {
    await settle();
    await settle();
    const call = host.calls[0];
    if (call === undefined) await clock.advance(100);
    else if (call.event === 'poison') call.fail(trap());
    else {
      done.push(call.event);
      call.succeed();
    }
  }
  assert.equal(queue.rows.get(1)!.state, 'queued');
  assert.ok(clock.monotonic() < 1000, 'the good ones did not wait for it');
  await runner.stop();
});

test('an event that is too large for the function is a dead letter at once', async () => {
  const { clock, host, queue, runner } = rig({ attempts: 5 });
  const id = queue.add('large', clock.now());
  runner.start();
  await settle();
  await settle();
  host.callOf('large').fail(new CallError('too_large', 'at most 10 octets expected'));
  await settle();
  await settle();
  assert.deepEqual([queue.rows.get(id)!.state, queue.rows.get(id)!.attempts], ['dead', 1]);
  await runner.stop();
});

test('an event whose due time was set by a clock far ahead is due now', async () => {
  const { clock, host, queue, runner } = rig();
  queue.add('from the future', clock.now() + 10 * 365 * 86_400_000);
  runner.start();
  await settle();
  await settle();
  host.callOf('from the future').succeed();
  await settle();
  assert.equal(queue.rows.size, 0);
  await runner.stop();
});

test('an outcome that cannot be written down is written later, and its event is not called meanwhile', async () => {
  const { clock, host, queue, runner, problems } = rig();
  queue.add('a', clock.now());
  runner.start();
  await settle();
  await settle();
  queue.failure = new Error('the disk is full');
  host.callOf('a').succeed();
  await clock.advance(3500);
  assert.equal(host.calls.length, 0);
  assert.ok(problems.length >= 3);
  queue.failure = null;
  await clock.advance(2000);
  assert.equal(queue.rows.size, 0);
  assert.equal(host.calls.length, 0);
  await runner.stop();
});

test('stopping waits for the call that runs and writes its outcome down', async () => {
  const { clock, host, queue, runner } = rig();
  queue.add('a', clock.now());
  queue.add('b', clock.now());
  runner.start();
  await settle();
  await settle();
  let isStopped = false;
  const stopped = runner.stop().then(() => (isStopped = true));
  await settle();
  assert.equal(isStopped, false);
  host.callOf('a').succeed();
  await stopped;
  assert.deepEqual([...queue.rows.keys()], [2]);
});
