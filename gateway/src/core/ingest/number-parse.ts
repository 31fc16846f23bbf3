/**
 * Decimal numbers out of octets, bit for bit what `Number(text)` gives, without making the text.
 *
 * Up to 15 significant digits (16 when small enough) fit a double exactly, and so do the powers of ten up to 10^22: one
 * multiplication or division of the two is then correctly rounded (Clinger 1990, "How to read floating point numbers
 * accurately"). Digits are gathered in two 32-bit integers, which is twice as fast as gathering them in a double. Up to 18
 * digits, as a computed value prints, are a sum of two doubles, whose quotient is exact enough to be rounded but for rare ties
 * (`decimal-quotient.ts`). Those, and anything longer, take the way over a string.
 */
import { roundedQuotient } from './decimal-quotient.ts';

const POWERS = new Float64Array([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);
const POWER_MAX = 22;
/** Digits that fit the first 32-bit integer, and both together. */
const HEAD_DIGITS = 9;
const EXACT_DIGITS = 15;
const DOUBLED_DIGITS = 18;
/** A head below this followed by seven digits stays below 2^53. */
const HEAD_OF_SIXTEEN = 900_719_925;
/** Beyond this an exponent says zero or infinity whatever the digits of a message that fits in memory. */
const EXPONENT_CAP = 1e8;

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const LOWER_CASE = 0x20;
const LETTER_E = 0x65;

const latin1 = new TextDecoder('latin1');

/**
 * Reads one number of the JSON grammar (RFC 8259 §6: no leading plus, no leading zeros, digits on both sides of a point)
 * from `buf[at..end)` into `out[slot]`; beyond the range of a double that is ±Infinity.
 * @returns the position after the number, or -1 when none starts here.
 */
export function parseNumber(buf: Uint8Array, at: number, end: number, out: Float64Array, slot: number): number {
  let pos = at;
  let byte = pos < end ? buf[pos]! : 0;
  const negative = byte === MINUS;
  if (negative) byte = ++pos < end ? buf[pos]! : 0;
  let digit = byte - ZERO;
  if (digit < 0 || digit > 9) return -1;

  let head = 0;
  let tail = 0;
  let digits = 0;
  let exponent = 0;
  if (digit === 0) {
    byte = ++pos < end ? buf[pos]! : 0;
    if (byte >= ZERO && byte <= ZERO + 9) return -1;
  } else {
    do {
      if (digits < HEAD_DIGITS) head = (Math.imul(head, 10) + digit) | 0;
      else tail = (Math.imul(tail, 10) + digit) | 0;
      digits++;
      byte = ++pos < end ? buf[pos]! : 0;
      digit = byte - ZERO;
    } while (digit >= 0 && digit <= 9);
  }
  if (byte === POINT) {
    const first = ++pos;
    byte = pos < end ? buf[pos]! : 0;
    digit = byte - ZERO;
    if (digit < 0 || digit > 9) return -1;
    do {
      if (digits < HEAD_DIGITS) head = (Math.imul(head, 10) + digit) | 0;
      else tail = (Math.imul(tail, 10) + digit) | 0;
      // Zeros in front of the first other digit are no digits of the mantissa.
      if (digits !== 0 || digit !== 0) digits++;
      byte = ++pos < end ? buf[pos]! : 0;
      digit = byte - ZERO;
    } while (digit >= 0 && digit <= 9);
    exponent = first - pos;
  }
  if ((byte | LOWER_CASE) === LETTER_E) {
    byte = ++pos < end ? buf[pos]! : 0;
    const down = byte === MINUS;
    if (down || byte === PLUS) byte = ++pos < end ? buf[pos]! : 0;
    digit = byte - ZERO;
    if (digit < 0 || digit > 9) return -1;
    let scale = 0;
    do {
      if (scale < EXPONENT_CAP) scale = scale * 10 + digit;
      byte = ++pos < end ? buf[pos]! : 0;
      digit = byte - ZERO;
    } while (digit >= 0 && digit <= 9);
    exponent += down ? -scale : scale;
  }

  let size = head;
  if (digits > HEAD_DIGITS) {
    const scaled = head * POWERS[Math.min(digits - HEAD_DIGITS, HEAD_DIGITS)]!;
    const isExact = digits <= EXACT_DIGITS || (digits === EXACT_DIGITS + 1 && head < HEAD_OF_SIXTEEN);
    if (!isExact) {
      const canDivide = digits <= DOUBLED_DIGITS && exponent <= 0 && exponent >= -POWER_MAX;
      const quotient = canDivide ? roundedQuotient(scaled, tail, POWERS[-exponent]!) : NaN;
      out[slot] = Number.isNaN(quotient) ? parseByText(buf, at, pos) : negative ? -quotient : quotient;
      return pos;
    }
    size = scaled + tail;
  }
  if (exponent !== 0 && size !== 0) {
    if (exponent < 0 && exponent >= -POWER_MAX) size /= POWERS[-exponent]!;
    else if (exponent > 0 && exponent <= POWER_MAX) size *= POWERS[exponent]!;
    else {
      out[slot] = parseByText(buf, at, pos);
      return pos;
    }
  }
  out[slot] = negative ? -size : size;
  return pos;
}

/** The slow and exact way. The octets have been checked to be a number, hence ASCII. */
function parseByText(buf: Uint8Array, from: number, to: number): number {
  // A decoder call costs more than a short loop: 0.25 µs against 0.1 µs for 18 digits.
  if (to - from > 40) return Number(latin1.decode(buf.subarray(from, to)));
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(buf[i]!);
  return Number(text);
}
