/**
 * MQTT 3.1.1 control packets as octets: types, flags, and the frames that a server sends.
 * @see https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html
 */

export const PACKET = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

/** Return codes of CONNACK, section 3.2.2.3. */
export const CONNACK = {
  accepted: 0,
  badProtocol: 1,
  badClientId: 2,
  unavailable: 3,
  badCredentials: 4,
  notAuthorized: 5,
} as const;

export const SUBSCRIPTION_REFUSED = 0x80;

export const PINGRESP = Buffer.from([PACKET.pingresp << 4, 0]);

export type Qos = 0 | 1 | 2;

/** PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK: two octets of header, two of packet identifier. */
export function acknowledgement(type: number, packetId: number): Buffer {
  const flags = type === PACKET.pubrel ? 2 : 0;
  return Buffer.from([(type << 4) | flags, 2, packetId >> 8, packetId & 255]);
}

export function connack(code: number, sessionPresent: boolean): Buffer {
  return Buffer.from([PACKET.connack << 4, 2, sessionPresent ? 1 : 0, code]);
}

export function suback(packetId: number, codes: readonly number[]): Buffer {
  return Buffer.concat([
    Buffer.from([PACKET.suback << 4]),
    remainingLength(2 + codes.length),
    Buffer.from([packetId >> 8, packetId & 255, ...codes]),
  ]);
}

export interface OutgoingPublish {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly duplicate: boolean;
  /** Ignored at QoS 0. */
  readonly packetId: number;
}

export function publishFrame(publish: OutgoingPublish): Buffer {
  const topic = Buffer.from(publish.topic);
  const idBytes = publish.qos > 0 ? 2 : 0;
  const length = remainingLength(2 + topic.length + idBytes + publish.payload.length);
  const flags = (publish.duplicate ? 8 : 0) | (publish.qos << 1) | (publish.retain ? 1 : 0);
  const header = Buffer.from([(PACKET.publish << 4) | flags]);
  const topicLength = Buffer.from([topic.length >> 8, topic.length & 255]);
  const packetId = Buffer.from([publish.packetId >> 8, publish.packetId & 255]).subarray(0, idBytes);
  return Buffer.concat([header, length, topicLength, topic, packetId, publish.payload]);
}

/** Section 2.2.3: seven bits an octet, at most four octets. */
function remainingLength(length: number): Buffer {
  const octets: number[] = [];
  do {
    const low = length % 128;
    length = Math.floor(length / 128);
    octets.push(length > 0 ? low | 128 : low);
  } while (length > 0);
  return Buffer.from(octets);
}
