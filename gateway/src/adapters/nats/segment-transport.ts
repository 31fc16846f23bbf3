import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../base/clock.ts';
import { millis } from '../../base/units.ts';
import type { ReceiptVerdict, SegmentTransport } from '../../core/sync/ports.ts';
import {
  commitMessageId,
  type Manifest,
  parseReceipt,
  partMessageId,
  type ShipmentIdentity,
  SUBJECTS,
} from '../../core/sync/shipment.ts';
import { managerOf, natsClient } from './client.ts';
import { isWrongLastSequence, natsError } from './errors.ts';
import type { NatsLink } from './link.ts';
import { ensureStream } from './stream.ts';

export interface TransportSettings {
  readonly gateway: string;
  readonly stream: string;
  readonly streamCreate: boolean;
  readonly streamBytesMax: number;
  /** After so long without a receipt the consumer is asked, ms. */
  readonly receiptTimeoutMs: number;
}

const PUBLISH_TIMEOUT_MS = 5000;
const ASK_TIMEOUT_MS = 2000;
/** Receipts that came before anybody waited for them; beyond this the oldest goes, and is asked for. */
const EARLY_RECEIPTS_MAX = 1024;

/** Ships segments over JetStream. One for each gateway; start the link after it. */
export class NatsSegmentTransport implements SegmentTransport {
  readonly #link: NatsLink;
  readonly #settings: TransportSettings;
  readonly #clock: Clock;
  readonly #onProblem: (error: unknown) => void;
  readonly #waiting = new Map<string, (verdict: ReceiptVerdict) => void>();
  readonly #early = new Map<string, ReceiptVerdict>();
  readonly #askNow = new Set<() => void>();
  /** When the consumer's word last came, Unix epoch milliseconds; null: not since the start. */
  lastReceiptMs: number | null = null;
  #streamReady: { connection: NatsConnection; done: Promise<void> } | undefined;

