import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Acknowledger } from '../../../gateway/src/core/ingest/ports.ts';
import { packQuality, unpackQuality } from '../../../gateway/src/core/model/quality.ts';
import { startIngest } from './ingest-harness.ts';

const NOW = Date.UTC(2026, 10, 24, 10);

class Listener implements Acknowledger {
  readonly tokens: number[] = [];
  flushes = 0;

  acknowledge(token: number): void {
    this.tokens.push(token);
  }

  flushAcknowledgements(): void {
    this.flushes++;
  }
}

test('readings become points of named series, with the time of the source or, marked so, of the gateway', () => {
  const ingest = startIngest({ isManual: true, nowMs: NOW });
  ingest.offer('sensors/boiler/temp', '21.5');
  ingest.offer('sensors/boiler/temp', `{"value":22,"time":${NOW - 5000}}`);
  ingest.offer('sensors/pump', '{"flow":1.5,"rpm":900}');
  ingest.pipeline.flush();
  ingest.commitAll();
  const own = packQuality('good', 'none', true);
  assert.deepEqual(ingest.points, [
    { name: 'boiler/temp', timeMs: NOW, value: 21.5, quality: own },
    { name: 'boiler/temp', timeMs: NOW - 5000, value: 22, quality: 0 },
    { name: 'pump/flow', timeMs: NOW, value: 1.5, quality: own },
    { name: 'pump/rpm', timeMs: NOW, value: 900, quality: own },
  ]);
  assert.equal(ingest.received, 4);
});

/** What is rejected, and why. */
const BAD: readonly [topic: string, payload: string, reason: string][] = [
  ['sensors/a/b', '{"value":', 'malformed_json'],
  ['sensors/a/b', 'NaN', 'nan'],
  ['sensors/a/b', '1e999', 'nan'],
  ['sensors/a/b', '', 'empty'],
  ['sensors/a/b', '{"value":"warm"}', 'not_a_number'],
  ['sensors/a/b', '{"value":{"deep":1}}', 'wrong_type'],
  ['sensors/a/b', '{"other":"x"}', 'missing_value'],
  ['sensors/a/b', '{"value":1,"time":"yesterday"}', 'bad_time'],
  ['sensors/a/b', `{"value":1,"time":${NOW * 3}}`, 'absurd_time'],
  ['sensors/a/b', '{"value":1,"time":1}', 'absurd_time'],
  ['sensors/a/b', `[${new Array(101).fill('1').join()}]`, 'too_many_readings'],
  ['other/a/b', '1', 'unknown_topic'],
  ['sensors', '1', 'unknown_topic'],
  ['sensors/a/b/c', '1', 'unknown_topic'],
  ['sensors//b', '1', 'unknown_topic'],
  [`sensors/${'d'.repeat(240)}/${'p'.repeat(257)}`, '1', 'name_too_long'],
];

for (const [topic, payload, reason] of BAD) {
  test(`${topic.slice(0, 40)} ${payload.slice(0, 40)} is kept aside as ${reason}, acknowledged, and counts as one`, () => {
    const ingest = startIngest({ isManual: true, nowMs: NOW });
    const listener = new Listener();
    assert.ok(ingest.offer(topic, payload, listener, 7));
    ingest.pipeline.flush();
    assert.deepEqual(listener.tokens, [], 'not before the commit');
    ingest.commitAll();
    assert.deepEqual(listener.tokens, [7]);
    assert.equal(ingest.points.length, 0);
    assert.deepEqual([ingest.received, ingest.rejectedCount], [1, 1]);
    const [kept] = ingest.rejected;
    assert.deepEqual(
      { ...kept, sample: Buffer.from(kept!.sample).toString() },
      { atMs: NOW, topic: topic.slice(0, 256), reason, sample: payload.slice(0, 16) },
    );
  });
}

test('points lost to a name that is too long are kept aside, also where a function takes the message', () => {
  const event = new Uint8Array([1]);
  const ingest = startIngest({ isManual: true, tap: { take: () => [{ fn: 'f', event }] } });
  ingest.offer(`sensors/${'d'.repeat(257)}/p`, '1');
  ingest.offer('nobody', '1');
  ingest.pipeline.flush();
  assert.deepEqual(ingest.held[0]?.events, [
    { fn: 'f', event },
    { fn: 'f', event },
  ]);
  ingest.commitAll();
  assert.deepEqual(
    ingest.rejected.map(({ reason }) => reason),
    ['name_too_long'],
  );
});

test('a message is taken whole or not at all', () => {
  const ingest = startIngest({ isManual: true });
  ingest.offer('sensors/a/b', '[1,2,"x"]');
  ingest.offer('sensors/a/b', '[1,2,3]');
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.deepEqual(
    ingest.points.map(({ value }) => value),
    [1, 2, 3],
  );
});

