/**
 * Byte strings to small whole numbers: a hash table with open addressing and a bound, so that a topic or a name in a network
 * buffer is recognised without making a string of it. Keys are numbered from 0 in order of arrival and are never removed.
 */
import { GatewayError } from '../../base/errors.ts';

const decoder = new TextDecoder();

export class ByteTable {
  readonly bound: number;
  readonly #what: string;
  /** Slot + 1 of the key whose hash leads here, 0 where free; a power of two, at most half full. */
  #buckets = new Int32Array(32);
  #hashes = new Int32Array(16);
  /** Where each key starts in the arena; the entry after the last key says where it ends. */
  #starts = new Int32Array(17);
  #arena = new Uint8Array(256);
  #size = 0;

  /** @param bound most keys that may be added. @param what names the table in errors, in the plural: "topics". */
  constructor(bound: number, what: string) {
    this.bound = bound;
    this.#what = what;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of the key `buf[start..end)`, or -1. */
  find(buf: Uint8Array, start: number, end: number): number {
    const hash = hashOf(buf, start, end);
    const buckets = this.#buckets;
    const mask = buckets.length - 1;
    let bucket = hash & mask;
    while (true) {
      const slot = buckets[bucket]! - 1;
      if (slot < 0) return -1;
      if (this.#hashes[slot] === hash && this.#isEqual(slot, buf, start, end)) return slot;
      bucket = (bucket + 1) & mask;
    }
  }

  /**
   * The number of the key `buf[start..end)`, which is copied when it is new.
   * @throws GatewayError `exhausted` when a new key would pass the bound; the table stays as it was.
   */
  add(buf: Uint8Array, start: number, end: number): number {
    const found = this.find(buf, start, end);
    if (found >= 0) return found;
    if (this.#size >= this.bound) {
      throw new GatewayError('exhausted', `table of ${this.#what}: at most ${this.bound} expected, one more found`, {
        hint: 'Look for a device that sends ever new names, or raise the limit.',
      });
    }
    const slot = this.#size++;
    this.#makeRoom(end - start);
    const from = this.#starts[slot]!;
    for (let i = start; i < end; i++) this.#arena[from + i - start] = buf[i]!;
    this.#starts[slot + 1] = from + end - start;
    this.#hashes[slot] = hashOf(buf, start, end);
    this.#link(slot);
    return slot;
  }

  isFull(): boolean {
    return this.#size >= this.bound;
  }

  /** The key as text; malformed UTF-8 is replaced by U+FFFD. Makes a string: not for every reading. */
  textOf(slot: number): string {
    return decoder.decode(this.#arena.subarray(this.#starts[slot], this.#starts[slot + 1]));
  }

  #isEqual(slot: number, buf: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[slot]!;
    if (this.#starts[slot + 1]! - from !== end - start) return false;
    const arena = this.#arena;
    const offset = from - start;
    for (let i = start; i < end; i++) if (arena[offset + i] !== buf[i]) return false;
    return true;
  }

  /** Room for one more key of `octets`, whose slot is already counted. */
  #makeRoom(octets: number): void {
    const used = this.#starts[this.#size - 1]!;
    if (used + octets > this.#arena.length) {
      const arena = new Uint8Array(Math.max(this.#arena.length * 2, used + octets));
      arena.set(this.#arena);
      this.#arena = arena;
    }
    if (this.#size <= this.#hashes.length) return;
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const starts = new Int32Array(hashes.length + 1);
    starts.set(this.#starts);
    this.#starts = starts;
    this.#buckets = new Int32Array(hashes.length * 2);
    for (let slot = 0; slot < this.#size - 1; slot++) this.#link(slot);
  }

  #link(slot: number): void {
    const mask = this.#buckets.length - 1;
    let bucket = this.#hashes[slot]! & mask;
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
    this.#buckets[bucket] = slot + 1;
  }
}

/** Four octets a round, each round one multiplication by the golden ratio (Knuth, TAOCP 6.4). */
function hashOf(buf: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = buf[at]! | (buf[at + 1]! << 8) | (buf[at + 2]! << 16) | (buf[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | buf[at]!;
  hash = Math.imul(hash ^ rest, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
