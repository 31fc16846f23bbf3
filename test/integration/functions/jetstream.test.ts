/** Functions bound to a JetStream stream of a real nats-server: the stream is the queue. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { listDeadLetters } from '../../../gateway/src/adapters/sqlite/event-queue.ts';
import { decodeEvent } from '../../../gateway/src/core/model/event.ts';
import { eventually } from '../../support/eventually.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { skipWithout } from '../../support/require.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { FunctionsRig } from './functions-rig.ts';
import { installScripted } from './scripted-function.ts';

const skip = skipWithout('nats-server');
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
let modules: TemporaryFolder;

before(() => {
  modules = temporaryFolder();
  process.env.TIDEGATE_MODULES = modules.path;
  installScripted(modules.path);
});
after(() => modules[Symbol.dispose]());

const configFor = (server: NatsServer, lines = '', retry = '50ms') => `[sync]
servers = ["${server.url}"]
[[function]]
name = "f"
module = "scripted"
retry_first = "${retry}"
retry_max = "${retry}"
${lines}
[[function.trigger]]
type = "jetstream"
stream = "ORDERS"
subject = "orders.>"
`;

async function withStream(server: NatsServer): Promise<NatsConnection> {
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'ORDERS', subjects: ['orders.>', 'other.>'] });
  return connection;
}

async function pending(connection: NatsConnection): Promise<number> {
  const manager = await jetstreamManager(connection);
  for await (const { num_pending, num_ack_pending } of manager.consumers.list('ORDERS'))
    return num_pending + num_ack_pending;
  return -1;
}

test('messages of the subject call the function in order, and are acknowledged when it succeeds', {
  skip,
}, async () => {
  await using server = await NatsServer.start();
  const connection = await withStream(server);
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, configFor(server));
  const stream = jetstream(connection);
  await stream.publish('other.1', 'not ours');
  for (let n = 0; n < 20; n++) await stream.publish(`orders.${n}`, `order ${n}`);
  await eventually('all messages', () => rig.did('f').length === 20);
  assert.deepEqual(
    rig.did('f'),
    Array.from({ length: 20 }, (_, n) => `order ${n}`),
  );
  await eventually('the acknowledgements', async () => (await pending(connection)) === 0);
  await connection.close();
});

test('what was sent while the gateway was away, and what it did not finish, comes after its restart', {
  skip,
}, async () => {
  await using server = await NatsServer.start();
  const connection = await withStream(server);
  const stream = jetstream(connection);
  using folder = temporaryFolder();
  {
    await using rig = await FunctionsRig.start(folder.path, configFor(server, 'attempts = 100', '2s'));
    await stream.publish('orders.1', 'done before');
    await eventually('the first message', () => rig.did('f').length === 1);
    await stream.publish('orders.2', 'twice, then done');
    await rig.untilStatus('f', 'a failure', ({ retries }) => retries >= 1);
  }
  await stream.publish('orders.3', 'sent meanwhile');
  await using rig = await FunctionsRig.start(folder.path, configFor(server, 'attempts = 100'));
  await eventually('both messages', () => rig.did('f').length >= 2);
  assert.deepEqual(rig.did('f').toSorted(), ['sent meanwhile', 'twice, then done']);
  await eventually('the acknowledgements', async () => (await pending(connection)) === 0);
  await connection.close();
});

test('a message that fails every time goes to the dead letters and out of the stream; retried there, it runs from the queue', {
  skip,
}, async () => {
  await using server = await NatsServer.start();
  const connection = await withStream(server);
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, configFor(server, 'attempts = 3'));
  const traced = headers();
  traced.set('traceparent', TRACE);
  await jetstream(connection).publish('orders.bad', 'trap', { headers: traced });
  await jetstream(connection).publish('orders.good', 'good');
  const status = await rig.untilStatus('f', 'a dead letter', ({ dead }) => dead === 1);
  assert.deepEqual([status.retries, status.deadLettered], [2, 1]);
  await eventually('the good one', () => rig.did('f').includes('good'));
  await eventually('nothing left', async () => (await pending(connection)) === 0);
  const [letter] = listDeadLetters(rig.database, 'f', 10);
  const { attributes, data } = decodeEvent(letter!.event);
  assert.deepEqual(
    [attributes.subject, attributes.traceparent, Buffer.from(data).toString()],
    ['orders.bad', TRACE, 'trap'],
  );
  assert.equal(letter!.attempts, 3);
  await rig.store.retryDeadLetter(letter!.id);
  await rig.untilStatus('f', 'the queue to have tried it', ({ deadLettered }) => deadLettered === 2);
  await connection.close();
});

test('a stream that is not there is waited for, and a server that restarts is followed', { skip }, async () => {
  await using server = await NatsServer.start();
  using folder = temporaryFolder();
  await using rig = await FunctionsRig.start(folder.path, configFor(server));
  await eventually('a word about it', () => rig.log.some((line) => line.includes('ORDERS')));
  const connection = await withStream(server);
  await jetstream(connection).publish('orders.1', 'first');
  await eventually('the first message', () => rig.did('f').includes('first'));
  await eventually('its acknowledgement', async () => (await pending(connection)) === 0);
  await connection.close();
  // Not killed: the acknowledgement might be lost, and the message would keep its place of `concurrency` until it comes again after 30 s.
  await server.shutDown();
  await server.restart();
  const again = await connect({ servers: server.url });
  await jetstream(again).publish('orders.2', 'second');
  await eventually('the second message', () => rig.did('f').includes('second'), 20_000);
  await again.close();
});
