/** Writing the binary format of WebAssembly. */

/** Shorter pieces are copied octet by octet: a view costs more. */
const SHORT = 48;
const TEXT = new TextEncoder();

/** Octets in the making; grows as needed, and can be used anew after `length = 0`. */
export class Output {
  #octets: Uint8Array;
  length = 0;

  constructor(capacity: number) {
    this.#octets = new Uint8Array(capacity);
  }

  /** What was written so far; not a copy: writing more may change it or leave it behind. */
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

  raw(octets: ArrayLike<number>): void {
    this.copy(octets, 0, octets.length);
  }

  /** Octets `from` to `to` of `source`. */
  copy(source: ArrayLike<number>, from: number, to: number): void {
    const count = to - from;
    if (this.length + count > this.#octets.length) this.#grow(count);
    if (count < SHORT || !(source instanceof Uint8Array)) {
      const octets = this.#octets;
      for (let read = from, write = this.length; read < to; read++, write++) octets[write] = source[read]!;
    } else this.#octets.set(source.subarray(from, to), this.length);
    this.length += count;
  }

  name(text: string): void {
    const octets = TEXT.encode(text);
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
