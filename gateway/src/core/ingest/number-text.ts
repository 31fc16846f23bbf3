import { DECODE_FAULTS } from './decode-faults.ts';
import { skipSpace } from './json-cursor.ts';
import { parseNumber } from './number-parse.ts';

/** What firmware prints for a float that is no number, in lower case and without its sign. */
const NOT_FINITE = ['nan', 'inf', 'infinity'];

/**
 * Reads a text that holds one JSON number and nothing else but white space around it into `out[slot]`: a plain payload, or a
 * number in quotes.
 * @returns 0, or the fault `empty`, `nan` (also for a number beyond the range of a double) or `not_a_number`.
 */
export function readNumberText(buf: Uint8Array, from: number, to: number, out: Float64Array, slot: number): number {
  const start = skipSpace(buf, from, to);
  if (start === to) return DECODE_FAULTS.empty;
  const after = parseNumber(buf, start, to, out, slot);
  if (after < 0 || skipSpace(buf, after, to) !== to) {
    return isNotFinite(buf, start, to) ? DECODE_FAULTS.nan : DECODE_FAULTS.not_a_number;
  }
  return Number.isFinite(out[slot]) ? 0 : DECODE_FAULTS.nan;
}

function isNotFinite(buf: Uint8Array, from: number, to: number): boolean {
  let start = from;
  let end = to;
  while (end > start && buf[end - 1]! <= 0x20) end--;
  if (buf[start] === 0x2b || buf[start] === 0x2d) start++;
  return NOT_FINITE.some((word) => {
    if (word.length !== end - start) return false;
    for (let i = 0; i < word.length; i++) if ((buf[start + i]! | 0x20) !== word.charCodeAt(i)) return false;
    return true;
  });
}
