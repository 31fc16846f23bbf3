/** The slow way for the few keys and names that are written with escapes: their text in UTF-8. */

const SHORT_ESCAPES = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);
const REPLACEMENT = 0xfffd;

/**
 * Writes the text of `buf[from..to)`, the inside of a string that `skipString` accepted, into `into` from `at`. A surrogate
 * without its partner becomes U+FFFD, as a `TextEncoder` would write it.
 * @returns the position after the last octet written, or -1 when there is no room.
 */
export function unescapeText(buf: Uint8Array, from: number, to: number, into: Uint8Array, at: number): number {
  let pos = from;
  let written = at;
  while (pos < to) {
    const octet = buf[pos]!;
    if (octet !== 0x5c) {
      if (written >= into.length) return -1;
      into[written++] = octet;
      pos++;
      continue;
    }
    const escaped = buf[pos + 1]!;
    let codePoint = SHORT_ESCAPES.get(escaped) ?? escaped;
    pos += 2;
    if (escaped === 0x75) {
      codePoint = hexAt(buf, pos);
      pos += 4;
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) {
        const low =
          codePoint < 0xdc00 && pos + 6 <= to && buf[pos] === 0x5c && buf[pos + 1] === 0x75 ? hexAt(buf, pos + 2) : 0;
        if (low >= 0xdc00 && low <= 0xdfff) {
          codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (low - 0xdc00);
          pos += 6;
        } else codePoint = REPLACEMENT;
      }
    }
    written = writeCodePoint(codePoint, into, written);
    if (written < 0) return -1;
  }
  return written;
}

function hexAt(buf: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const octet = buf[i]!;
    value = value * 16 + (octet <= 0x39 ? octet - 0x30 : (octet | 0x20) - 0x57);
  }
  return value;
}

function writeCodePoint(code: number, into: Uint8Array, at: number): number {
  const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  if (at + size > into.length) return -1;
  if (size === 1) into[at] = code;
  else {
    for (let i = size - 1, rest = code; i > 0; i--, rest >>= 6) into[at + i] = 0x80 | (rest & 0x3f);
    into[at] = (0xf00 >> size) | (code >> (6 * (size - 1)));
  }
  return at + size;
}
