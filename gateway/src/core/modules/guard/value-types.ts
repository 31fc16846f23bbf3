/**
 * Value types: the seven of one octet each that WebAssembly 2.0 has. An engine may know more, some of several octets (references to
 * types of the module): whoever skips one octet for such a type reads everything behind it wrongly, so they are refused wherever one may stand.
 */
import { type Cursor, refused } from './octets.ts';

const NAMES: Readonly<Record<number, string>> = {
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
  123: 'v128',
  112: 'funcref',
  111: 'externref',
};

const IS_TYPE = Uint8Array.from({ length: 256 }, (_, octet) => (octet in NAMES ? 1 : 0));

export const I32 = 0x7f;
export const I64 = 0x7e;

/** @returns its octet. @throws GatewayError `denied` for any other. */
export function readValueType(cursor: Cursor): number {
  const at = cursor.at;
  const octet = cursor.u8();
  if (IS_TYPE[octet] === 0) throw refused(at, 'a value type', 'those of WebAssembly 2.0', hex(octet));
  return octet;
}

export function readReferenceType(cursor: Cursor): number {
  const at = cursor.at;
  const octet = cursor.u8();
  if (octet !== 0x70 && octet !== 0x6f)
    throw refused(at, 'a reference type', 'function or external references', hex(octet));
  return octet;
}

/** Nothing (0x40), a value type, or the index of a type: a number of 33 bits that is not negative. */
export function skipBlockType(cursor: Cursor): void {
  const at = cursor.at;
  const octet = cursor.u8();
  if (octet <= 0x40 || IS_TYPE[octet] === 1) return;
  cursor.at = at;
  // A negative number in several octets would be a type again, in another guise.
  if (octet < 128 || (cursor.skipSigned(5) & 0x40) !== 0)
    throw refused(at, "a block's type", 'those of WebAssembly 2.0', hex(octet));
}

export function typeName(octet: number): string {
  return NAMES[octet] ?? hex(octet);
}

function hex(octet: number): string {
  return `0x${octet.toString(16)}`;
}
