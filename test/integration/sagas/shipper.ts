import { jetstreamManager } from '@nats-io/jetstream';
import { NatsLink } from '../../../gateway/src/adapters/nats/link.ts';
import { NatsSegmentTransport } from '../../../gateway/src/adapters/nats/segment-transport.ts';
import { reviveShipments } from '../../../gateway/src/adapters/sqlite/shipments.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { millis } from '../../../gateway/src/base/units.ts';
import type { SagaDefinition, SagaJournal } from '../../../gateway/src/core/model/saga.ts';
import { SagaEngine } from '../../../gateway/src/core/sagas/engine.ts';
import type { SegmentTransport } from '../../../gateway/src/core/sync/ports.ts';
import { shipSegment } from '../../../gateway/src/core/sync/ship-segment.ts';
import { segmentOutbox } from '../../../gateway/src/main/segment-outbox.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource, valuesOf } from '../store/contributions.ts';
import { OpenState } from '../store/open-state.ts';
import { natsSettings, STREAM, STREAM_BYTES_MAX } from './cloud.ts';

/** So small that a segment has several parts. */
const PART_BYTES = 512;

let shippers = 0;

/** A gateway's store with one sealed segment, and what it takes to ship it, wired as the gateway wires it. */
export class Shipper implements AsyncDisposable {
  readonly gateway = `gw-${++shippers}`;
  readonly state: OpenState;
  readonly values: number[];
  readonly problems: unknown[] = [];
  readonly journal: SagaJournal;
  readonly #folder: TemporaryFolder = temporaryFolder();
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    this.state = new OpenState(this.#folder.path);
    const { sagas, store } = this.state;
    // The same points in each world, so that worlds can be compared; gateways have names of their own.
    const contribution = new ContributionSource(1).make('live', 700);
    store.commit([contribution]);
    this.state.sealAll();
    this.values = valuesOf([contribution]);
    this.journal = {
      record: async (change) => sagas.record(change),
      active: async () => sagas.active(),
      pending: async (definition, perPriority) => sagas.pending(definition, perPriority),
      find: async (id) => sagas.find(id),
    };
  }

  /** One process's side of the shipping; the link is up when it resolves. */
  async process(receiptTimeoutMs = 300) {
    const link = new NatsLink(natsSettings([this.#url]), `test ${this.gateway}`, systemClock, seededRandom(1));
    const transport = new NatsSegmentTransport(
      link,
      { gateway: this.gateway, stream: STREAM, streamCreate: true, streamBytesMax: STREAM_BYTES_MAX, receiptTimeoutMs },
      systemClock,
      (error) => this.problems.push(error),
    );
    link.start();
    await link.whenUp(AbortSignal.timeout(10_000));
    return {
      link,
      transport,
      definition: this.definition(transport),
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
    };
  }

  definition(transport: SegmentTransport): SagaDefinition {
    const { store, index, paths } = this.state;
    const outbox = segmentOutbox(
      {
        segment: async (lane, sequence) => index.segment(lane, sequence),
        moveSegment: async (lane, sequence, to) => store.moveSegment(lane, sequence, to),
      },
      paths,
    );
    const settings = { gateway: this.gateway, epoch: store.epoch, partBytes: PART_BYTES, window: 4 };
    return shipSegment({ outbox, transport }, settings) as SagaDefinition;
  }

  /** An engine on one process's definition, started. */
  async engine(definition: SagaDefinition): Promise<SagaEngine & AsyncDisposable> {
    const engine = new SagaEngine([definition], {
      ...{ journal: this.journal, clock: systemClock, random: seededRandom(1) },
      onError: (error) => this.problems.push(error),
    });
    await engine.start();
    return Object.assign(engine, { [Symbol.asyncDispose]: () => engine.stop(millis(0)) });
  }

  saga(id = 'ship-live-1') {
    const row = this.state.sagas.find(id);
    if (row === undefined) throw new Error(`no saga ${id}`);
    return row;
  }

  /** As the gateway does every minute. */
  revive(): number {
    return reviveShipments(this.state.database, this.state.sagas, Date.now());
  }

  /** How many messages of this gateway the stream holds. */
  async inStream(kind: 'part' | 'commit'): Promise<number> {
    await using running = await this.process();
    const manager = await jetstreamManager(await running.link.whenUp(AbortSignal.timeout(10_000)), { checkAPI: false });
    const info = await manager.streams.info(STREAM, { subjects_filter: `tidegate.v1.${kind}.${this.gateway}.>` });
    return Object.values(info.state.subjects ?? {}).reduce((sum, n) => sum + n, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.state[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}
