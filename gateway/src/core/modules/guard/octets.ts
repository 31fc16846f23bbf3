/**
 * Reading the binary format of WebAssembly: LEB128 numbers, vectors, names. Every fault names the offset in the module.
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

/** A name that begins with a byte order mark is another than the same without. */
const NAMES = new TextDecoder('utf-8', { ignoreBOM: true });

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
    const first = this.u8();
    return first < 128 ? first : this.#longU32(first);
  }

  /** Skips a signed number of at most `octetsMax` octets. @returns its last octet: bit 6 is its sign. */
  skipSigned(octetsMax: number): number {
    const start = this.at;
    for (let i = 0; i < octetsMax; i++) {
      const octet = this.u8();
      if (octet < 128) return octet;
    }
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

  /** A cursor of its own over what is left. */
  copy(): Cursor {
    return new Cursor(this.octets, this.at, this.end);
  }

  name(): string {
    const length = this.u32();
    const start = this.at;
    this.skip(length);
    return NAMES.decode(this.octets.subarray(start, start + length));
  }

  #longU32(first: number): number {
    const start = this.at - 1;
    let value = first & 127;
    for (let i = 1; i < 5; i++) {
      const octet = this.u8();
      if (i === 4 && octet > 15) throw malformed(start, 'a number of 32 bits', 'more');
      value += (octet & 127) * 2 ** (7 * i);
      if (octet < 128) return value;
    }
    throw malformed(start, 'a number of at most five octets', 'more');
  }
}
