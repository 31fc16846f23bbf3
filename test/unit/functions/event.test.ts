import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import {
  checkEvent,
  decodeEvent,
  EVENT_LIMITS,
  encodeEvent,
  makeEvent,
} from '../../../gateway/src/core/model/event.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const SAMPLE = makeEvent({
  id: 'a-1',
  source: '/gateways/g/mqtt',
  type: 'tidegate.mqtt.message',
  timeMs: Date.UTC(2026, 0, 1),
  data: Buffer.from('{"temperature": 21.5}'),
  more: { subject: 'sensors/øven', traceparent: TRACE, datacontenttype: undefined },
});

test('an event comes back from its octets as it went in', () => {
  const back = checkEvent(decodeEvent(encodeEvent(SAMPLE)));
  assert.deepEqual(back.attributes, SAMPLE.attributes);
  assert.equal(back.attributes.time, '2026-01-01T00:00:00.000Z');
  assert.deepEqual(Buffer.from(back.data), Buffer.from(SAMPLE.data));
});

test('the octets are those that the ABI page describes', () => {
  const octets = encodeEvent({ attributes: { id: 'x' }, data: Buffer.from('hi') });
  const expected = [1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0, 0x69, 0x64, 0x78, 0, 0x68, 0x69];
  assert.deepEqual([...octets], expected);
});

test('a trace context is passed on when it is one, and left out when it is not', () => {
  assert.equal(SAMPLE.attributes.traceparent, TRACE);
  const more = { traceparent: 'not a trace' };
  const event = makeEvent({ id: 'a', source: 's', type: 't', timeMs: 0, data: new Uint8Array(), more });
  assert.equal(event.attributes.traceparent, undefined);
});

test('an event without id, source or type is refused, and so is another version of CloudEvents', () => {
  const { id: _, ...without } = SAMPLE.attributes;
  assert.throws(() => checkEvent({ attributes: without, data: SAMPLE.data }), /id, source and type expected/);
  const other = { ...SAMPLE.attributes, specversion: '0.3' };
  assert.throws(() => checkEvent({ attributes: other, data: SAMPLE.data }), /specversion 1.0 expected, 0.3 found/);
});

test('bounds are kept when writing', () => {
  const data = new Uint8Array(EVENT_LIMITS.dataBytes + 1);
  assert.throws(() => encodeEvent({ attributes: {}, data }), /octets of data: at most/);
  const long = 'x'.repeat(EVENT_LIMITS.valueBytes + 1);
  assert.throws(() => encodeEvent({ attributes: { subject: long }, data: new Uint8Array() }), /subject: at most/);
});

test('damaged octets are refused by name and never read beyond their end', () => {
  const whole = encodeEvent(SAMPLE);
  const random = seededRandom(7);
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => decodeEvent(whole.subarray(0, length)), GatewayError);
  for (let round = 0; round < 20_000; round++) {
    const octets = whole.slice();
    for (let n = 1 + random.below(4); n > 0; n--) octets[random.below(octets.length)] = random.below(256);
    try {
      const { data } = decodeEvent(octets);
      assert.ok(data.byteOffset + data.length <= octets.byteOffset + octets.length);
    } catch (error) {
      assert.ok(error instanceof GatewayError, String(error));
    }
  }
});
