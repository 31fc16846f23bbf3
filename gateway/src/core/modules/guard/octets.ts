/**
 * Reading and writing the binary format of WebAssembly: LEB128 numbers, vectors, names. Every fault names the offset in the module.
 * @see https://webassembly.github.io/spec/core/binary/
 */
import { GatewayError } from '../../../base/errors.ts';

/** What the binary says cannot be: `corrupt`, with the offset. */
export function malformed(at: number, expected: string, found: string | number): GatewayError {
  return new GatewayError('corrupt', `module: at offset ${at}: ${expected} expected, ${found} found`);
}

/** What the binary says may not be: `denied`, with what, where, limit and found. */
export function refused(at: number, what: string, limit: string | number, found: string | number): GatewayError {
  return new GatewayError('denied', `module: ${what} at offset ${at}: ${limit} allowed, ${found} found`);
}

/** A position in the module's octets, within `at..end`. */
export class Cursor {
  readonly octets: Uint8Array;
  readonly end: number;
  at: number;

  constructor(octets: Uint8Array, at = 0, end = octets.length) {
    this.octets = octets;
    this.at = at;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw malformed(this.at, 'an octet', 'the end');
    return this.octets[this.at++]!;
  }

  /** Unsigned, at most 32 bits: five octets, the last of which holds four bits. */
  u32(): number {
    const start = this.at;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const octet = this.u8();
      if (i === 4 && octet > 15) throw malformed(start, 'a number of 32 bits', 'more');
      value += (octet & 127) * 2 ** (7 * i);
      if (octet < 128) return value;
    }
    throw malformed(start, 'a number of at most five octets', 'more');
  }

  /** Skips a signed number of at most `octetsMax` octets. */
  skipSigned(octetsMax: number): void {
    const start = this.at;
    for (let i = 0; i < octetsMax; i++) if (this.u8() < 128) return;
    throw malformed(start, `a number of at most ${octetsMax} octets`, 'more');
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw malformed(this.at, `${count} octets`, this.end - this.at);
    this.at += count;
  }

  /** The next `count` octets as a cursor of their own; this one goes on behind them. */
  part(count: number): Cursor {
    const start = this.at;
    this.skip(count);
    return new Cursor(this.octets, start, start + count);
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    return new TextDecoder().decode(this.octets.subarray(start, start + length));
  }
}

/** Octets in the making. */
export class Output {
  #octets: Uint8Array;
  length = 0;

  constructor(capacity: number) {
    this.#octets = new Uint8Array(capacity);
  }

  view(): Uint8Array {
    return this.#octets.subarray(0, this.length);
  }

  u8(octet: number): void {
    if (this.length === this.#octets.length) this.#grow(1);
    this.#octets[this.length++] = octet;
  }

  u32(value: number): void {
    while (value >= 128) {
      this.u8((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    this.u8(value);
  }

  /** Signed, for values in ±2^31. */
  s32(value: number): void {
    while (value < -64 || value > 63) {
      this.u8((value & 127) | 128);
      value >>= 7;
    }
    this.u8(value & 127);
  }

  raw(octets: Uint8Array): void {
    if (this.length + octets.length > this.#octets.length) this.#grow(octets.length);
    this.#octets.set(octets, this.length);
    this.length += octets.length;
  }

  name(text: string): void {
    const octets = new TextEncoder().encode(text);
    this.u32(octets.length);
    this.raw(octets);
  }

  section(id: number, body: Uint8Array): void {
    this.u8(id);
    this.u32(body.length);
    this.raw(body);
  }

  #grow(extra: number): void {
    const grown = new Uint8Array(Math.max(this.#octets.length * 2, this.length + extra));
    grown.set(this.view());
    this.#octets = grown;
  }
}
