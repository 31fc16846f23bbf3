import type { Consumer, JsMsg } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../base/clock.ts';
import { millis } from '../../base/units.ts';
import {
  type Manifest,
  parseManifest,
  parseSegmentList,
  type Receipt,
  type SegmentIdentity,
  SUBJECTS,
} from '../../core/sync/shipment.ts';
import { managerOf, natsClient } from './client.ts';
import { natsError } from './errors.ts';
import type { NatsLink } from './link.ts';
import { ensureStream } from './stream.ts';

export interface ConsumerSettings {
  readonly stream: string;
  readonly streamBytesMax: number;
  /** Name of the durable consumer: several sinks with one name share the work, with different names each gets all. */
  readonly durable: string;
}

export interface ConsumerHandlers {
  /** @throws to have the message delivered again later. */
  readonly receive: (
    manifest: Manifest,
    fetchParts: (manifest: Manifest) => Promise<Uint8Array | null>,
  ) => Promise<Receipt>;
  readonly has: (id: SegmentIdentity) => boolean;
  readonly onProblem: (error: unknown) => void;
}

const REDELIVER_AFTER_MS = 30_000;
const RETRY = millis(1000);

/** Follows the commits of all gateways, one at a time, in the stream's order; answers questions about receipts. */
export class CommitConsumer {
  readonly #link: NatsLink;
  readonly #settings: ConsumerSettings;
  readonly #handlers: ConsumerHandlers;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(link: NatsLink, settings: ConsumerSettings, handlers: ConsumerHandlers, clock: Clock) {
    this.#link = link;
    this.#settings = settings;
    this.#handlers = handlers;
    this.#clock = clock;
    let answering: NatsConnection | undefined;
    link.onUp((connection) => {
      if (answering === connection) return;
      answering = connection;
      connection.subscribe(SUBJECTS.reconcile, {
        queue: settings.durable,
        callback: (error, message) => {
          if (error !== null) return handlers.onProblem(error);
          this.#answer(connection, message).catch(handlers.onProblem);
        },
      });
    });
  }

  start(): void {
    this.#loop ??= this.#follow();
  }

  /** Finishes the message at hand. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the sink stops'));
    await this.#loop;
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const connection = await this.#link.whenUp(this.#stop.signal);
        const consumer = await this.#consumer(connection);
        const messages = await consumer.consume({ max_messages: 16, expires: 5000, abort_on_missing_resource: true });
        const onStop = () => messages.stop();
        this.#stop.signal.addEventListener('abort', onStop, { once: true });
        try {
          for await (const message of messages) {
            if (this.#stop.signal.aborted) break;
            await this.#handle(connection, message);
          }
        } finally {
          this.#stop.signal.removeEventListener('abort', onStop);
        }
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#handlers.onProblem(natsError('follow the stream', error));
      }
      await this.#clock.sleep(RETRY, this.#stop.signal).catch(() => undefined);
    }
  }

  async #consumer(connection: NatsConnection): Promise<Consumer> {
    const { stream, streamBytesMax, durable } = this.#settings;
    await ensureStream(connection, stream, streamBytesMax);
    const { AckPolicy, DeliverPolicy, jetstream } = (await natsClient()).jetstream;
    const manager = await managerOf(connection);
    await manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: REDELIVER_AFTER_MS * 1e6,
      max_ack_pending: 64,
      filter_subject: SUBJECTS.allCommits,
    });
    return jetstream(connection).consumers.get(stream, durable);
  }

  /**
   * Says of each segment whether it is stored, and up to which sequence of the stream this consumer has dealt with every commit: what
   * lies before it and is not stored will not come by itself. The position is read first, so that it is never ahead of the word.
   */
  async #answer(connection: NatsConnection, message: Msg): Promise<void> {
    const segments = parseSegmentList(message.string());
    const manager = await managerOf(connection);
    const info = await manager.consumers.info(this.#settings.stream, this.#settings.durable).catch(() => undefined);
    const passed = info?.ack_floor.stream_seq ?? 0;
    message.respond(JSON.stringify({ stored: segments.map((id) => this.#handlers.has(id)), passed }));
  }

  async #handle(connection: NatsConnection, message: JsMsg): Promise<void> {
    let manifest: Manifest;
    try {
      manifest = parseManifest(message.string());
    } catch (error) {
      // Nobody's segment: it would be malformed the next time too.
      this.#handlers.onProblem(error);
      message.term();
      return;
    }
    try {
      const receipt = await this.#handlers.receive(manifest, (wanted) => this.#fetchParts(connection, wanted));
      connection.publish(SUBJECTS.receipts(manifest.gateway), JSON.stringify(receipt));
      message.ack();
    } catch (error) {
      this.#handlers.onProblem(error);
      message.nak(RETRY);
    }
  }

  async #fetchParts(connection: NatsConnection, manifest: Manifest): Promise<Uint8Array | null> {
    const manager = await managerOf(connection);
    const parts: Uint8Array[] = [];
    for (let index = 0; index < manifest.parts; index++) {
      const part = await manager.streams.getMessage(this.#settings.stream, {
        last_by_subj: SUBJECTS.part(manifest, index),
      });
      if (part === null) return null;
      parts.push(part.data);
    }
    return Buffer.concat(parts);
  }
}
