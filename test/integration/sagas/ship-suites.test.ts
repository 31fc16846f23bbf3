import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import type { SegmentTransport } from '../../../gateway/src/core/sync/ports.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { skipWithout } from '../../support/require.ts';
import { type SagaSubject, sagaCases } from '../../support/saga-suites.ts';
import { Sink } from './cloud.ts';
import { Shipper } from './shipper.ts';

/** Of one case: a kill at each transition takes some twenty worlds. */
const TIMEOUT_MS = 60_000;

describe('the shipment of a segment', { skip: skipWithout('nats-server') }, () => {
  let server: NatsServer;
  let sink: Sink;
  before(async () => {
    server = await NatsServer.start();
    sink = new Sink(server.url, join(server.folder.path, 'sink.db'));
  });
  after(async () => {
    await sink[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const subject: SagaSubject = {
    outline: outline(),
    async makeWorld() {
      const shipper = new Shipper(server.url);
      // The stream is there before the first look at it.
      await using first = await shipper.process();
      await first.transport.removeParts(identityOf(shipper), AbortSignal.timeout(10_000));
      return {
        saga: 'ship-live-1',
        journal: shipper.journal,
        start: () => shipper.process(),
        snapshot: () => seenFromOutside(shipper, sink),
        [Symbol.asyncDispose]: () => shipper[Symbol.asyncDispose](),
      };
    },
  };

  for (const { name, run } of sagaCases(subject)) test(name, { timeout: TIMEOUT_MS }, run);
});

/** Every point at the sink exactly once or not at all, the accounts, and what is left in the stream. */
async function seenFromOutside(shipper: Shipper, sink: Sink) {
  const atSink = sink.values(shipper.gateway);
  if (atSink.length > 0) assert.deepEqual(atSink, shipper.values);
  return {
    atSink: atSink.length,
    duplicates: sink.totals(shipper.gateway).duplicates,
    ledger: shipper.state.ledger(),
    segment: shipper.state.index.segment('live', 1)?.state,
    parts: await shipper.inStream('part'),
    commits: await shipper.inStream('commit'),
  };
}

function identityOf(shipper: Shipper) {
  return {
    gateway: shipper.gateway,
    epoch: shipper.state.store.epoch,
    lane: 'live',
    sequence: 1,
    generation: 1,
  } as const;
}

/** The definition on a transport that is never used: for the names of its steps. */
function outline() {
  const shipper = new Shipper('nats://127.0.0.1:1');
  const definition = shipper.definition({} as SegmentTransport);
  void shipper[Symbol.asyncDispose]();
  return definition;
}
