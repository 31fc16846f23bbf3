/**
 * Garbage against a real listener over a real pipeline, seeded: whatever comes in, nothing throws, other clients are served, and memory
 * stays within bounds. SEED=n repeats a run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { startIngest } from '../../unit/ingest/ingest-harness.ts';
import { startListener } from '../../unit/mqtt/listener-harness.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const CONNECTIONS = 600;
const FRAMES_A_CONNECTION = 10;

const SEEDS: readonly Packet[] = [
  {
    cmd: 'publish',
    topic: 'sensors/a/b',
    payload: '{"value":1.5,"time":1700000000}',
    qos: 1,
    messageId: 3,
    retain: false,
    dup: false,
  },
  {
    cmd: 'publish',
    topic: 'sensors/a',
    payload: '{"x":1,"y":[2,{"z":null}],"s":"\\u00e9"}',
    qos: 0,
    retain: true,
    dup: false,
  },
  { cmd: 'publish', topic: 'sensors/a/b', payload: '[1,2,3]', qos: 2, messageId: 4, retain: false, dup: true },
  { cmd: 'pubrel', messageId: 4 },
  { cmd: 'puback', messageId: 1 },
  { cmd: 'pubrec', messageId: 1 },
  { cmd: 'pubcomp', messageId: 1 },
  {
    cmd: 'subscribe',
    messageId: 5,
    subscriptions: [
      { topic: 'sensors/#', qos: 2 },
      { topic: '+/+', qos: 1 },
    ],
  },
  { cmd: 'unsubscribe', messageId: 6, unsubscriptions: ['sensors/#'] },
  { cmd: 'pingreq' },
];

const CONNECT: Packet = {
  cmd: 'connect',
  clientId: 'fuzz',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: false,
  keepalive: 10,
};

/** A frame as it is, with octets changed, cut short, doubled in the middle, or nothing but noise. */
function anyFrame(random: Random): Buffer {
  const frame = Buffer.from(mqttPacket.generate(SEEDS[random.below(SEEDS.length)]!));
  switch (random.below(6)) {
    case 0:
      return frame;
    case 1:
      return frame.subarray(0, random.below(frame.length));
    case 2:
      return Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
    case 3: {
      const at = random.below(frame.length);
      return Buffer.concat([frame.subarray(0, at), frame.subarray(random.below(at + 1))]);
    }
    default:
      for (let change = 0; change <= random.below(4); change++) frame[random.below(frame.length)] = random.below(256);
      return frame;
  }
}

async function attack(port: number, random: Random): Promise<void> {
  using client = await RawClient.open(port);
  client.socket.removeAllListeners('data').resume();
  // Most attackers say a right CONNECT first, some a broken one.
  const connect = Buffer.from(mqttPacket.generate(CONNECT));
  if (random.below(4) === 0) connect[random.below(connect.length)] = random.below(256);
  const frames = Array.from({ length: FRAMES_A_CONNECTION }, () => anyFrame(random));
  const all = Buffer.concat(random.below(20) === 0 ? frames : [connect, ...frames]);
  for (let at = 0; at < all.length && !client.isClosed; ) {
    const piece = all.subarray(at, at + 1 + random.below(all.length));
    at += piece.length;
    await new Promise((resolve) => client.socket.write(piece, resolve));
  }
}

test(`thousands of mutated packets leave the listener, its other clients and its memory alone, seed ${SEED}`, {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(SEED);
  const ingest = startIngest();
  await using running = await startListener({ connectionsMax: 50 }, ingest.pipeline);
  using good = await RawClient.connect(running.port, 'good');
  await good.subscribe('quiet/#', 0);
  let heapAfterWarmUp = 0;
  for (let i = 0; i < CONNECTIONS; i++) {
    await attack(running.port, random);
    if (i % 50 !== 49) continue;
    good.publish('sensors/good/value', String(i), 1, 1);
    const answer = await good.next('puback');
    assert.equal(answer.messageId, 1, `after ${i} attackers`);
    if (i === 99) heapAfterWarmUp = process.memoryUsage().heapUsed;
  }
  const grownMiB = (process.memoryUsage().heapUsed - heapAfterWarmUp) / 2 ** 20;
  assert.ok(grownMiB < 100, `the heap grew by ${grownMiB} MiB`);
  const goodReadings = ingest.points.filter(({ name }) => name === 'good/value');
  assert.equal(goodReadings.length, CONNECTIONS / 50, 'every good reading is in a batch');
  assert.equal(ingest.received, ingest.points.length + ingest.rejectedCount, 'received = points + rejected');
});
