import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { describe } from 'node:test';
import { segmentFileName } from '../../../gateway/src/core/store/ports.ts';
import { eventually } from '../../support/eventually.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { skipWithout } from '../../support/require.ts';
import { Sink } from './cloud.ts';
import { Shipper } from './shipper.ts';

const WITHIN_MS = 6000;

/** What stands in the way of those tests; take it off together with the mending. */

function isAtReceipt(shipper: Shipper): boolean {
  const { state, step } = shipper.saga();
  return state === 'executing' && step === 3;
}

const ended = (shipper: Shipper) =>
  eventually('the saga to succeed', () => shipper.saga().state === 'succeeded', WITHIN_MS);

/** The segment is out and committed, and the gateway's process has ended before any word of the sink. */
async function shipWithoutReceipt(shipper: Shipper): Promise<void> {
  await using process = await shipper.process();
  await using _engine = await shipper.engine(process.definition);
  await eventually('the commit', () => isAtReceipt(shipper));
}

/** A sink has dealt with everything in the stream, and has ended. */
async function sinkOnce(
  server: NatsServer,
  shipper: Shipper,
  path: string,
  isDone: (sink: Sink) => boolean,
): Promise<void> {
  await using sink = new Sink(server.url, path);
  await eventually(`the sink to deal with ${shipper.gateway}`, () => isDone(sink));
}

function assertOnce(shipper: Shipper, sink: Sink, generation: number): void {
  assert.deepEqual(sink.values(shipper.gateway), shipper.values);
  assert.equal(sink.totals(shipper.gateway).duplicates, 0);
  assert.equal(shipper.saga().generation, generation);
  assert.equal(shipper.state.ledger().live.confirmed, shipper.values.length);
}

describe('a shipment in a world that loses things', { skip: skipWithout('nats-server'), timeout: 120_000 }, () => {
  test('a stream wiped while a receipt is awaited: the segment is sent anew and stored once', async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await eventually('the commit', () => isAtReceipt(shipper));
    await server.kill();
    server.wipe();
    await server.restart();
    await using sink = new Sink(server.url, join(server.folder.path, 'sink.db'));
    await ended(shipper);
    assertOnce(shipper, sink, 2);
  });

  test('a server killed and started again on its folder: nothing is sent anew', async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await eventually('the commit', () => isAtReceipt(shipper));
    await server.kill();
    await server.restart();
    await using sink = new Sink(server.url, join(server.folder.path, 'sink.db'));
    await ended(shipper);
    assertOnce(shipper, sink, 1);
  });

  test('a sink that runs through a kill of the server goes on by itself', async () => {
    await using server = await NatsServer.start();
    await using sink = new Sink(server.url, join(server.folder.path, 'sink.db'));
    for (let round = 0; round < 2; round++) {
      await using shipper = new Shipper(server.url);
      await using process = await shipper.process();
      await using _engine = await shipper.engine(process.definition);
      await ended(shipper);
      assertOnce(shipper, sink, 1);
      await server.kill();
      if (round === 0) server.wipe();
      await server.restart();
    }
  });

  test('a receipt sent while the gateway was away is asked for when it is back', async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    const path = join(server.folder.path, 'sink.db');
    await shipWithoutReceipt(shipper);
    await sinkOnce(server, shipper, path, (sink) => sink.totals(shipper.gateway).segments === 1);
    await using sink = new Sink(server.url, path);
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await ended(shipper);
    assertOnce(shipper, sink, 1);
    assert.equal(sink.totals(shipper.gateway).redeliveries, 0);
  });

  test('a sink whose database is gone before the receipt came gets the segment anew', async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    const path = join(server.folder.path, 'sink.db');
    await shipWithoutReceipt(shipper);
    await sinkOnce(server, shipper, path, (sink) => sink.totals(shipper.gateway).segments === 1);
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    await using sink = new Sink(server.url, path);
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await ended(shipper);
    assertOnce(shipper, sink, 2);
  });

  test('the word that parts are missing, lost on its way, leads to the segment sent anew all the same', {}, async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    const path = join(server.folder.path, 'sink.db');
    await shipWithoutReceipt(shipper);
    {
      await using process = await shipper.process();
      const { epoch } = shipper.state.store;
      const id = { gateway: shipper.gateway, epoch, lane: 'live', sequence: 1, generation: 1 } as const;
      await process.transport.removeParts(id, AbortSignal.timeout(5000));
    }
    await sinkOnce(server, shipper, path, (sink) => sink.receipts.some(({ status }) => status === 'missing'));
    await using sink = new Sink(server.url, path);
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await ended(shipper);
    assertOnce(shipper, sink, 2);
  });

  test('a file damaged before it was sent is put into quarantine, and nothing of it is sent', async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    damage(shipper);
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await eventually('the saga to end', () => shipper.saga().state === 'compensated');
    const { quarantined, queued } = shipper.state.ledger().live;
    assert.deepEqual([quarantined, queued, shipper.revive()], [700, 0, 0]);
    await process.transport.removeParts(
      { gateway: shipper.gateway, epoch: shipper.state.store.epoch, lane: 'live', sequence: 1, generation: 1 },
      AbortSignal.timeout(5000),
    );
    assert.equal(await shipper.inStream('commit'), 0);
  });

  test('a file damaged after it was checked is found by the sink, and put into quarantine', async () => {
    await using server = await NatsServer.start();
    await using sink = new Sink(server.url, join(server.folder.path, 'sink.db'));
    await using shipper = new Shipper(server.url);
    await using process = await shipper.process();
    const steps = process.definition.steps.map((step) =>
      step.name === 'seal'
        ? {
            ...step,
            action: async (context: Parameters<typeof step.action>[0]) => {
              const outcome = await step.action(context);
              damage(shipper);
              return outcome;
            },
          }
        : step,
    );
    await using _engine = await shipper.engine({ ...process.definition, steps });
    await eventually('the quarantine', () => shipper.state.ledger().live.quarantined === 700, WITHIN_MS);
    assert.equal(sink.totals(shipper.gateway).segments, 0);
  });

  test('a segment whose file is gone leaves the queue for good', async () => {
    await using server = await NatsServer.start();
    await using shipper = new Shipper(server.url);
    rmSync(join(shipper.state.paths.segments, segmentFileName('live', 1)));
    await using process = await shipper.process();
    await using _engine = await shipper.engine(process.definition);
    await eventually('the saga to end', () => shipper.saga().state === 'compensated');
    assert.equal(shipper.revive(), 0, 'it is not taken up again');
    assert.equal(shipper.state.ledger().live.quarantined, 700);
  });
});

/** Changes one octet in the middle of the segment's file. */
function damage(shipper: Shipper): void {
  const path = join(shipper.state.paths.segments, segmentFileName('live', 1));
  const octets = readFileSync(path);
  octets[Math.floor(octets.length / 2)]! ^= 0xff;
  writeFileSync(path, octets);
}
