/** One connection at a time against a listener over a fake pipeline: what is acknowledged when, and what happens at every bound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { startListener } from './listener-harness.ts';
import { RawClient } from './raw-client.ts';

test('PUBACK and PUBREC come after the commit, not before', async () => {
  await using running = await startListener();
  using client = await RawClient.connect(running.port, 'c');
  client.publish('t', 'one', 1, 11);
  client.publish('t', 'two', 2, 12);
  await client.ping();
  assert.deepEqual(
    running.intake.taken.map(({ payload }) => payload),
    ['one', 'two'],
  );
  assert.equal(client.unread, 0);
  running.intake.commit();
  assert.equal((await client.next('puback')).messageId, 11);
  assert.equal((await client.next('pubrec')).messageId, 12);
  client.send({ cmd: 'pubrel', messageId: 12 });
  assert.equal((await client.next('pubcomp')).messageId, 12);
});

test('a QoS 2 publish sent again is taken once, and its identifier may be used again after PUBREL', async () => {
  await using running = await startListener();
  using client = await RawClient.connect(running.port, 'c');
  client.publish('t', 'a', 2, 5);
  client.publish('t', 'a', 2, 5, { dup: true });
  await client.ping();
  running.intake.commit();
  await client.next('pubrec');
  client.publish('t', 'a', 2, 5, { dup: true });
  await client.next('pubrec');
  client.send({ cmd: 'pubrel', messageId: 5 });
  await client.next('pubcomp');
  client.publish('t', 'b', 2, 5);
  await client.ping();
  assert.deepEqual(
    running.intake.taken.map(({ payload }) => payload),
    ['a', 'b'],
  );
});

test('a QoS 2 publish whose connection broke before the commit is answered on the next one, and taken once', async () => {
  await using running = await startListener();
  const first = await RawClient.connect(running.port, 'c', { clean: false });
  first.publish('t', 'a', 2, 5);
  await first.ping();
  first.socket.destroy();
  await eventually('the connection to be gone', () => running.listener.connections === 0);
  using second = await RawClient.connect(running.port, 'c', { clean: false });
  second.publish('t', 'a', 2, 5, { dup: true });
  await second.ping();
  running.intake.commit();
  assert.equal((await second.next('pubrec')).messageId, 5);
  assert.equal(running.intake.taken.length, 1);
});

test('a full pipeline pauses the connection and loses nothing; waiting is announced once, whatever is acknowledged meanwhile', async () => {
  await using running = await startListener();
  const { intake } = running;
  using client = await RawClient.connect(running.port, 'c');
  for (let id = 1; id <= 10; id++) client.publish('t', `${id}`, 1, id);
  await client.ping();
  intake.hasRoom = false;
  for (let id = 11; id <= 20; id++) client.publish('t', `${id}`, 1, id);
  await eventually('the connection to wait', () => intake.callbacksWaiting > 0);
  for (let i = 0; i < 5; i++) {
    intake.commit(1);
    assert.equal(intake.callbacksWaiting, 1, 'one connection waits with one callback');
  }
  intake.hasRoom = true;
  intake.commit();
  await eventually('the rest to be taken', () => intake.taken.length === 20);
  intake.commit();
  for (let id = 1; id <= 20; id++) assert.equal((await client.next('puback')).messageId, id);
});

test('publishes under way are bounded: the connection is not read beyond, and goes on after the commit', async () => {
  await using running = await startListener({ inFlightMax: 3 });
  using client = await RawClient.connect(running.port, 'c');
  for (let id = 1; id <= 10; id++) client.publish('t', `${id}`, 1, id);
  await eventually('three messages', () => running.intake.taken.length === 3);
  for (const count of [6, 9, 10]) {
    running.intake.commit();
    await eventually(`${count} messages`, () => running.intake.taken.length === count);
  }
});

for (const qos of [0, 1, 2] as const) {
  test(`an oversized packet at QoS ${qos} is quarantined with its first octets, and the next message is served`, async () => {
    await using running = await startListener();
    running.intake.commitsAtOnce = true;
    using client = await RawClient.connect(running.port, 'c');
    client.publish('big', `head${'x'.repeat(200_000)}`, qos, 1);
    client.publish('small', 'ok', 1, 2);
    if (qos === 1) assert.equal((await client.next('puback')).messageId, 1);
    if (qos === 2) assert.equal((await client.next('pubrec')).messageId, 1);
    assert.equal((await client.next('puback')).messageId, 2);
    const [big, small] = running.intake.taken;
    assert.equal(big?.rejected, 'oversized');
    assert.equal(big?.payload, `head${'x'.repeat(60)}`);
    assert.equal(small?.payload, 'ok');
  });
}

test('an oversized packet with less payload than a sample does not hold up the connection', async () => {
  await using running = await startListener({ packetBytesMax: 1024, sampleBytes: 65_536 });
  running.intake.commitsAtOnce = true;
  using client = await RawClient.connect(running.port, 'c');
  client.publish('t'.repeat(1000), 'short', 1, 1);
  await client.next('puback');
  client.publish('t', 'x'.repeat(2000), 1, 2);
  await client.next('puback');
  assert.deepEqual(
    running.intake.taken.map(({ rejected, payload }) => [rejected, payload.length]),
    [
      [null, 5],
      ['oversized', 2000],
    ],
  );
});

/** Frames that break the protocol on an open connection, each on its own. */
const VIOLATIONS: Record<string, number[]> = {
  'a second CONNECT': [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x63],
  'a publish with a wildcard': [0x30, 4, 0, 1, 0x23, 0x31],
  'a publish with an empty topic': [0x30, 3, 0, 0, 0x31],
  'a publish at QoS 3': [0x36, 6, 0, 1, 0x74, 0, 1, 0x31],
  'a publish without room for its topic': [0x30, 3, 0, 9, 0x74],
  'a publish of no octets at all': [0x30, 0],
  'packet identifier 0': [0x32, 6, 0, 1, 0x74, 0, 0, 0x31],
  'a packet of type 0': [0x00, 0],
  'a packet of type 15': [0xf0, 0],
  'a CONNACK from a client': [0x20, 2, 0, 0],
  'PUBREL with wrong flags': [0x60, 2, 0, 1],
  'SUBSCRIBE with wrong flags': [0x80, 6, 0, 1, 0, 1, 0x74, 0],
  'SUBSCRIBE to a malformed filter': [0x82, 7, 0, 1, 0, 2, 0x23, 0x74, 0],
  'SUBSCRIBE that ends early': [0x82, 2, 0, 1],
  'a length of five octets': [0x30, 0x80, 0x80, 0x80, 0x80, 1],
  'an oversized control packet': [0x82, 0xff, 0xff, 0x7f, 0, 1],
  'an oversized publish at QoS 3': [0x36, 0x80, 0x80, 0x04, 0, 1, 0x74, 0, 1, ...new Array<number>(100).fill(0)],
  'an oversized publish with a wildcard': [0x30, 0x80, 0x80, 0x04, 0, 1, 0x23, ...new Array<number>(100).fill(0)],
  'an oversized publish with packet identifier 0': [
    0x32,
    0x80,
    0x80,
    0x04,
    0,
    1,
    0x74,
    0,
    0,
    ...new Array<number>(100).fill(0),
  ],
};

