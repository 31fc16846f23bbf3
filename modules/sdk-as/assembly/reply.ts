/**
 * The reply to an event, written to the output buffer: first the attributes, then the data, piece by piece. What does not fit is not
 * written, and `sealReply` then says so.
 */
import { ENOMEM } from './errors';
import { EVENT_HEADER, EVENT_VERSION } from './events';
import { OUTPUT, OUTPUT_OCTETS } from './output';

const END: usize = OUTPUT + <usize>OUTPUT_OCTETS;

let at: usize = 0;
let attributes: u32 = 0;
let attributesEnd: usize = 0;
/** 0 while attributes are being written. */
let dataFrom: usize = 0;
let hasOverflowed: bool = false;

export function beginReply(): void {
  at = OUTPUT + EVENT_HEADER;
  attributes = 0;
  dataFrom = 0;
  hasOverflowed = false;
}

/** Adds an attribute; before any data. HTTP callers look at `status` and `datacontenttype`. */
export function addReplyAttribute(name: string, value: string): void {
  const head = at;
  at += 4;
  const nameOctets = writeText(name);
  const valueOctets = writeText(value);
  if (hasOverflowed) return;
  store<u16>(head, <u16>nameOctets);
  store<u16>(head + 2, <u16>valueOctets);
  attributes++;
}

/** Adds text (a literal) to the data, as UTF-8. */
export function addReplyText(text: string): void {
  beginData();
  writeText(text);
}

/** Adds one octet to the data. */
export function addReplyOctet(octet: u8): void {
  beginData();
  if (!hasSpace(1)) return;
  store<u8>(at, octet);
  at++;
}

/** Adds `octets` at `from` to the data. */
export function addReplyOctets(from: usize, octets: usize): void {
  beginData();
  if (!hasSpace(octets)) return;
  memory.copy(at, from, octets);
  at += octets;
}

/** Ends the reply; returns its octets, or ENOMEM when it did not fit. */
export function sealReply(): i32 {
  beginData();
  if (hasOverflowed) return ENOMEM;
  store<u32>(OUTPUT, EVENT_VERSION);
  store<u32>(OUTPUT + 4, attributes);
  store<u32>(OUTPUT + 8, <u32>(attributesEnd - OUTPUT - EVENT_HEADER));
  store<u32>(OUTPUT + 12, <u32>(at - dataFrom));
  return <i32>(at - OUTPUT);
}

function beginData(): void {
  if (dataFrom != 0) return;
  attributesEnd = at;
  dataFrom = (at + 7) & ~7;
  if (dataFrom > END) {
    hasOverflowed = true;
    return;
  }
  for (; at < dataFrom; at++) store<u8>(at, 0);
}

/** A unit of UTF-16 takes at most three octets. */
function writeText(text: string): usize {
  if (!hasSpace(3 * <usize>text.length)) return 0;
  const octets = String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
  at += octets;
  return octets;
}

function hasSpace(octets: usize): bool {
  hasOverflowed = hasOverflowed || at > END || octets > END - at;
  return !hasOverflowed;
}
