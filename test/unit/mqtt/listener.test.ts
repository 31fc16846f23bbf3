/** Several connections of one listener: takeover, wills, limits, time-outs, clients that do not read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { startListener } from './listener-harness.ts';
import { RawClient } from './raw-client.ts';

test('a newer connection of the same client takes over; the will of the older one is published', async () => {
  await using running = await startListener();
  using watcher = await RawClient.connect(running.port, 'watcher');
  await watcher.subscribe('wills/#', 0);
  const will = { topic: 'wills/c', payload: Buffer.from('taken over'), qos: 0 as const, retain: false };
  using older = await RawClient.connect(running.port, 'c', { will });
  using newer = await RawClient.connect(running.port, 'c');
  await older.closed();
  await newer.ping();
  assert.equal(String((await watcher.next('publish')).payload), 'taken over');
  assert.equal(running.listener.connections, 2);
});

test('a will is published when a connection breaks, and not after DISCONNECT', async () => {
  await using running = await startListener();
  using watcher = await RawClient.connect(running.port, 'watcher');
  await watcher.subscribe('wills/#', 0);
  const willOf = (name: string) => ({
    topic: `wills/${name}`,
    payload: Buffer.from(name),
    qos: 0 as const,
    retain: false,
  });
  const polite = await RawClient.connect(running.port, 'polite', { will: willOf('polite') });
  polite.send({ cmd: 'disconnect' });
  await polite.closed();
  const rude = await RawClient.connect(running.port, 'rude', { will: willOf('rude') });
  rude.socket.destroy();
  assert.equal(String((await watcher.next('publish')).payload), 'rude');
  assert.ok(
    running.intake.taken.some(({ topic }) => topic === 'wills/rude'),
    'a will is a message like any other: it is stored',
  );
});

test('a connection beyond the bound is refused, and one that ends makes room', async () => {
  await using running = await startListener({ connectionsMax: 2 });
  using _first = await RawClient.connect(running.port, 'a');
  const second = await RawClient.connect(running.port, 'b');
  using third = await RawClient.open(running.port);
  await third.closed();
  assert.deepEqual(running.refusals, [{ client: '', reason: 'more than 2 connections' }]);
  second.send({ cmd: 'disconnect' });
  await eventually('room', () => running.listener.connections === 1);
  using _fourth = await RawClient.connect(running.port, 'd');
});

test('a client that is silent beyond one and a half of its keep-alive is closed, one that pings is not', async () => {
  await using running = await startListener();
  using silent = await RawClient.connect(running.port, 'silent', { keepalive: 1 });
  using lively = await RawClient.connect(running.port, 'lively', { keepalive: 1 });
  const pings = setInterval(() => lively.send({ cmd: 'pingreq' }), 300);
  await silent.closed();
  clearInterval(pings);
  assert.equal(lively.isClosed, false);
  assert.match(running.notices.join(), /silent: silent beyond its keep-alive/);
});

test('a connection that says nothing, or spells its CONNECT out too slowly, is closed', async () => {
  await using running = await startListener({ connectTimeoutMs: 200 });
  using mute = await RawClient.open(running.port);
  using slow = await RawClient.open(running.port);
  const drip = setInterval(() => slow.send(Buffer.from([0x10])), 50);
  slow.send(Buffer.from([0x10, 0x7f]));
  await mute.closed();
  await slow.closed();
  clearInterval(drip);
});

test('a client identifier may be left out of a clean session only', async () => {
  await using running = await startListener();
  using _clean = await RawClient.connect(running.port, '', { clean: true });
  using kept = await RawClient.open(running.port);
  kept.send({ cmd: 'connect', clientId: 'x', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0 });
  await kept.next('connack');
  using refused = await RawClient.open(running.port);
  refused.send(Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 0, 0, 0]));
  assert.equal((await refused.next('connack')).returnCode, 2);
  assert.match(running.refusals.map(({ reason }) => reason).join(), /refused: a session to be kept/);
});

test('a client of MQTT 5 is told that its protocol is not spoken', async () => {
  await using running = await startListener();
  using client = await RawClient.open(running.port);
  client.send({ cmd: 'connect', clientId: 'five', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 0 });
  assert.equal((await client.next('connack')).returnCode, 1);
  await client.closed();
});

test('a client that never reads its answers is not read for ever: what waits for it is bounded', async () => {
  await using running = await startListener();
  using client = await RawClient.connect(running.port, 'greedy');
  client.socket.removeAllListeners('data').pause(); // millions of answers: nobody looks at them
  const pings = Buffer.alloc(1 << 20, Buffer.from([0xc0, 0]));
  let sent = 0;
  let isTaking = true;
  const push = () => {
    sent += pings.length;
    isTaking = client.socket.write(pings, () => (isTaking = true));
  };
  // Every ping has an answer of its own size. The system's buffers hold some megabytes; then nothing more is taken.
  for (let looks = 0; looks < 300 && sent < 200 << 20; looks++) {
    if (isTaking) push();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually('the listener to stop reading', () => !isTaking);
  assert.ok(sent < 60 << 20, `${sent} octets of pings were taken`);
  client.socket.resume();
  await eventually('it to be read again', () => isTaking);
});

test('a subscriber that never reads does not keep the listener from stopping', async () => {
  const running = await startListener();
  using reader = await RawClient.connect(running.port, 'reader');
  await reader.subscribe('t', 0);
  reader.socket.pause();
  using writer = await RawClient.connect(running.port, 'writer');
  for (let i = 0; i < 2000; i++) writer.publish('t', 'x'.repeat(8000), 0);
  await writer.ping();
  running.listener.stopReading();
  const start = performance.now();
  await running[Symbol.asyncDispose]();
  assert.ok(performance.now() - start < 4000);
});

test('what was taken is still acknowledged after reading has stopped', async () => {
  const running = await startListener();
  using client = await RawClient.connect(running.port, 'c');
  client.publish('t', 'a', 1, 3);
  await client.ping();
  running.listener.stopReading();
  client.publish('t', 'late', 1, 4);
  running.intake.commit();
  assert.equal((await client.next('puback')).messageId, 3);
  await running[Symbol.asyncDispose]();
  await client.closed();
  assert.equal(client.unread, 0, 'what came too late is not acknowledged');
});
