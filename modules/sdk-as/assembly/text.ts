/**
 * Text for the host without taking memory: the SDK's arena owns the heap, so a module must not make strings (`a + b`, `toString`).
 * A literal costs nothing; here pieces are put together in one buffer, as UTF-8.
 */
import { dtoa_buffered } from 'util/number';

/** More than a line of the log holds, which the host cuts at 1,024. */
const TEXT_OCTETS: usize = 4096;
const TEXT: usize = memory.data(4096);
/** The longest number as UTF-16 has 24 units: "-1.2345678901234567e-308". */
const DIGITS: usize = memory.data(64, 2);

let used: usize = 0;
let isFull: bool = false;

export function beginText(): void {
  used = 0;
  isFull = false;
}

/** Adds a piece. One that might not fit is left out, and all that follow. */
export function addText(piece: string): void {
  addUtf16(changetype<usize>(piece), piece.length);
}

/** Adds a number the way JavaScript writes it: whole ones without ".0". */
export function addNumberText(value: f64): void {
  let units = <i32>dtoa_buffered(DIGITS, value);
  const end = DIGITS + (<usize>units << 1);
  const isWhole = units > 2 && load<u16>(end - 2) == 0x30 && load<u16>(end - 4) == 0x2e;
  if (isWhole) units -= 2;
  addUtf16(DIGITS, units);
}

/** Where the text stands. Valid until `beginText`. */
export function textFrom(): usize {
  return TEXT;
}

export function textOctets(): i32 {
  return <i32>used;
}

/** A unit of UTF-16 takes at most three octets. */
function addUtf16(from: usize, units: i32): void {
  isFull = isFull || used + 3 * <usize>units > TEXT_OCTETS;
  if (!isFull) used += String.UTF8.encodeUnsafe(from, units, TEXT + used);
}
