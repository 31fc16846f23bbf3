/**
 * One client's connection: frames out of the octets of its socket, and what each asks for.
 *
 * The hot path is `#publish`: topic and payload are handed on as positions in the socket's own buffer, nothing is allocated for a message
 * unless somebody subscribes to it. When the pipeline is full the socket is paused with the rest of its octets kept, and TCP slows the source.
 */
import type { Socket } from 'node:net';
import type { Acknowledger, Intake } from '../../core/ingest/ports.ts';
import type { Permissions } from './access.ts';
import { type AdmissionHost, type Admitted, admit, type Refusal, refusalOf } from './admission.ts';
import { acknowledgement, CONNACK, connack, PACKET, PINGRESP, SUBSCRIPTION_REFUSED, suback } from './frames.ts';
import { GatheredWrites } from './gathered-writes.ts';
import {
  type ConnectPacket,
  PacketReader,
  ProtocolViolation,
  readConnect,
  readPacketId,
  readSubscribe,
  readUnsubscribe,
  type Will,
} from './packet-reader.ts';
import { blankPublishHeader, readPublishHeader } from './publish-header.ts';
import type { Outlet, Session } from './session.ts';
import { isTopicFilter } from './topics.ts';

export interface ConnectionLimits {
  readonly packetBytesMax: number;
  readonly inFlightMax: number;
  readonly keepAliveMaxMs: number;
  /** Octets kept of a message that is too large. */
  readonly sampleBytes: number;
}

export interface ConnectionHost extends AdmissionHost {
  readonly intake: Intake;
  readonly limits: ConnectionLimits;
  /** From here on the connection has its session, and a client identifier. */
  readonly onOpened: (connection: Connection) => void;
  readonly onClosed: (connection: Connection, reason: string) => void;
}

const NO_OCTETS = Buffer.alloc(0);

/** Octets that wait in the socket beyond which a client that does not read its answers is not read either. */
const ANSWER_BYTES_MAX = 4 << 20;

/** How long a closed connection may take to read what was written to it. */
const LINGER_MS = 1000;

/** An acknowledgement to come: the packet identifier, and which packet carries it. */
const TOKEN = { ack: 0x10000, record: 0x20000 } as const;

/** Why a connection is not read, as bits: each is lifted by itself. */
const BLOCK = { noRoom: 1, inFlight: 2, unreadAnswers: 4, stopped: 8 } as const;

export class Connection implements Acknowledger, Outlet {
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  #rest: Buffer = NO_OCTETS;
  /** Octets still to be thrown away of a message that is too large. */
  #skip = 0;
  #state: 'fresh' | 'checking' | 'open' | 'closed' = 'fresh';
  #blocks = 0;
  #session: Session | null = null;
  #permissions: Permissions | null = null;
  #will: Will | null = null;
  #inFlight = 0;
  #acknowledgements: number[] = [];
  readonly #writes: GatheredWrites;
  readonly #header = blankPublishHeader();
  #idleMaxMs: number;
  /** Monotonic, ms: when the client was last heard. */
  lastHeardMs: number;

  constructor(socket: Socket, host: ConnectionHost, nowMs: number, connectTimeoutMs: number) {
    this.#socket = socket;
    this.#writes = new GatheredWrites(socket);
    this.#host = host;
    this.#idleMaxMs = connectTimeoutMs;
    this.lastHeardMs = nowMs;
  }

  get clientId(): string {
    return this.#session?.clientId ?? '';
  }

  get waitingBytes(): number {
    return this.#writes.waitingBytes;
  }