for (const [what, octets] of Object.entries(VIOLATIONS)) {
  test(`${what} closes the connection and no other`, async () => {
    await using running = await startListener();
    using other = await RawClient.connect(running.port, 'other');
    using client = await RawClient.connect(running.port, 'c');
    client.send(Buffer.from(octets));
    await client.closed();
    assert.equal(running.intake.taken.length, 0);
    await other.ping();
    assert.match(running.notices.join(), /c: protocol violation/);
  });
}

/** Frames that come first and are no CONNECT, or a broken one. */
const BROKEN_FIRST: Record<string, number[]> = {
  'an empty CONNECT': [0x10, 0],
  'a CONNECT with an empty protocol name': [0x10, 2, 0, 0],
  'a CONNECT of another protocol': [0x10, 6, 0, 4, 0x48, 0x54, 0x54, 0x50],
  'a CONNECT with wrong flags': [0x1f, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x63],
  'a CONNECT with a wildcard in the topic of its will': [
    0x10, 18, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 6, 0, 0, 0, 1, 0x63, 0, 1, 0x23, 0, 0,
  ],
  'a publish before CONNECT': [0x30, 4, 0, 1, 0x74, 0x31],
  'a ping before CONNECT': [0xc0, 0],
  'an HTTP request': [...Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
};

for (const [what, octets] of Object.entries(BROKEN_FIRST)) {
  test(`${what} closes the connection and no other`, async () => {
    await using running = await startListener();
    using other = await RawClient.connect(running.port, 'other');
    using client = await RawClient.open(running.port);
    client.send(Buffer.from(octets));
    await client.closed();
    await other.ping();
  });
}

test('packets that come in the same octets as CONNECT are served after it', async () => {
  await using running = await startListener();
  running.intake.commitsAtOnce = true;
  using client = await RawClient.open(running.port);
  const connect = [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x63];
  client.send(Buffer.from([...connect, 0x32, 6, 0, 1, 0x74, 0, 7, 0x31, 0xc0, 0]));
  await client.next('connack');
  await client.next('pingresp');
  assert.equal((await client.next('puback')).messageId, 7);
});
