/**
 * Messages of a JetStream stream as events: the stream is the queue. A durable consumer remembers what has been dealt with, so that what was not
 * comes again after a restart. The stream itself is somebody else's: where there is none, it is waited for.
 */
import { createHash } from 'node:crypto';
import type { Consumer, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../base/clock.ts';
import { millis } from '../../base/units.ts';
import { managerOf, natsClient } from './client.ts';
import { natsError } from './errors.ts';
import type { NatsLink } from './link.ts';

export interface SubscriptionSettings {
  readonly stream: string;
  /** Which of its subjects; empty: all. */
  readonly subject: string;
  /** Name of the durable consumer: `consumerName` makes one. */
  readonly durable: string;
  /** Messages handled at one time. */
  readonly inFlightMax: number;
}

export interface StreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Within the stream; with the stream's name it identifies the message. */
  readonly sequence: number;
  /** Unix epoch milliseconds, by the server's clock. */
  readonly timeMs: number;
  /** Times it was delivered, this one included. */
  readonly deliveries: number;
  readonly header: (name: string) => string | undefined;
}

/** What is to become of a message. `dead` only when a copy of it is on disk, or it can never be handled. */
export type MessageVerdict =
  | { readonly to: 'done' }
  | { readonly to: 'again'; readonly afterMs: number }
  | { readonly to: 'dead' };

export interface SubscriptionHandlers {
  /** Resolves when a message may come. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** When it throws, the message comes again after a second. */
  readonly receive: (message: StreamMessage, signal: AbortSignal) => Promise<MessageVerdict>;
  readonly onProblem: (error: unknown) => void;
}

/** A message that nobody has spoken of for so long is delivered again; while it is handled the server is told so more often. */
const REDELIVER_AFTER_MS = 30_000;
const STILL_WORKING_EVERY_MS = 10_000;
const RETRY = millis(1000);
/** A pull request lasts so long. */
const PULL_EXPIRES_MS = 20_000;

/** A server keeps each consumer in a folder of its name, and file systems end names at 255 octets. */
const CONSUMER_NAME_MAX = 200;
const HASH_DIGITS = 16;

/**
 * Letters, digits, `_` and `-` only; the same for the same function of the same gateway for ever, and no other's (docs/reference/functions.md).
 * `-` stands between parts and never within one. `--` comes before the hash of a name that was cut, and nowhere else, because no part is empty.
 */
export function consumerName(gateway: string, fn: string, stream: string, subject: string): string {
  const name = ['fn', gateway, fn, stream, ...(subject === '' ? [] : [subject])].map(escaped).join('-');
  if (name.length <= CONSUMER_NAME_MAX) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, CONSUMER_NAME_MAX - HASH_DIGITS - 2)}--${hash}`;
}

/** Every octet besides letters, digits and `_` as `_xx`; an `_` too where it would read as the beginning of one. */
function escaped(text: string): string {
  const hex = (octets: string) => Buffer.from(octets).toString('hex').replace(/../g, '_$&');
  return text.replace(/[^A-Za-z0-9_]+|_(?=[0-9a-f]{2})/g, hex);
}

export class EventSubscription {
  readonly #link: NatsLink;
  readonly #settings: SubscriptionSettings;
  readonly #handlers: SubscriptionHandlers;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | undefined;

  constructor(link: NatsLink, settings: SubscriptionSettings, handlers: SubscriptionHandlers, clock: Clock) {
    this.#link = link;
    this.#settings = settings;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  start(): void {
    this.#loop ??= this.#follow();
  }

  /** Takes no further message; resolves when those at hand are dealt with. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the subscription stops'));
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const consumer = await this.#consumer(await this.#link.whenUp(signal));
        await this.#consume(consumer);
      } catch (error) {
        if (signal.aborted) return;
        this.#handlers.onProblem(natsError(`follow stream ${this.#settings.stream}`, error));
      }
      await this.#clock.sleep(RETRY, signal).catch(() => undefined);
    }
  }

  /** One pull for each message: none lies here unhandled while the function is busy, or when the gateway stops. */
  async #consume(consumer: Consumer): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#running.size >= this.#settings.inFlightMax) await Promise.race(this.#running);
      await this.#handlers.ready(signal);
      const message = await this.#next(consumer);
      if (message === null) continue;
      const handled = this.#handle(message).finally(() => this.#running.delete(handled));
      this.#running.add(handled);
    }
  }

  /** @returns null when none came for a while. Rejects with the signal's reason; a message that comes after that is given back. */
  async #next(consumer: Consumer): Promise<JsMsg | null> {
    const { signal } = this.#stop;
    const pulled = consumer.next({ expires: PULL_EXPIRES_MS });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onStop = () => reject(signal.reason);
    signal.addEventListener('abort', onStop, { once: true });
    try {
      return await Promise.race([pulled, stopped]);
    } catch (error) {
      pulled.then(
        (message) => message?.nak(),
        () => undefined,
      );
      throw error;
    } finally {
      signal.removeEventListener('abort', onStop);
    }
  }

  async #consumer(connection: NatsConnection): Promise<Consumer> {
    const { stream, subject, durable, inFlightMax } = this.#settings;
    const { AckPolicy, DeliverPolicy, jetstream } = (await natsClient()).jetstream;
    const manager = await managerOf(connection);
    await manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: REDELIVER_AFTER_MS * 1e6,
      max_ack_pending: inFlightMax,
      ...(subject !== '' && { filter_subject: subject }),
    });
    return jetstream(connection).consumers.get(stream, durable);
  }

  async #handle(message: JsMsg): Promise<void> {
    const stillWorking = setInterval(() => message.working(), STILL_WORKING_EVERY_MS);
    try {
      const verdict = await this.#handlers.receive(viewOf(message), this.#stop.signal);
      if (verdict.to === 'done') message.ack();
      // Without a reason: servers before 2.10.4 take a `+TERM` with one for no answer at all.
      else if (verdict.to === 'dead') message.term();
      // Whole: the server reads nanoseconds as an integer, and takes a fraction for no delay at all.
      else message.nak(Math.ceil(verdict.afterMs));
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#handlers.onProblem(error);
      message.nak(RETRY);
    } finally {
      clearInterval(stillWorking);
    }
  }
}

function viewOf(message: JsMsg): StreamMessage {
  return {
    subject: message.subject,
    data: message.data,
    sequence: message.seq,
    timeMs: message.time.getTime(),
    deliveries: message.info.deliveryCount,
    header: (name) => message.headers?.get(name) || undefined,
  };
}
