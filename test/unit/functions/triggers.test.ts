import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlarmTriggers } from '../../../gateway/src/core/functions/alarm-trigger.ts';
import { EventTaps } from '../../../gateway/src/core/ingest/event-taps.ts';
import { decodeEvent, EVENT_LIMITS, makeEvent } from '../../../gateway/src/core/model/event.ts';

function tapsOf(filters: Record<string, string>, topicsMax = 10): EventTaps {
  const specs = Object.entries(filters).map(([filter, fn]) => ({ fn, filter }));
  return new EventTaps(specs, topicsMax, (topic, data) =>
    makeEvent({ id: '1', source: 's', type: 't', timeMs: 0, data, more: { subject: topic } }),
  );
}

function take(taps: EventTaps, topic: string, payload = 'x') {
  const octets = Buffer.concat([Buffer.from('##'), Buffer.from(topic), Buffer.from(payload)]);
  const topicEnd = 2 + Buffer.byteLength(topic);
  return taps.take(octets, 2, topicEnd, topicEnd, octets.length);
}

const takersOf = (taps: EventTaps, topic: string) => {
  const taken = take(taps, topic);
  return typeof taken === 'string' ? taken : taken.map(({ fn }) => fn);
};

test('topics go to functions by MQTT filters, as section 4.7 says', () => {
  const taps = tapsOf({ 'a/+/c': 'plus', 'a/#': 'hash', '#': 'all', 'a/b.c': 'dot' });
  assert.deepEqual(takersOf(taps, 'a/b/c'), ['plus', 'hash', 'all']);
  assert.deepEqual(takersOf(taps, 'a//c'), ['plus', 'hash', 'all']);
  assert.deepEqual(takersOf(taps, 'a'), ['hash', 'all'], 'a/# is also a itself');
  assert.deepEqual(takersOf(taps, 'a/b/c/d'), ['hash', 'all']);
  assert.deepEqual(takersOf(taps, 'a/bxc'), ['hash', 'all']);
  assert.equal(takersOf(taps, '$SYS/load'), 'nobody');
});

test('a function hears of a message once, however many of its filters match', () => {
  assert.deepEqual(takersOf(tapsOf({ 'a/#': 'f', 'a/b': 'f' }), 'a/b'), ['f']);
});

test('the answer is the same when topics are no longer remembered', () => {
  const taps = tapsOf({ 'a/+': 'f' }, 2);
  for (let n = 0; n < 10; n++) assert.deepEqual(takersOf(taps, `a/${n}`), ['f']);
  assert.equal(takersOf(taps, 'b/1'), 'nobody');
});

test('the event carries topic and payload', () => {
  const taken = take(tapsOf({ '#': 'f' }), 'plant/øven', '{"on":true}');
  assert.ok(typeof taken !== 'string');
  const { attributes, data } = decodeEvent(taken[0]!.event);
  assert.equal(attributes.subject, 'plant/øven');
  assert.equal(Buffer.from(data).toString(), '{"on":true}');
});

test('a payload beyond the bound of events makes none, and says so', () => {
  assert.equal(take(tapsOf({ '#': 'f' }), 'a', 'x'.repeat(EVENT_LIMITS.dataBytes + 1)), 'event_too_large');
});

test('alarms go to functions by series or by alarm, and by what happened to them', () => {
  const triggers = new AlarmTriggers(
    [
      { fn: 'boilers', series: 'boiler*/temperature', state: 'any' },
      { fn: 'high', series: '**!limits.high', state: 'raised' },
      { fn: 'over', series: '**', state: 'cleared' },
    ],
    's',
  );
  const name = 'boiler7/temperature!limits.high';
  assert.deepEqual(triggers.functionsFor({ name, state: 'raised' }), ['boilers', 'high']);
  assert.deepEqual(triggers.functionsFor({ name, state: 'cleared' }), ['boilers', 'over']);
  assert.deepEqual(triggers.functionsFor({ name: 'pump/flow!limits.low', state: 'raised' }), []);
});

test('the event of an alarm is the same for the same change', () => {
  const triggers = new AlarmTriggers([], '/gateways/g/alarms');
  const change = { name: 'a/b!m.high', state: 'raised', value: 95.5, timeMs: 1000, id: 'e.1.1000.raised' } as const;
  const { attributes, data } = triggers.event(change);
  assert.deepEqual(
    [attributes.id, attributes.type, attributes.subject],
    ['e.1.1000.raised', 'tidegate.alarm.raised', 'a/b!m.high'],
  );
  const said = JSON.parse(Buffer.from(data).toString());
  assert.deepEqual(said, { series: 'a/b', kind: 'm.high', state: 'raised', value: 95.5, timeMs: 1000 });
});
