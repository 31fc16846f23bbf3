/** The event that `gw_on_event` finds in the input buffer: attributes, read one after the other, and data. Nothing is copied. */
import { EINVAL, ENOTSUP } from './errors';
import { INPUT, INPUT_OCTETS } from './input';

export const EVENT_VERSION: u32 = 1;
export const EVENT_HEADER: usize = 16;

let attributesEnd: usize = 0;
let nextAt: usize = 0;
let data: usize = 0;
let dataLength: usize = 0;
/** The attribute under the cursor. */
let name: usize = 0;
let nameLength: usize = 0;
let value: usize = 0;
let valueLength: usize = 0;

/** Checks the event of `len` octets in the buffer. 0, or EINVAL or ENOTSUP, and then nothing of it may be read. */
export function openEvent(len: i32): i32 {
  if (len < <i32>EVENT_HEADER || len > INPUT_OCTETS) return EINVAL;
  if (load<u32>(INPUT) != EVENT_VERSION) return ENOTSUP;
  const count = load<u32>(INPUT + 4);
  const attributeOctets = <u64>load<u32>(INPUT + 8);
  const dataOctets = <u64>load<u32>(INPUT + 12);
  const dataAt = (EVENT_HEADER + attributeOctets + 7) & ~7;
  if (dataAt + dataOctets != <u64>len) return EINVAL;
  attributesEnd = INPUT + EVENT_HEADER + <usize>attributeOctets;
  data = INPUT + <usize>dataAt;
  dataLength = <usize>dataOctets;
  return hasAttributes(count) ? 0 : EINVAL;
}

/** Whether the attributes are `count` and end where they should; leaves the cursor before the first. */
function hasAttributes(count: u32): bool {
  rewindAttributes();
  for (let i: u32 = 0; i < count; i++) if (!nextAttribute()) return false;
  if (nextAt != attributesEnd) return false;
  rewindAttributes();
  return true;
}

/** Puts the cursor before the first attribute. */
export function rewindAttributes(): void {
  nextAt = INPUT + EVENT_HEADER;
}

/** Moves to the next attribute; false at the end. */
export function nextAttribute(): bool {
  if (attributesEnd - nextAt < 4) return false;
  nameLength = load<u16>(nextAt);
  valueLength = load<u16>(nextAt + 2);
  if (attributesEnd - nextAt - 4 < nameLength + valueLength) return false;
  name = nextAt + 4;
  value = name + nameLength;
  nextAt = value + valueLength;
  return true;
}

/** Moves to the attribute `wanted` (ASCII); false when the event has none of that name. */
export function findAttribute(wanted: string): bool {
  rewindAttributes();
  while (nextAttribute()) if (isAscii(name, nameLength, wanted)) return true;
  return false;
}

/** Whether the attribute under the cursor has exactly the value `wanted` (ASCII). */
export function isAttributeValue(wanted: string): bool {
  return isAscii(value, valueLength, wanted);
}

function isAscii(from: usize, octets: usize, text: string): bool {
  if (octets != <usize>text.length) return false;
  for (let i: usize = 0; i < octets; i++) {
    if (<u16>load<u8>(from + i) != load<u16>(changetype<usize>(text) + (i << 1))) return false;
  }
  return true;
}

/** Where the name of the attribute under the cursor stands, UTF-8; valid as long as the event. */
export function attributeName(): usize {
  return name;
}

export function attributeNameOctets(): usize {
  return nameLength;
}

export function attributeValue(): usize {
  return value;
}

export function attributeValueOctets(): usize {
  return valueLength;
}

/** Where the data stands, a multiple of 8. */
export function eventData(): usize {
  return data;
}

export function eventDataOctets(): usize {
  return dataLength;
}