  constructor(link: NatsLink, settings: TransportSettings, clock: Clock, onProblem: (error: unknown) => void) {
    this.#link = link;
    this.#settings = settings;
    this.#clock = clock;
    this.#onProblem = onProblem;
    let subscribed: NatsConnection | undefined;
    link.onUp((connection) => {
      // The client renews its subscriptions by itself; a new connection has none.
      if (subscribed !== connection)
        connection.subscribe(SUBJECTS.receipts(settings.gateway), { callback: (e, m) => this.#received(e, m) });
      subscribed = connection;
      // The server may have come back without its stream.
      this.#streamReady = undefined;
      // Receipts sent while the link was down are gone: ask about everything that waits.
      for (const ask of this.#askNow) ask();
    });
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  async uploadPart(id: ShipmentIdentity, index: number, octets: Uint8Array, signal: AbortSignal): Promise<void> {
    const connection = await this.#ready(signal);
    try {
      const { jetstream } = (await natsClient()).jetstream;
      await jetstream(connection).publish(SUBJECTS.part(id, index), octets, {
        msgID: partMessageId(id, index),
        timeout: PUBLISH_TIMEOUT_MS,
        expect: { streamName: this.#settings.stream },
      });
    } catch (error) {
      this.#streamReady = undefined;
      throw natsError(`upload part ${index} of segment ${id.lane} ${id.sequence}`, error);
    }
  }

  async removeParts(id: ShipmentIdentity, signal: AbortSignal): Promise<void> {
    const connection = await this.#ready(signal);
    try {
      const manager = await managerOf(connection);
      await manager.streams.purge(this.#settings.stream, { filter: SUBJECTS.partsOf(id) });
    } catch (error) {
      throw natsError(`remove the parts of segment ${id.lane} ${id.sequence}`, error);
    }
  }

  /** The subject's expected sequence of 0 refuses a second manifest of the same generation whatever the age of the first. */
  async commit(manifest: Manifest, signal: AbortSignal): Promise<void> {
    const connection = await this.#ready(signal);
    try {
      const { jetstream } = (await natsClient()).jetstream;
      await jetstream(connection).publish(SUBJECTS.commit(manifest), JSON.stringify(manifest), {
        msgID: commitMessageId(manifest),
        timeout: PUBLISH_TIMEOUT_MS,
        expect: { streamName: this.#settings.stream, lastSubjectSequence: 0 },
      });
    } catch (error) {
      if (isWrongLastSequence(error)) return;
      this.#streamReady = undefined;
      throw natsError(`commit segment ${manifest.lane} ${manifest.sequence}`, error);
    }
  }

  async awaitReceipt(id: ShipmentIdentity, signal: AbortSignal): Promise<ReceiptVerdict> {
    const key = keyOf(id);
    const early = this.#early.get(key);
    if (early !== undefined) {
      this.#early.delete(key);
      return early;
    }
    const stop = new AbortController();
    const told = new Promise<ReceiptVerdict>((resolve) => {
      this.#waiting.set(key, resolve);
    });
    try {
      return await Promise.race([told, this.#askUntilKnown(id, AbortSignal.any([signal, stop.signal]))]);
    } finally {
      stop.abort(new Error('the receipt came'));
      this.#waiting.delete(key);
    }
  }

  /** Asks after each time-out, and at once when the link comes back. Never says `unknown`: it goes on asking. */
  async #askUntilKnown(id: ShipmentIdentity, signal: AbortSignal): Promise<ReceiptVerdict> {
    while (true) {
      await this.#pause(signal);
      const verdict = await this.#ask(id, signal);
      if (verdict !== 'unknown') return verdict;
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    let ask: () => void = () => undefined;
    const linkCameUp = new Promise<void>((resolve) => {
      ask = resolve;
    });
    this.#askNow.add(ask);
    const wait = new AbortController();
    const timeout = this.#clock.sleep(millis(this.#settings.receiptTimeoutMs), AbortSignal.any([signal, wait.signal]));
    try {
      await Promise.race([timeout, linkCameUp]);
    } finally {
      wait.abort(new Error('asked'));
      timeout.catch(() => undefined);
      this.#askNow.delete(ask);
    }
  }

  async #ask(id: ShipmentIdentity, signal: AbortSignal): Promise<ReceiptVerdict> {
    const connection = await this.#ready(signal);
    try {
      const question = JSON.stringify({
        segments: [{ gateway: id.gateway, epoch: id.epoch, lane: id.lane, sequence: id.sequence }],
      });
      const answer = await connection.request(SUBJECTS.reconcile, question, { timeout: ASK_TIMEOUT_MS });
      const { stored, passed = 0 } = answer.json<{ stored: boolean[]; passed?: number }>();
      if (stored[0] === true) return 'stored';
      // Not stored, but still in the stream: the consumer will come to it, unless it has been there and its word was lost.
      const manager = await managerOf(connection);
      const found = await manager.streams.getMessage(this.#settings.stream, { last_by_subj: SUBJECTS.commit(id) });
      return found === null || found.seq <= passed ? 'lost' : 'unknown';
    } catch (error) {
      signal.throwIfAborted();
      this.#onProblem(natsError(`ask for the receipt of segment ${id.lane} ${id.sequence}`, error));
      return 'unknown';
    }
  }

  #received(error: Error | null, message: Msg): void {
    if (error !== null) return this.#onProblem(error);
    try {
      const receipt = parseReceipt(message.string());
      this.lastReceiptMs = this.#clock.now();
      const key = keyOf(receipt);
      const verdict = receipt.status === 'stored' ? 'stored' : 'lost';
      const waiter = this.#waiting.get(key);
      if (waiter !== undefined) return waiter(verdict);
      this.#early.set(key, verdict);
      if (this.#early.size > EARLY_RECEIPTS_MAX) this.#early.delete(this.#early.keys().next().value!);
    } catch (fault) {
      this.#onProblem(fault);
    }
  }

  async #ready(signal: AbortSignal): Promise<NatsConnection> {
    const connection = await this.#link.whenUp(signal);
    if (!this.#settings.streamCreate) return connection;
    if (this.#streamReady?.connection !== connection) {
      const done = ensureStream(connection, this.#settings.stream, this.#settings.streamBytesMax);
      this.#streamReady = { connection, done };
      done.catch(() => {
        this.#streamReady = undefined;
      });
    }
    await this.#streamReady.done;
    return connection;
  }
}

function keyOf(id: ShipmentIdentity): string {
  return `${id.epoch}.${id.lane}.${id.sequence}.${id.generation}`;
}
