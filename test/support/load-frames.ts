/**
 * PUBLISH frames laid out once and patched in place, so that the load generator costs next to nothing beside what it loads. A reading
 * carries a value nobody else has: its number, so that the far end can be checked point by point; or, where octets are what is
 * measured, a value as sensors send it: two decimals, a step up or down from the one before.
 */

const VALUE_DIGITS = 10;
const TIME_DIGITS = 13;
/** `00.00`, always in 10.00..99.99. */
const WALK_TEXT_BYTES = 5;
const WALK_STEP_MAX = 5;
/** Values begin here: all of them have ten digits, and stay exact. */
export const FIRST_VALUE = 1_000_000_000;

/** What readings carry. */
export type LoadValues = 'numbered' | 'walk';

interface Layout {
  readonly octets: Buffer;
  readonly packetIdAt: number;
  readonly readings: readonly { readonly valueAt: number; readonly timeAt: number }[];
}

/** One topic's frame: `readings` readings a message, at QoS 1 or 0. */
export class LoadFrame {
  readonly #layout: Layout;
  readonly #values: LoadValues;
  /** Of a walk: hundredths. */
  #walk: number;

  constructor(topic: string, readings: number, qos: 0 | 1, values: LoadValues = 'numbered') {
    this.#layout = layOut(topic, readings, qos, values === 'numbered' ? VALUE_DIGITS : WALK_TEXT_BYTES);
    this.#values = values;
    this.#walk = 1000 + Math.floor(Math.random() * 9000);
  }

  get octets(): Buffer {
    return this.#layout.octets;
  }

  /** Patches the frame: readings are numbered from `firstNumber`, their times end at `timeMs` and are `spacingMs` apart. */
  fill(packetId: number, firstNumber: number, timeMs: number, spacingMs = 1): Buffer {
    const { octets, packetIdAt, readings } = this.#layout;
    if (packetIdAt > 0) octets.writeUInt16BE(packetId, packetIdAt);
    for (let i = 0; i < readings.length; i++) {
      const { valueAt, timeAt } = readings[i]!;
      if (this.#values === 'numbered') writeDigits(octets, valueAt, VALUE_DIGITS, FIRST_VALUE + firstNumber + i);
      else this.#step(octets, valueAt);
      writeDigits(octets, timeAt, TIME_DIGITS, Math.round(timeMs - (readings.length - 1 - i) * spacingMs));
    }
    return octets;
  }

  #step(octets: Buffer, at: number): void {
    const step = Math.floor(Math.random() * (2 * WALK_STEP_MAX + 1)) - WALK_STEP_MAX;
    this.#walk = Math.min(9999, Math.max(1000, this.#walk + step));
    const whole = Math.floor(this.#walk / 100);
    writeDigits(octets, at, 2, whole);
    writeDigits(octets, at + 3, 2, this.#walk - whole * 100);
  }
}

function layOut(topic: string, count: number, qos: 0 | 1, valueBytes: number): Layout {
  const zero = valueBytes === WALK_TEXT_BYTES ? '00.00' : '0'.repeat(valueBytes);
  const one = `{"value":${zero},"time":${'0'.repeat(TIME_DIGITS)}}`;
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
    return { valueAt: at + '{"value":'.length, timeAt: at + '{"value":'.length + valueBytes + ',"time":'.length };
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
