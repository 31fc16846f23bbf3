import { BoundedQueue } from '../../base/bounded-queue.ts';
import { acknowledgement, type OutgoingPublish, PACKET, publishFrame, type Qos } from './frames.ts';

/** Messages sent to one subscriber and not acknowledged: section 4.4 leaves the number to us. */
const OUTGOING_WINDOW = 100;

/** Octets waiting in a subscriber's socket beyond which messages wait here instead. */
const SOCKET_BYTES_MAX = 1 << 20;

/** Payload octets kept for one subscriber that is away or slow; beyond it the oldest message goes. */
const QUEUE_BYTES_MAX = 4 << 20;

interface InFlight {
  readonly message: Message;
  /** What is awaited from the subscriber. */
  awaiting: 'puback' | 'pubrec' | 'pubcomp';
}

export interface Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
}

/** The door to the subscriber's socket. */
export interface Outlet {
  readonly waitingBytes: number;
  write(octets: Uint8Array): void;
}

/**
 * What the server keeps of one client (section 3.1.2.4): its subscriptions, and the state of messages under way in both directions.
 * A session outlives its connection when the client asked for it, in memory: it does not survive a restart of the gateway.
 */
export class Session {
  readonly clientId: string;
  readonly subscriptions = new Map<string, Qos>();
  /** QoS 2 publishes received and not yet released by PUBREL, and whether each is stored: a repeated one is not taken again. */
  readonly received = new Map<number, boolean>();
  isClean: boolean;
  readonly #inFlight = new Map<number, InFlight>();
  readonly #queue: BoundedQueue<Message>;
  readonly #keepsWhileAway: boolean;
  #queuedBytes = 0;
  #outlet: Outlet | null = null;
  #lastPacketId = 0;
  #dropped = 0;

  /** @param queueMax messages kept while the subscriber is away or slow; beyond it the oldest goes. With 0 none is kept for one that is away. */
  constructor(clientId: string, isClean: boolean, queueMax: number) {
    this.clientId = clientId;
    this.isClean = isClean;
    this.#queue = new BoundedQueue(Math.max(1, queueMax), 'drop-oldest');
    this.#keepsWhileAway = queueMax > 0;
  }

  get isConnected(): boolean {
    return this.#outlet !== null;
  }

  /** Messages that this subscriber did not get: queue full, or QoS 0 while it was away or slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sends again what the subscriber has not acknowledged, in order, then what waited. */
  attach(outlet: Outlet): void {
    this.#outlet = outlet;
    for (const [packetId, { message, awaiting }] of this.#inFlight) {
      if (awaiting === 'pubcomp') outlet.write(acknowledgement(PACKET.pubrel, packetId));
      else outlet.write(publishFrame({ ...message, duplicate: true, packetId }));
    }
    this.pump();
  }

  detach(): void {
    this.#outlet = null;
  }

  deliver(message: Message): void {
    const outlet = this.#outlet;
    const isSlow = outlet === null || outlet.waitingBytes > SOCKET_BYTES_MAX;
    if (message.qos === 0) {
      if (isSlow) this.#dropped++;
      else outlet.write(publishFrame({ ...message, duplicate: false, packetId: 0 }));
      return;
    }
    if (outlet === null && !this.#keepsWhileAway) this.#dropped++;
    else this.#enqueue(message);
    this.pump();
  }

  /**
   * A QoS 2 publish of this client is on disk.
   * @param isElsewhere the connection it came on is gone: the PUBREC, which could not go out there, goes out on the one there is now.
   */
  stored(packetId: number, isElsewhere: boolean): void {
    if (this.received.get(packetId) !== false) return;
    this.received.set(packetId, true);
    if (isElsewhere) this.#outlet?.write(acknowledgement(PACKET.pubrec, packetId));
  }

  /** Sends queued messages while window and socket have room. */
  pump(): void {
    const outlet = this.#outlet;
    while (outlet !== null && this.#inFlight.size < OUTGOING_WINDOW && outlet.waitingBytes <= SOCKET_BYTES_MAX) {
      const message = this.#dequeue();
      if (message === undefined) return;
      const packetId = this.#nextPacketId();
      this.#inFlight.set(packetId, { message, awaiting: message.qos === 1 ? 'puback' : 'pubrec' });
      const frame: OutgoingPublish = { ...message, duplicate: false, packetId };
      outlet.write(publishFrame(frame));
    }
  }

  /** PUBACK, PUBREC or PUBCOMP from the subscriber. An unknown identifier is answered as the protocol asks, and otherwise ignored. */
  acknowledged(type: number, packetId: number): void {
    const entry = this.#inFlight.get(packetId);
    if (type === PACKET.pubrec) {
      if (entry !== undefined) entry.awaiting = 'pubcomp';
      this.#outlet?.write(acknowledgement(PACKET.pubrel, packetId));
      return;
    }
    const isExpected = type === PACKET.puback ? entry?.awaiting === 'puback' : entry?.awaiting === 'pubcomp';
    if (isExpected) this.#inFlight.delete(packetId);
    this.pump();
  }

  #enqueue(message: Message): void {
    const bytes = message.payload.length;
    const { capacity } = this.#queue;
    while (this.#queue.length === capacity || (this.#queue.length > 0 && this.#queuedBytes + bytes > QUEUE_BYTES_MAX)) {
      this.#dequeue();
      this.#dropped++;
    }
    this.#queue.push(message);
    this.#queuedBytes += bytes;
  }

  #dequeue(): Message | undefined {
    const message = this.#queue.shift();
    this.#queuedBytes -= message?.payload.length ?? 0;
    return message;
  }

  #nextPacketId(): number {
    do this.#lastPacketId = (this.#lastPacketId % 65_535) + 1;
    while (this.#inFlight.has(this.#lastPacketId));
    return this.#lastPacketId;
  }
}
