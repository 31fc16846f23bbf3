import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqttPacket, { type IConnectPacket } from 'mqtt-packet';
import {
  PacketReader,
  ProtocolViolation,
  readConnect,
  readPacketId,
  readSubscribe,
  readUnsubscribe,
} from '../../../gateway/src/adapters/mqtt/packet-reader.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';

const SEED = Number(process.env.SEED ?? 311);

/** The variable header and payload of a frame shorter than 16 KiB. */
function reader(frame: Buffer): PacketReader {
  return new PacketReader(frame, frame[1]! < 128 ? 2 : 3, frame.length);
}

function connectFrame(fields: Partial<IConnectPacket>): Buffer {
  const packet = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId: 'c',
    keepalive: 7,
    ...fields,
  };
  return mqttPacket.generate(packet as IConnectPacket);
}

test('every field of a CONNECT made by mqtt-packet is read', () => {
  const will = { topic: 'last/words', payload: Buffer.from([0, 1, 255]), qos: 2 as const, retain: true };
  const packet = readConnect(
    reader(connectFrame({ clean: false, clientId: 'ünïcode', username: 'u', password: Buffer.from('p'), will })),
  );
  assert.deepEqual(packet, {
    protocolLevel: 4,
    clientId: 'ünïcode',
    cleanSession: false,
    keepAliveSeconds: 7,
    will,
    username: 'u',
    password: Buffer.from('p'),
  });
});

test('a CONNECT of MQTT 3.1 is read, one of MQTT 5 is left to be refused', () => {
  assert.equal(readConnect(reader(connectFrame({ protocolId: 'MQIsdp', protocolVersion: 3 }))).protocolLevel, 3);
  assert.equal(readConnect(reader(connectFrame({ protocolVersion: 5 }))).protocolLevel, 5);
});

const text = (value: string) => [value.length >> 8, value.length & 255, ...Buffer.from(value, 'latin1')];

/** A CONNECT by hand: protocol name, level, flags, and what follows keep-alive. */
function handmade(name: string, level: number, flags: number, ...rest: number[]): PacketReader {
  const octets = Buffer.from([...text(name), level, flags, 0, 10, ...rest]);
  return new PacketReader(octets, 0, octets.length);
}

const WRONG: Record<string, () => PacketReader> = {
  'another protocol': () => handmade('HTTP', 4, 2, ...text('c')),
  'the reserved flag': () => handmade('MQTT', 4, 3, ...text('c')),
  'will flags without a will': () => handmade('MQTT', 4, 0x22, ...text('c')),
  'a will at QoS 3': () => handmade('MQTT', 4, 0x1e, ...text('c'), ...text('t'), ...text('p')),
  'a password without a name': () => handmade('MQTT', 4, 0x42, ...text('c'), ...text('p')),
  'a missing client identifier': () => handmade('MQTT', 4, 2),
  'a text that ends beyond the packet': () => handmade('MQTT', 4, 2, 0, 9, 65),
  'malformed UTF-8': () => handmade('MQTT', 4, 2, ...text('\xff\xfe')),
  'a surrogate in UTF-8': () => handmade('MQTT', 4, 2, ...text('\xed\xa0\x80')),
  'U+0000': () => handmade('MQTT', 4, 2, ...text('a\0b')),
};

for (const [what, make] of Object.entries(WRONG)) {
  test(`a CONNECT with ${what} is a violation`, () => assert.throws(() => readConnect(make()), ProtocolViolation));
}

test('U+FFFD sent as such is text like any other', () => {
  assert.equal(readConnect(reader(connectFrame({ clientId: 'a\ufffdb' }))).clientId, 'a\ufffdb');
});

test('SUBSCRIBE and UNSUBSCRIBE are read, and refused when they ask for nothing or for QoS 3', () => {
  const subscriptions = [
    { topic: 'a/#', qos: 1 as const },
    { topic: '+', qos: 0 as const },
  ];
  const subscribe = readSubscribe(reader(mqttPacket.generate({ cmd: 'subscribe', messageId: 513, subscriptions })));
  assert.deepEqual(subscribe, {
    packetId: 513,
    requests: [
      { filter: 'a/#', qos: 1 },
      { filter: '+', qos: 0 },
    ],
  });
  const unsubscribe = readUnsubscribe(
    reader(mqttPacket.generate({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a', 'b'] })),
  );
  assert.deepEqual(unsubscribe, { packetId: 2, filters: ['a', 'b'] });
  const of = (...octets: number[]) => new PacketReader(Buffer.from(octets), 0, octets.length);
  assert.throws(() => readSubscribe(of(0, 1)), ProtocolViolation);
  assert.throws(() => readUnsubscribe(of(0, 1)), ProtocolViolation);
  assert.throws(() => readSubscribe(of(0, 1, ...text('a'), 3)), ProtocolViolation);
  assert.throws(() => readPacketId(of(0, 0)), ProtocolViolation);
  assert.throws(() => readPacketId(of(1)), ProtocolViolation);
});

test(`mutated packets are read or are violations, never anything else, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  const will = { topic: 't', payload: Buffer.from('x'), qos: 1 as const, retain: false };
  const frames = [
    connectFrame({ username: 'user', password: Buffer.from('secret'), will }),
    mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a/b', qos: 2 }] }),
  ];
  for (let step = 0; step < 20_000; step++) {
    const frame = Buffer.from(frames[step % 2]!).subarray(0, 2 + random.below(60));
    for (let change = 0; change <= random.below(3); change++) frame[random.below(frame.length)] = random.below(256);
    const at = new PacketReader(frame, 2, frame.length);
    try {
      if (step % 2 === 0) readConnect(at);
      else readSubscribe(at);
    } catch (error) {
      assert.ok(error instanceof ProtocolViolation, `seed ${SEED}, step ${step}: ${error}`);
    }
    assert.ok(at.at <= frame.length);
  }
});
