/**
 * Events: the attributes of CloudEvents 1.0 and octets of data, and their form in a module's memory, in the queue and in the dead letters
 * (docs/reference/module-abi.md, *Events*).
 */
import { GatewayError } from '../../base/errors.ts';

/** Names to text. What an event must have is said by `checkEvent`; the reply of a function may have any. */
export type Attributes = Readonly<Record<string, string>>;

export interface EventMessage {
  readonly attributes: Attributes;
  readonly data: Uint8Array;
}

/** A message whose attributes make it an event. An event is the same as another when `source` and `id` are the same. */
export interface GatewayEvent extends EventMessage {
  readonly attributes: Attributes & { readonly id: string; readonly source: string; readonly type: string };
}

/** Bounds of one event. A function's input buffer is usually smaller: it decides what one function takes. */
export const EVENT_LIMITS = {
  attributes: 64,
  /** Octets of one value. */
  valueBytes: 4096,
  /** Octets of all names and values, with their lengths. */
  attributeBytes: 16 * 1024,
  dataBytes: 1 << 20,
} as const;

const VERSION = 1;
const HEADER_BYTES = 16;
const NAME = /^[a-z0-9]{1,20}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export interface EventSpec {
  /** Unique within the source. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Unix epoch milliseconds. */
  readonly timeMs: number;
  readonly data: Uint8Array;
  /** Further attributes; those that are not set are left out, and so is a `traceparent` that is none. */
  readonly more?: Readonly<Record<string, string | undefined>>;
}

export function makeEvent({ id, source, type, timeMs, data, more = {} }: EventSpec): GatewayEvent {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(more)) if (value !== undefined && value !== '') set[name] = value;
  if (set.traceparent !== undefined && !TRACEPARENT.test(set.traceparent)) delete set.traceparent;
  return { attributes: { specversion: '1.0', id, source, type, time: new Date(timeMs).toISOString(), ...set }, data };
}

/** @throws GatewayError `invalid` when a bound is passed. */
export function encodeEvent({ attributes, data }: EventMessage): Uint8Array {
  const pairs = Object.entries(attributes).map(
    ([name, value]) => [encoder.encode(name), encoder.encode(value)] as const,
  );
  const octets = pairs.reduce((sum, [name, value]) => sum + 4 + name.length + value.length, 0);
  Object.keys(attributes).forEach((name, index) => {
    check(`octets of attribute ${name}`, pairs[index]![1].length, EVENT_LIMITS.valueBytes);
  });
  check('attributes', pairs.length, EVENT_LIMITS.attributes);
  check('octets of attributes', octets, EVENT_LIMITS.attributeBytes);
  check('octets of data', data.length, EVENT_LIMITS.dataBytes);
  const dataAt = aligned(HEADER_BYTES + octets);
  const out = new Uint8Array(dataAt + data.length);
  const view = new DataView(out.buffer);
  [VERSION, pairs.length, octets, data.length].forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  let at = HEADER_BYTES;
  for (const [name, value] of pairs) {
    view.setUint16(at, name.length, true);
    view.setUint16(at + 2, value.length, true);
    out.set(name, at + 4);
    out.set(value, at + 4 + name.length);
    at += 4 + name.length + value.length;
  }
  out.set(data, dataAt);
  return out;
}

/**
 * Reads what `encodeEvent` or a module wrote; nothing in it is trusted. `data` is a view into `octets`.
 * @throws GatewayError `corrupt` naming what is wrong and where.
 */
export function decodeEvent(octets: Uint8Array): EventMessage {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  if (octets.length < HEADER_BYTES) throw corrupt(`${HEADER_BYTES} octets or more expected, ${octets.length} found`);
  const [version, count, attributeBytes, dataBytes] = [0, 4, 8, 12].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
    number,
  ];
  if (version !== VERSION) throw corrupt(`version ${VERSION} expected, ${version} found`);
  check('attributes', count, EVENT_LIMITS.attributes);
  check('octets of attributes', attributeBytes, EVENT_LIMITS.attributeBytes);
  check('octets of data', dataBytes, EVENT_LIMITS.dataBytes);
  const end = HEADER_BYTES + attributeBytes;
  const dataAt = aligned(end);
  if (octets.length !== dataAt + dataBytes)
    throw corrupt(`${dataAt + dataBytes} octets expected, ${octets.length} found`);
  return { attributes: readAttributes(octets, view, count, end), data: octets.subarray(dataAt) };
}

function readAttributes(octets: Uint8Array, view: DataView, count: number, end: number): Attributes {
  const attributes: Record<string, string> = {};
  let at = HEADER_BYTES;
  for (let index = 0; index < count; index++) {
    if (at + 4 > end) throw corrupt(`attribute ${index} expected at ${at}, nothing found`);
    const nameEnd = at + 4 + view.getUint16(at, true);
    const valueEnd = nameEnd + view.getUint16(at + 2, true);
    if (valueEnd > end) throw corrupt(`attribute ${index} at ${at} ends at ${valueEnd}, beyond ${end}`);
    const name = text(octets.subarray(at + 4, nameEnd), at);
    if (!NAME.test(name))
      throw corrupt(`a name of 1 to 20 of a-z and 0-9 expected at ${at}, ${JSON.stringify(name)} found`);
    if (Object.hasOwn(attributes, name)) throw corrupt(`attribute ${name} comes twice`);
    attributes[name] = text(octets.subarray(nameEnd, valueEnd), at);
    at = valueEnd;
  }
  if (at !== end) throw corrupt(`attributes up to ${end} expected, up to ${at} found`);
  return attributes;
}

/** @throws GatewayError `invalid` when an attribute that CloudEvents 1.0 asks for is missing or malformed. */
export function checkEvent(message: EventMessage): GatewayEvent {
  const { id = '', source = '', type = '', specversion } = message.attributes;
  if (id === '' || source === '' || type === '') {
    throw new GatewayError(
      'invalid',
      `event: id, source and type expected, ${JSON.stringify({ id, source, type })} found`,
    );
  }
  if (specversion !== '1.0') throw new GatewayError('invalid', `event: specversion 1.0 expected, ${specversion} found`);
  for (const name of Object.keys(message.attributes)) {
    if (!NAME.test(name))
      throw new GatewayError('invalid', `event: a name of 1 to 20 of a-z and 0-9 expected, ${name} found`);
  }
  return message as GatewayEvent;
}

function aligned(octets: number): number {
  return Math.ceil(octets / 8) * 8;
}

function text(octets: Uint8Array, at: number): string {
  try {
    return decoder.decode(octets);
  } catch (error) {
    throw new GatewayError('corrupt', `event: UTF-8 expected at ${at}`, { cause: error });
  }
}

function check(what: string, found: number, most: number): void {
  if (found > most) throw over(what, most, found);
}

function over(what: string, most: number, found: number): GatewayError {
  return new GatewayError('invalid', `event: ${what}: at most ${most} expected, ${found} found`);
}

function corrupt(detail: string): GatewayError {
  return new GatewayError('corrupt', `event: ${detail}`);
}
