/**
 * Steps over JSON (RFC 8259) in octets. A position is a whole number; every step takes one and returns the next, or a negative
 * fault of `decode-faults.ts`. Nothing is made, nothing is kept: strings stay where they lie. Octets that are no UTF-8 are
 * taken as text inside a string, and are faults anywhere else.
 */
import { DECODE_FAULTS } from './decode-faults.ts';
import { parseNumber } from './number-parse.ts';

/** Containers inside each other, the outermost counted as one. A sensor message has three or four. */
export const DEPTH_MAX = 32;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const BRACKET_OPEN = 0x5b;
export const BRACKET_CLOSE = 0x5d;
export const BRACE_OPEN = 0x7b;
export const BRACE_CLOSE = 0x7d;
export const LETTER_F = 0x66;
export const LETTER_N = 0x6e;
export const LETTER_T = 0x74;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const discarded = new Float64Array(1);

/** The octet at a position; 0, which is no part of JSON, at the end. */
export function octetAt(buf: Uint8Array, at: number, end: number): number {
  return at < end ? buf[at]! : 0;
}

export function isDigitOrMinus(octet: number): boolean {
  return (octet >= 0x30 && octet <= 0x39) || octet === MINUS;
}

/** @returns the position of the first octet that is not white space, `end` when there is none. */
export function skipSpace(buf: Uint8Array, at: number, end: number): number {
  let pos = at;
  while (pos < end) {
    const octet = buf[pos]!;
    if (octet > SPACE) return pos;
    if (octet !== SPACE && octet !== LINE_FEED && octet !== CARRIAGE_RETURN && octet !== TAB) return pos;
    pos++;
  }
  return pos;
}

/** @returns the position of the first octet from `at` that ends plain text: a quote, a backslash, a control character, or `end`. */
export function skipPlainText(buf: Uint8Array, at: number, end: number): number {
  let pos = at;
  while (pos < end) {
    const octet = buf[pos]!;
    if (octet === QUOTE || octet === BACKSLASH || octet < SPACE) return pos;
    pos++;
  }
  return pos;
}

/** From inside a string to the position after its closing quote. */
export function skipString(buf: Uint8Array, at: number, end: number): number {
  let pos = skipPlainText(buf, at, end);
  while (pos < end) {
    if (buf[pos] === QUOTE) return pos + 1;
    if (buf[pos] !== BACKSLASH) return DECODE_FAULTS.malformed_json;
    const escaped = octetAt(buf, pos + 1, end);
    if (escaped === 0x75) {
      for (let i = pos + 2; i < pos + 6; i++)
        if (!isHexDigit(octetAt(buf, i, end))) return DECODE_FAULTS.malformed_json;
      pos += 6;
    } else if (isShortEscape(escaped)) pos += 2;
    else return DECODE_FAULTS.malformed_json;
    pos = skipPlainText(buf, pos, end);
  }
  return DECODE_FAULTS.malformed_json;
}

/** From the first letter of `true`, `false` or `null` to the position after the last. */
export function skipLiteral(buf: Uint8Array, at: number, end: number): number {
  const octet = octetAt(buf, at, end);
  if (octet === LETTER_T && startsWith(buf, at, end, 'true')) return at + 4;
  if (octet === LETTER_F && startsWith(buf, at, end, 'false')) return at + 5;
  if (octet === LETTER_N && startsWith(buf, at, end, 'null')) return at + 4;
  return faultAt(buf, at, end);
}

/** From the first octet of any value to the position after it. `depth` counts the containers around it. */
export function skipValue(buf: Uint8Array, at: number, end: number, depth: number): number {
  const octet = octetAt(buf, at, end);
  if (octet === QUOTE) return skipString(buf, at + 1, end);
  if (isDigitOrMinus(octet)) {
    const after = parseNumber(buf, at, end, discarded, 0);
    return after < 0 ? faultAt(buf, at, end) : after;
  }
  if (octet === BRACE_OPEN) return skipContainer(buf, at, end, depth + 1, BRACE_CLOSE);
  if (octet === BRACKET_OPEN) return skipContainer(buf, at, end, depth + 1, BRACKET_CLOSE);
  return skipLiteral(buf, at, end);
}

function skipContainer(buf: Uint8Array, at: number, end: number, depth: number, close: number): number {
  if (depth > DEPTH_MAX) return DECODE_FAULTS.too_deep;
  let pos = skipSpace(buf, at + 1, end);
  if (octetAt(buf, pos, end) === close) return pos + 1;
  while (true) {
    if (close === BRACE_CLOSE) {
      if (octetAt(buf, pos, end) !== QUOTE) return faultAt(buf, pos, end);
      pos = skipString(buf, pos + 1, end);
      if (pos < 0) return pos;
      pos = skipSpace(buf, pos, end);
      if (octetAt(buf, pos, end) !== COLON) return DECODE_FAULTS.malformed_json;
      pos = skipSpace(buf, pos + 1, end);
    }
    pos = skipValue(buf, pos, end, depth);
    if (pos < 0) return pos;
    pos = skipSpace(buf, pos, end);
    const octet = octetAt(buf, pos, end);
    if (octet === close) return pos + 1;
    if (octet !== COMMA) return DECODE_FAULTS.malformed_json;
    pos = skipSpace(buf, pos + 1, end);
  }
}

/** Which fault it is that no value starts here: firmware that prints a float without looking writes NaN and Infinity. */
export function faultAt(buf: Uint8Array, at: number, end: number): number {
  const word = octetAt(buf, at, end) === MINUS ? at + 1 : at;
  if (startsWith(buf, word, end, 'NaN') || startsWith(buf, word, end, 'Infinity')) return DECODE_FAULTS.nan;
  if (startsWith(buf, word, end, 'nan') || startsWith(buf, word, end, 'inf')) return DECODE_FAULTS.nan;
  return DECODE_FAULTS.malformed_json;
}

function startsWith(buf: Uint8Array, at: number, end: number, word: string): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) if (buf[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

function isHexDigit(octet: number): boolean {
  const lower = octet | 0x20;
  return (octet >= 0x30 && octet <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

/** One of `" \ / b f n r t` behind a backslash. */
function isShortEscape(octet: number): boolean {
  switch (octet) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case LETTER_F:
    case LETTER_N:
    case 0x72:
    case LETTER_T:
      return true;
    default:
      return false;
  }
}
