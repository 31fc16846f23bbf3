import type { Qos } from './frames.ts';

/** A packet that breaks the protocol: section 4.8 says that the connection is closed. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/** Reads the fields of one packet's variable header and payload; every read past its end is a violation. */
export class PacketReader {
  readonly #octets: Buffer;
  readonly #end: number;
  at: number;

  constructor(octets: Buffer, start: number, end: number) {
    this.#octets = octets;
    this.at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  u8(): number {
    this.#need(1);
    return this.#octets[this.at++]!;
  }

  u16(): number {
    this.#need(2);
    this.at += 2;
    return this.#octets.readUInt16BE(this.at - 2);
  }

  /** Two octets of length, then so many: a copy, because the octets are reused. */
  binary(): Buffer {
    const length = this.u16();
    this.#need(length);
    this.at += length;
    return Buffer.from(this.#octets.subarray(this.at - length, this.at));
  }

  /** UTF-8 without U+0000 (section 1.5.3). */
  text(what: string): string {
    const octets = this.binary();
    const text = octets.toString('utf8');
    if (text.includes('\0') || (text.includes('\ufffd') && !Buffer.from(text).equals(octets))) {
      throw new ProtocolViolation(`${what} is not well-formed UTF-8`);
    }
    return text;
  }

  #need(octets: number): void {
    if (this.at + octets > this.#end) throw new ProtocolViolation('packet shorter than its fields');
  }
}

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
}

export interface ConnectPacket {
  readonly protocolLevel: number;
  readonly clientId: string;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  readonly will: Will | null;
  readonly username: string | null;
  readonly password: Buffer | null;
}

/** Protocol levels this listener speaks: 3 is MQTT 3.1, 4 is 3.1.1. */
export const SPOKEN_LEVELS = [3, 4];

/** Section 3.1. An unknown protocol level is left to the caller to refuse: what follows it may have another form. */
export function readConnect(reader: PacketReader): ConnectPacket {
  const name = reader.text('protocol name');
  if (name !== 'MQTT' && name !== 'MQIsdp')
    throw new ProtocolViolation(`protocol name MQTT expected, ${JSON.stringify(name.slice(0, 16))} found`);
  const protocolLevel = reader.u8();
  const nothing = { clientId: '', cleanSession: true, keepAliveSeconds: 0, will: null, username: null, password: null };
  if (!SPOKEN_LEVELS.includes(protocolLevel)) return { protocolLevel, ...nothing };
  const flags = reader.u8();
  if ((flags & 1) !== 0) throw new ProtocolViolation('the reserved connect flag is set');
  const keepAliveSeconds = reader.u16();
  const clientId = reader.text('client identifier');
  const will = (flags & 4) !== 0 ? readWill(reader, flags) : null;
  if (will === null && (flags & 0x38) !== 0) throw new ProtocolViolation('will flags without a will');
  const hasUsername = (flags & 0x80) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  if (hasPassword && !hasUsername) throw new ProtocolViolation('a password without a user name');
  const username = hasUsername ? reader.text('user name') : null;
  const password = hasPassword ? reader.binary() : null;
  return { protocolLevel, clientId, cleanSession: (flags & 2) !== 0, keepAliveSeconds, will, username, password };
}

function readWill(reader: PacketReader, flags: number): Will {
  const qos = (flags >> 3) & 3;
  if (qos === 3) throw new ProtocolViolation('will QoS 3');
  const topic = reader.text('will topic');
  return { topic, payload: reader.binary(), qos: qos as Qos, retain: (flags & 0x20) !== 0 };
}

export interface SubscriptionRequest {
  readonly filter: string;
  readonly qos: Qos;
}

/** Sections 3.8 and 3.10: a packet identifier, then filters (with a QoS each when subscribing). */
export function readSubscribe(reader: PacketReader): { packetId: number; requests: SubscriptionRequest[] } {
  const packetId = readPacketId(reader);
  const requests: SubscriptionRequest[] = [];
  while (!reader.isAtEnd) {
    const filter = reader.text('topic filter');
    const qos = reader.u8();
    if (qos > 2) throw new ProtocolViolation(`requested QoS ${qos}`);
    requests.push({ filter, qos: qos as Qos });
  }
  if (requests.length === 0) throw new ProtocolViolation('a subscription without filters');
  return { packetId, requests };
}

export function readUnsubscribe(reader: PacketReader): { packetId: number; filters: string[] } {
  const packetId = readPacketId(reader);
  const filters: string[] = [];
  while (!reader.isAtEnd) filters.push(reader.text('topic filter'));
  if (filters.length === 0) throw new ProtocolViolation('an unsubscription without filters');
  return { packetId, filters };
}

export function readPacketId(reader: PacketReader): number {
  const packetId = reader.u16();
  if (packetId === 0) throw new ProtocolViolation('packet identifier 0');
  return packetId;
}
