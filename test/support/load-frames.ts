/**
 * PUBLISH frames laid out once and patched in place, so that the load generator costs next to nothing beside what it loads. Every reading
 * carries a value nobody else has: its number, so that the far end can be checked point by point.
 */

const VALUE_DIGITS = 10;
const TIME_DIGITS = 13;
/** Values begin here: all of them have ten digits, and stay exact. */
export const FIRST_VALUE = 1_000_000_000;

interface Layout {
  readonly octets: Buffer;
  readonly packetIdAt: number;
  readonly readings: readonly { readonly valueAt: number; readonly timeAt: number }[];
}

/** One topic's frame: `readings` readings a message, at QoS 1 or 0. */
export class LoadFrame {
  readonly #layout: Layout;

  constructor(topic: string, readings: number, qos: 0 | 1) {
    this.#layout = layOut(topic, readings, qos);
  }

  get octets(): Buffer {
    return this.#layout.octets;
  }

  /** Patches the frame: readings are numbered from `firstNumber`, their times end at `timeMs` and are one millisecond apart. */
  fill(packetId: number, firstNumber: number, timeMs: number): Buffer {
    const { octets, packetIdAt, readings } = this.#layout;
    if (packetIdAt > 0) octets.writeUInt16BE(packetId, packetIdAt);
    for (let i = 0; i < readings.length; i++) {
      const { valueAt, timeAt } = readings[i]!;
      writeDigits(octets, valueAt, VALUE_DIGITS, FIRST_VALUE + firstNumber + i);
      writeDigits(octets, timeAt, TIME_DIGITS, timeMs - (readings.length - 1 - i));
    }
    return octets;
  }
}

function layOut(topic: string, count: number, qos: 0 | 1): Layout {
  const one = `{"value":${'0'.repeat(VALUE_DIGITS)},"time":${'0'.repeat(TIME_DIGITS)}}`;
  const payload = count === 1 ? one : `[${Array.from({ length: count }, () => one).join(',')}]`;
  const variable = 2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0);
  const length: number[] = [];
  for (let rest = variable + payload.length; ; ) {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    length.push(rest > 0 ? low | 128 : low);
    if (rest === 0) break;
  }
  const topicOctets = Buffer.from(topic);
  const octets = Buffer.concat([
    Buffer.from([0x30 | (qos << 1), ...length, topicOctets.length >> 8, topicOctets.length & 255]),
    topicOctets,
    Buffer.alloc(qos > 0 ? 2 : 0),
    Buffer.from(payload),
  ]);
  const payloadAt = octets.length - payload.length;
  const readings = Array.from({ length: count }, (_, i) => {
    const at = payloadAt + (count === 1 ? 0 : 1 + i * (one.length + 1));
    return { valueAt: at + '{"value":'.length, timeAt: at + '{"value":'.length + VALUE_DIGITS + ',"time":'.length };
  });
  return { octets, packetIdAt: qos > 0 ? payloadAt - 2 : 0, readings };
}

function writeDigits(octets: Buffer, at: number, digits: number, value: number): void {
  for (let i = at + digits - 1; i >= at; i--) {
    const rest = Math.floor(value / 10);
    octets[i] = 48 + (value - rest * 10);
    value = rest;
  }
}
