import { GatewayError } from './errors.ts';

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

/**
 * A growing run of octets, little-endian, with LEB128 varints. Whole numbers in varints are limited to 2^53: what JavaScript
 * holds exactly. Reused by `reset()`; `view()` is valid until the next write.
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  reset(): void {
    this.length = 0;
  }

  view(from = 0, to = this.length): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  /** Makes room for `extra` more octets. */
  reserve(extra: number): void {
    if (this.length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + extra));
    grown.set(this.view());
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  u8(n: number): void {
    this.reserve(1);
    this.#bytes[this.length++] = n;
  }

  u32(n: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, n, true);
    this.length += 4;
  }

  f64(n: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, n, true);
    this.length += 8;
  }

  /** Overwrites four octets written before. */
  patchU32(at: number, n: number): void {
    this.#view.setUint32(at, n, true);
  }

  /** A whole number in 0..2^53. */
  varint(n: number): void {
    this.reserve(8);
    const bytes = this.#bytes;
    let at = this.length;
    while (n >= 0x8000_0000) {
      bytes[at++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    while (n >= 128) {
      bytes[at++] = (n & 127) | 128;
      n >>>= 7;
    }
    bytes[at++] = n;
    this.length = at;
  }

  /** A whole number in ±2^52. */
  zigzag(n: number): void {
    this.varint(n >= 0 ? n * 2 : -n * 2 - 1);
  }

  raw(octets: Uint8Array): void {
    this.reserve(octets.length);
    this.#bytes.set(octets, this.length);
    this.length += octets.length;
  }

  /** UTF-8 with its length before it. */
  text(text: string): void {
    const encoded = utf8Encoder.encode(text);
    this.varint(encoded.length);
    this.raw(encoded);
  }
}

/** Reads what `ByteWriter` wrote. Every read past the end throws `corrupt`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  at = 0;

  /** @param what names the thing in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.at;
  }

  #need(octets: number): void {
    if (octets < 0 || this.at + octets > this.#bytes.length) {
      throw new GatewayError(
        'corrupt',
        `${this.#what}: ${octets} octets expected at ${this.at}, ${this.remaining} left`,
      );
    }
  }

  u8(): number {
    this.#need(1);
    return this.#bytes[this.at++]!;
  }

  u32(): number {
    this.#need(4);
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }

  f64(): number {
    this.#need(8);
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }

  varint(): number {
    const bytes = this.#bytes;
    let result = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const octet = bytes[this.at];
      if (octet === undefined) this.#need(1);
      this.at++;
      result += (octet! & 127) * scale;
      if (octet! < 128) return result;
      scale *= 128;
    }
    throw new GatewayError('corrupt', `${this.#what}: a varint of at most 8 octets expected at ${this.at - 8}`);
  }

  zigzag(): number {
    const n = this.varint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  /** A view into the bytes read, not a copy. */
  raw(octets: number): Uint8Array {
    this.#need(octets);
    this.at += octets;
    return this.#bytes.subarray(this.at - octets, this.at);
  }

  text(): string {
    return utf8Decoder.decode(this.raw(this.varint()));
  }
}
