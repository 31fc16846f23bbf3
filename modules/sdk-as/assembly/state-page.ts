/**
 * Pages of kept state, for `gw_snapshot` and `gw_restore`. Little-endian; every number stands at a multiple of 8:
 *
 *    0  u32 magic "tgst"     4  u32 tag of the module       8  u32 version of the state   12  u32 page, from 0
 *   16  u32 octets of it    20  u32 reserved, 0            24  u64 fingerprint           32  u64 checksum
 *   40  what the module writes, in words of 8 octets
 *
 * The fingerprint stands for what the state depends on beside the module: usually a part of the configuration. The checksum is
 * `hashOctets` of the page with 0 in its own place: it finds damage. What a page holds must be checked all the same.
 */
import { hashOctets } from './fingerprint';
import { INPUT, INPUT_OCTETS } from './input';
import { OUTPUT } from './output';

const MAGIC: u32 = 0x7473_6774;
const AT_TAG: usize = 4;
const AT_VERSION: usize = 8;
const AT_PAGE: usize = 12;
const AT_OCTETS: usize = 16;
const AT_RESERVED: usize = 20;
const AT_FINGERPRINT: usize = 24;
const AT_CHECKSUM: usize = 32;
const PAGE_HEADER: usize = 40;

/** A page is written to the output buffer and comes back in the input buffer, which is the smaller one. */
const PAGE_OCTETS: usize = <usize>INPUT_OCTETS;

// Zero, not the buffers' addresses: a value that is not known to the compiler would make a start function, and the guard refuses those.
let writeAt: usize = 0;
let readAt: usize = 0;
let readEnd: usize = 0;

export function beginPage(): void {
  writeAt = OUTPUT + PAGE_HEADER;
}

/** Whether `octets` more fit the page. Ask before writing what belongs together. */
export function hasPageRoom(octets: usize): bool {
  return writeAt + octets <= OUTPUT + PAGE_OCTETS;
}

export function putNumber(value: f64): void {
  store<f64>(writeAt, value);
  writeAt += 8;
}

/** Two u32 share a word. */
export function putWords(first: u32, second: u32): void {
  store<u32>(writeAt, first);
  store<u32>(writeAt + 4, second);
  writeAt += 8;
}

export function putLong(value: u64): void {
  store<u64>(writeAt, value);
  writeAt += 8;
}

/** Copies `octets` from `from`, and zeroes up to a multiple of 8. */
export function putOctets(from: usize, octets: usize): void {
  if ((octets & 7) != 0) store<u64>(writeAt + (octets & ~7), 0);
  memory.copy(writeAt, from, octets);
  writeAt += (octets + 7) & ~7;
}

/** Ends the page; returns its octets. `tag` is any constant of the module's own. */
export function sealPage(page: u32, tag: u32, version: u32, fingerprint: u64): i32 {
  const octets = writeAt - OUTPUT;
  store<u32>(OUTPUT, MAGIC);
  store<u32>(OUTPUT + AT_TAG, tag);
  store<u32>(OUTPUT + AT_VERSION, version);
  store<u32>(OUTPUT + AT_PAGE, page);
  store<u32>(OUTPUT + AT_OCTETS, <u32>octets);
  store<u32>(OUTPUT + AT_RESERVED, 0);
  store<u64>(OUTPUT + AT_FINGERPRINT, fingerprint);
  store<u64>(OUTPUT + AT_CHECKSUM, 0);
  store<u64>(OUTPUT + AT_CHECKSUM, hashOctets(OUTPUT, octets));
  return <i32>octets;
}

/** Opens the page of `len` octets in the input buffer for reading. False for a page that is foreign, out of turn, or damaged. */
export function openPage(len: i32, page: u32, tag: u32, version: u32, fingerprint: u64): bool {
  if (len < <i32>PAGE_HEADER || <usize>len > PAGE_OCTETS || (len & 7) != 0) return false;
  if (load<u32>(INPUT) != MAGIC || load<u32>(INPUT + AT_TAG) != tag || load<u32>(INPUT + AT_VERSION) != version) return false;
  if (load<u32>(INPUT + AT_PAGE) != page || load<u32>(INPUT + AT_OCTETS) != <u32>len) return false;
  if (load<u32>(INPUT + AT_RESERVED) != 0 || load<u64>(INPUT + AT_FINGERPRINT) != fingerprint) return false;
  const checksum = load<u64>(INPUT + AT_CHECKSUM);
  store<u64>(INPUT + AT_CHECKSUM, 0);
  const isWhole = hashOctets(INPUT, len) == checksum;
  store<u64>(INPUT + AT_CHECKSUM, checksum);
  readAt = INPUT + PAGE_HEADER;
  readEnd = INPUT + len;
  return isWhole;
}

/** Octets of the page not read yet. Ask before reading. */
export function pageLeft(): usize {
  return readEnd - readAt;
}

export function takeNumber(): f64 {
  readAt += 8;
  return load<f64>(readAt - 8);
}

/** The first of two u32; then `takeSecond`. */
export function takeFirst(): u32 {
  return load<u32>(readAt);
}

export function takeSecond(): u32 {
  readAt += 8;
  return load<u32>(readAt - 4);
}

export function takeLong(): u64 {
  readAt += 8;
  return load<u64>(readAt - 8);
}

/** Copies `octets` to `to`, and skips up to a multiple of 8. */
export function takeOctets(to: usize, octets: usize): void {
  memory.copy(to, readAt, octets);
  readAt += (octets + 7) & ~7;
}
