/**
 * Traffic colour over MQTT 3.1.1, which has no headers: a topic of the form `$baggage/<baggage>/<topic>` is a message to `<topic>` that carries
 * W3C baggage. The member `tidegate.canary=1` asks for the answer of canaries, where modules have one.
 * @see https://www.w3.org/TR/baggage/
 */

const PREFIX = Buffer.from('$baggage/');
const SLASH = 0x2f;
const CANARY = /(?:^|,)\s*tidegate\.canary\s*=\s*1\s*(?:[,;]|$)/;
/** W3C: what everybody must be able to pass on. */
const BAGGAGE_BYTES_MAX = 8192;

/** Of a message's topic: where the topic itself begins, and whether it is coloured. */
export interface Colour {
  topicStart: number;
  isCanary: boolean;
}

/**
 * Fills `into` from the topic `octets[start..end)`.
 * @returns false when the topic carries no baggage: most do not, and the first octet says so.
 */
export function readBaggage(octets: Uint8Array, start: number, end: number, into: Colour): boolean {
  if (octets[start] !== PREFIX[0] || end - start <= PREFIX.length) return false;
  for (let i = 1; i < PREFIX.length; i++) if (octets[start + i] !== PREFIX[i]) return false;
  const from = start + PREFIX.length;
  const slash = octets.indexOf(SLASH, from);
  if (slash < 0 || slash + 1 >= end || slash - from > BAGGAGE_BYTES_MAX) return false;
  into.topicStart = slash + 1;
  into.isCanary = CANARY.test(new TextDecoder().decode(octets.subarray(from, slash)));
  return true;
}