  /** While we do not read, silence is ours; unless the client has left its answers unread all the time. */
  isOverdue(nowMs: number): boolean {
    return (this.#blocks & ~BLOCK.unreadAnswers) === 0 && nowMs - this.lastHeardMs > this.#idleMaxMs;
  }

  write(octets: Uint8Array): void {
    if (this.#state !== 'closed') this.#writes.add(octets);
  }

  /** The socket has taken all that was written: subscribers get what waited, and a client that was not read is read again. */
  drained(): void {
    if (this.#state === 'open') this.#session!.pump();
    this.#unblock(BLOCK.unreadAnswers);
  }

  acknowledge(token: number): void {
    this.#inFlight--;
    const isOpen = this.#state !== 'closed';
    if ((token & TOKEN.record) !== 0) this.#session?.stored(token & 0xffff, !isOpen);
    if (isOpen) this.#acknowledgements.push(token);
  }

  flushAcknowledgements(): void {
    const tokens = this.#acknowledgements;
    if (tokens.length === 0) return;
    const frames = Buffer.allocUnsafe(tokens.length * 4);
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!;
      frames[i * 4] = ((token & TOKEN.ack) !== 0 ? PACKET.puback : PACKET.pubrec) << 4;
      frames[i * 4 + 1] = 2;
      frames[i * 4 + 2] = (token >> 8) & 255;
      frames[i * 4 + 3] = token & 255;
    }
    tokens.length = 0;
    this.write(frames);
    if (this.#inFlight < this.#host.limits.inFlightMax) this.#unblock(BLOCK.inFlight);
  }

  /** Octets from the socket. */
  receive(chunk: Buffer, nowMs: number): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#blocks === 0 && this.#state !== 'checking') this.#readFrames();
    // The time to say CONNECT runs from the beginning, however slowly its octets come.
    if (this.#state !== 'fresh') this.lastHeardMs = nowMs;
  }

  /** Takes no more octets, for good; what was taken is still acknowledged. */
  stopReading(): void {
    this.#block(BLOCK.stopped);
  }

  /** Ends the connection; a will is published unless the client said goodbye. */
  close(reason: string, isGraceful = false): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#writes.flush();
    this.#socket.destroySoon();
    if (!this.#socket.destroyed) setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    if (this.#session !== null) this.#host.broker.closeSession(this.#session);
    if (this.#will !== null && !isGraceful) this.#publishWill(this.#will);
    this.#rest = NO_OCTETS;
    this.#host.onClosed(this, reason);
  }

  #readFrames(): void {
    if (this.waitingBytes > ANSWER_BYTES_MAX) return this.#block(BLOCK.unreadAnswers);
    try {
      let at = this.#skipped();
      while (this.#state !== 'closed') {
        const taken = this.#readFrame(at);
        if (taken === 0) break;
        at += taken;
      }
      this.#keepRest(at);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.close(`protocol violation: ${error.message}`);
    }
  }

  /** What remains is copied out of the socket's chunk, so that a few octets do not hold 64 KiB. */
  #keepRest(at: number): void {
    if (this.#state === 'closed') return;
    const rest = this.#rest.subarray(Math.min(at, this.#rest.length));
    this.#skip += Math.max(0, at - this.#rest.length);
    this.#rest = rest.length === 0 ? NO_OCTETS : at === 0 ? rest : Buffer.from(rest);
  }

  #skipped(): number {
    const at = Math.min(this.#skip, this.#rest.length);
    this.#skip -= at;
    return at;
  }

  /** @returns octets taken, 0 when the frame is not there in full or must wait; may exceed what is there when the rest is to be skipped. */
  #readFrame(at: number): number {
    const octets = this.#rest;
    if (this.#blocks !== 0 || this.#state === 'checking' || at + 2 > octets.length) return 0;
    // Said before its length is known: whoever speaks another protocol need not be waited for.
    if (this.#state === 'fresh' && octets[at]! >> 4 !== PACKET.connect)
      throw new ProtocolViolation('CONNECT must come first');
    let length = 0;
    let body = at + 1;
    for (let shift = 0; ; shift += 7) {
      if (shift === 28) throw new ProtocolViolation('remaining length of more than four octets');
      if (body >= octets.length) return 0;
      const octet = octets[body++]!;
      length += (octet & 127) << shift;
      if (octet < 128) break;
    }
    const header = octets[at]!;
    const end = body + length;
    if (length > this.#host.limits.packetBytesMax) return this.#oversized(header, at, body, end);
    if (end > octets.length) return 0;
    if (header >> 4 === PACKET.publish) return this.#publish(header, body, end) ? end - at : 0;
    this.#control(header, new PacketReader(octets, body, end));
    return end - at;
  }

  /** @returns false when the pipeline is full. */
  #publish(first: number, start: number, end: number): boolean {
    if (this.#state !== 'open') throw new ProtocolViolation('a packet before CONNECT');
    const octets = this.#rest;
    const header = this.#header;
    readPublishHeader(octets, first, start, end, header);
    const { qos, retain, topicStart, topicEnd, payloadStart, packetId } = header;
    if (qos === 2 && this.#isRepeated(packetId)) return true;
    const permissions = this.#permissions!;
    if (!permissions.mayPublishAll && !permissions.mayPublish(octets.toString('utf8', topicStart, topicEnd))) {
      return this.#reject('not_permitted', end);
    }
    const acknowledger = qos > 0 ? this : null;
    const token = packetId | (qos === 1 ? TOKEN.ack : TOKEN.record);
    const taken = this.#host.intake.offer(octets, topicStart, topicEnd, payloadStart, end, acknowledger, token);
    if (taken && (retain || this.#host.broker.hasSubscribers)) {
      const topic = octets.toString('utf8', topicStart, topicEnd);
      this.#host.broker.route({ topic, payload: Buffer.from(octets.subarray(payloadStart, end)), qos, retain });
    }
    return this.#taken(qos, packetId, taken);
  }

  /** Quarantines the message that `#header` speaks of. @returns false when the pipeline is full. */
  #reject(reason: string, end: number): boolean {
    const { intake, limits } = this.#host;
    const { qos, topicStart, topicEnd, payloadStart, packetId } = this.#header;
    const topic = this.#rest.toString('utf8', topicStart, topicEnd);
    const sample = this.#rest.subarray(payloadStart, Math.min(end, payloadStart + limits.sampleBytes));
    const token = packetId | (qos === 1 ? TOKEN.ack : TOKEN.record);
    return this.#taken(qos, packetId, intake.reject(topic, reason, sample, qos > 0 ? this : null, token));
  }

  /** Counts what is under way, and stops reading at the bound. */
  #taken(qos: number, packetId: number, taken: boolean): boolean {
    if (!taken) {
      this.#block(BLOCK.noRoom);
      this.#host.intake.whenRoom(() => this.#unblock(BLOCK.noRoom));
      return false;
    }
    if (qos === 0) return true;
    if (qos === 2) this.#session!.received.set(packetId, false);
    if (++this.#inFlight >= this.#host.limits.inFlightMax) this.#block(BLOCK.inFlight);
    return true;
  }

  /** A QoS 2 publish sent again: answered again once it is stored, never taken twice. */
  #isRepeated(packetId: number): boolean {
    const isStored = this.#session!.received.get(packetId);
    if (isStored === true) this.write(acknowledgement(PACKET.pubrec, packetId));
    return isStored !== undefined;
  }

  /** A message over the limit is skipped, quarantined by its first octets, and acknowledged like any other bad one. */
  #oversized(first: number, at: number, body: number, end: number): number {
    if (first >> 4 !== PACKET.publish) throw new ProtocolViolation('a control packet larger than any message may be');
    if (this.#state !== 'open') throw new ProtocolViolation('a packet before CONNECT');
    if (!readPublishHeader(this.#rest, first, body, end, this.#header)) return 0;
    const { qos, payloadStart, packetId } = this.#header;
    // The sample may be longer than what there is of a payload.
    if (this.#rest.length < Math.min(end, payloadStart + this.#host.limits.sampleBytes)) return 0;
    if (qos === 2 && this.#isRepeated(packetId)) return end - at;
    return this.#reject('oversized', end) ? end - at : 0;
  }

  #control(header: number, reader: PacketReader): void {
    const type = header >> 4;
    if ((type === PACKET.connect) !== (this.#state === 'fresh'))
      throw new ProtocolViolation('CONNECT must come first, and once');
    const expectedFlags = type === PACKET.pubrel || type === PACKET.subscribe || type === PACKET.unsubscribe ? 2 : 0;
    if ((header & 15) !== expectedFlags)
      throw new ProtocolViolation(`flags ${expectedFlags} expected, ${header & 15} found`);
    switch (type) {
      case PACKET.connect:
        return this.#connect(readConnect(reader));
      case PACKET.puback:
      case PACKET.pubrec:
      case PACKET.pubcomp:
        return this.#session!.acknowledged(type, readPacketId(reader));
      case PACKET.pubrel: {
        const packetId = readPacketId(reader);
        this.#session!.received.delete(packetId);
        return this.write(acknowledgement(PACKET.pubcomp, packetId));
      }
      case PACKET.subscribe:
        return this.#subscribe(reader);
      case PACKET.unsubscribe: {
        const { packetId, filters } = readUnsubscribe(reader);
        for (const filter of filters) this.#host.broker.unsubscribe(this.#session!, filter);
        return this.write(acknowledgement(PACKET.unsuback, packetId));
      }
      case PACKET.pingreq:
        return this.write(PINGRESP);
      case PACKET.disconnect:
        return this.close('the client disconnected', true);
      default:
        throw new ProtocolViolation(`packet type ${type}`);
    }
  }

  /** Octets that follow wait until the password is checked. */
  #connect(packet: ConnectPacket): void {
    const refusal = refusalOf(packet);
    if (refusal !== null) return this.#refuse(refusal);
    this.#state = 'checking';
    this.#socket.pause();
    void admit(packet, this.#host, () => this.#state === 'checking').then((outcome) => {
      if (outcome === null) return;
      if ('refused' in outcome) return this.#refuse(outcome);
      this.#open(outcome);
      if (this.#blocks !== 0) return;
      this.#socket.resume();
      this.#readFrames();
    });
  }

  #open({ session, isPresent, permissions, will, idleMaxMs }: Admitted): void {
    this.#state = 'open';
    this.#session = session;
    this.#permissions = permissions;
    this.#will = will;
    this.#idleMaxMs = idleMaxMs;
    this.#host.onOpened(this);
    this.write(connack(CONNACK.accepted, isPresent));
    session.attach(this);
  }

  #refuse({ refused, reason }: Refusal): void {
    this.write(connack(refused, false));
    this.close(`refused: ${reason}`, true);
  }

  #subscribe(reader: PacketReader): void {
    const { packetId, requests } = readSubscribe(reader);
    const { broker } = this.#host;
    const session = this.#session!;
    const granted = requests.map(({ filter, qos }) => {
      if (!isTopicFilter(filter)) throw new ProtocolViolation('a malformed topic filter');
      return this.#permissions!.maySubscribe(filter) && broker.subscribe(session, filter, qos)
        ? qos
        : SUBSCRIPTION_REFUSED;
    });
    this.write(suback(packetId, granted));
    for (const [index, { filter, qos }] of requests.entries()) {
      if (granted[index] !== SUBSCRIPTION_REFUSED) broker.sendRetained(session, filter, qos);
    }
  }

  #publishWill(will: Will): void {
    const topic = Buffer.from(will.topic);
    const octets = Buffer.concat([topic, will.payload]);
    this.#host.intake.offer(octets, 0, topic.length, topic.length, octets.length, null, 0);
    this.#host.broker.route(will);
  }

  #block(reason: number): void {
    this.#blocks |= reason;
    this.#socket.pause();
  }

  #unblock(reason: number): void {
    if ((this.#blocks & reason) === 0 || this.#state === 'closed') return;
    this.#blocks &= ~reason;
    if (this.#blocks !== 0 || this.#state === 'checking') return;
    this.#socket.resume();
    this.#readFrames();
  }
}
