/** JSON strings of UTF-8 octets. */
import { addReplyOctet, addReplyOctets, addReplyText } from '../../sdk-as/assembly/reply';

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
/** Below it stand the control characters, which JSON wants escaped. */
const SPACE: u8 = 0x20;

/** Adds `octets` of UTF-8 at `from` as a JSON string, quoted. */
export function addReplyJson(from: usize, octets: usize): void {
  addReplyOctet(QUOTE);
  let plain = from;
  for (let at = from; at < from + octets; at++) {
    const octet = load<u8>(at);
    if (octet >= SPACE && octet != QUOTE && octet != BACKSLASH) continue;
    addReplyOctets(plain, at - plain);
    addEscaped(octet);
    plain = at + 1;
  }
  addReplyOctets(plain, from + octets - plain);
  addReplyOctet(QUOTE);
}

function addEscaped(octet: u8): void {
  if (octet >= SPACE) {
    addReplyOctet(BACKSLASH);
    addReplyOctet(octet);
    return;
  }
  addReplyText('\\u00');
  addReplyOctet(hexDigit(octet >> 4));
  addReplyOctet(hexDigit(octet & 15));
}

function hexDigit(value: u8): u8 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