test('a message beyond the bound on series is rejected whole and uses up no series', () => {
  const ingest = startIngest({ isManual: true, seriesMax: 3 });
  ingest.offer('sensors/a', '{"p":1,"q":2}');
  ingest.offer('sensors/b', '{"p":1,"q":2}');
  ingest.offer('sensors/c', '{"p":1}');
  ingest.offer('sensors/a', '{"p":3}');
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.deepEqual(
    ingest.points.map(({ name }) => name),
    ['a/p', 'a/q', 'c/p', 'a/p'],
  );
  assert.deepEqual(
    ingest.newSeries.map(({ id }) => id),
    [0, 1, 2],
  );
  assert.equal(ingest.rejected[0]?.reason, 'series_limit');
});

test('a value out of its range is kept, graded uncertain, with the reason', () => {
  const ingest = startIngest({
    isManual: true,
    rules: [{ match: '*/temp', unit: 'C', type: 'gauge', min: -40, max: 120 }],
  });
  for (const value of ['-41', '20', '121']) ingest.offer('sensors/a/temp', value);
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.deepEqual(
    ingest.points.map(({ quality }) => unpackQuality(quality).reason),
    ['out_of_range', 'none', 'out_of_range'],
  );
  assert.equal(ingest.newSeries[0]?.unit, 'C');
});

test("before the clock is set the gateway's own times are uncertain and no source's time is absurd", () => {
  const ingest = startIngest({ isManual: true, nowMs: 5000 });
  ingest.offer('sensors/a/b', '1');
  ingest.offer('sensors/a/b', `{"value":2,"time":${NOW}}`);
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.deepEqual(
    ingest.points.map(({ quality }) => unpackQuality(quality).reason),
    ['clock_unset', 'none'],
  );
});

test('a brokered topic is acknowledged after a commit and stores nothing', () => {
  const ingest = startIngest({ isManual: true });
  const listener = new Listener();
  ingest.offer('devices/a/inventory', '{}', listener, 1);
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.deepEqual(listener.tokens, [1]);
  assert.equal(ingest.received, 0);
});

test('when every batch is at the store, messages are refused, nothing is taken, and room is announced once', () => {
  const ingest = startIngest({ isManual: true, slots: 3, capacity: 200 });
  const listener = new Listener();
  let taken = 0;
  while (ingest.offer('sensors/a/b', `[${new Array(100).fill(String(taken)).join()}]`, listener, taken)) taken++;
  assert.equal(taken, 6, 'three batches of two messages');
  let announced = 0;
  ingest.pipeline.whenRoom(() => announced++);
  assert.ok(!ingest.offer('sensors/a/b', '1'));
  assert.ok(!ingest.pipeline.reject('t', 'oversized', Buffer.from('x'), null, 0));
  ingest.commitAll();
  assert.equal(announced, 1);
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.equal(announced, 1);
  assert.equal(ingest.points.length, 600);
  assert.deepEqual(listener.tokens, [0, 1, 2, 3, 4, 5]);
});

test('one listener is told to send once for all acknowledgements of a commit', () => {
  const ingest = startIngest({ isManual: true });
  const [a, b] = [new Listener(), new Listener()];
  for (let token = 0; token < 10; token++) ingest.offer('sensors/a/b', '1', token % 2 === 0 ? a : b, token);
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.deepEqual([a.tokens, a.flushes, b.tokens, b.flushes], [[0, 2, 4, 6, 8], 1, [1, 3, 5, 7, 9], 1]);
});

test('samples of one batch are bounded, the count is not', () => {
  const ingest = startIngest({ isManual: true });
  for (let i = 0; i < 500; i++) ingest.offer('nobody', 'x');
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.equal(ingest.rejected.length, 64);
  assert.equal(ingest.rejectedCount, 500);
});

test('messages that carry the baggage of a canary travel in batches of their own, under their own topic', async () => {
  const ingest = startIngest({ isManual: true });
  ingest.offer('sensors/plant/a', '1');
  ingest.offer('$baggage/tidegate.canary=1/sensors/plant/a', '2');
  ingest.offer('$baggage/userId=7,tidegate.canary=1;x=y/sensors/plant/b', '3');
  ingest.offer('$baggage/userId=7/sensors/plant/a', '4');
  ingest.offer('sensors/plant/a', '5');
  ingest.pipeline.flush();
  const batches = ingest.held.map(({ isColoured, length }) => [isColoured, length]);
  assert.deepEqual(batches, [
    [false, 1],
    [true, 2],
    [false, 2],
  ]);
  ingest.commitAll();
  assert.deepEqual(
    ingest.points.map(({ name, value }) => `${name} ${value}`),
    ['plant/a 1', 'plant/a 2', 'plant/b 3', 'plant/a 4', 'plant/a 5'],
  );
  assert.equal(ingest.rejectedCount, 0);
});

test('a topic that only looks like baggage is what it is', () => {
  const ingest = startIngest({ isManual: true });
  for (const topic of ['$baggage/', '$baggage/x', '$baggage/x/', '$baggag/x/sensors/a/b', '$SYS/x'])
    ingest.offer(topic, '1');
  ingest.pipeline.flush();
  ingest.commitAll();
  assert.equal(ingest.rejectedCount, 5);
  assert.equal(ingest.points.length, 0);
});
