import type { Qos } from './frames.ts';
import { ProtocolViolation } from './packet-reader.ts';

/** Topics longer than this are nobody's sensor; the protocol would allow 65,535. */
const TOPIC_BYTES_MAX = 1024;

/** Where the parts of a PUBLISH lie in the socket's octets (section 3.3). One object a connection, filled anew for each message. */
export interface PublishHeader {
  qos: Qos;
  retain: boolean;
  topicStart: number;
  topicEnd: number;
  payloadStart: number;
  /** 0 at QoS 0. */
  packetId: number;
}

export function blankPublishHeader(): PublishHeader {
  return { qos: 0, retain: false, topicStart: 0, topicEnd: 0, payloadStart: 0, packetId: 0 };
}

/**
 * Fills `into` from the packet whose body is `octets[start..end)`; the payload need not be there yet.
 * @returns false while topic and packet identifier are not there in full. @throws ProtocolViolation
 */
export function readPublishHeader(
  octets: Buffer,
  first: number,
  start: number,
  end: number,
  into: PublishHeader,
): boolean {
  const qos = (first >> 1) & 3;
  if (qos === 3) throw new ProtocolViolation('QoS 3');
  if (start + 2 > end) throw new ProtocolViolation('packet shorter than its fields');
  if (start + 2 > octets.length) return false;
  const topicStart = start + 2;
  const topicEnd = topicStart + ((octets[start]! << 8) | octets[start + 1]!);
  const payloadStart = topicEnd + (qos > 0 ? 2 : 0);
  if (payloadStart > end) throw new ProtocolViolation('packet shorter than its fields');
  if (topicEnd - topicStart > TOPIC_BYTES_MAX)
    throw new ProtocolViolation(`a topic of more than ${TOPIC_BYTES_MAX} octets`);
  if (payloadStart > octets.length) return false;
  if (!isTopicName(octets, topicStart, topicEnd)) throw new ProtocolViolation('a topic name with wildcards, or empty');
  const packetId = qos > 0 ? (octets[topicEnd]! << 8) | octets[topicEnd + 1]! : 0;
  if (qos > 0 && packetId === 0) throw new ProtocolViolation('packet identifier 0');
  into.qos = qos as Qos;
  into.retain = (first & 1) !== 0;
  into.topicStart = topicStart;
  into.topicEnd = topicEnd;
  into.payloadStart = payloadStart;
  into.packetId = packetId;
  return true;
}

function isTopicName(octets: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    if (octet === 0x23 || octet === 0x2b || octet === 0) return false;
  }
  return end > start;
}
