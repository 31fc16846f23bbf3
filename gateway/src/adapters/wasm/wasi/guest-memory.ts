import { assert } from '../../../base/assert.ts';
import { GatewayError } from '../../../base/errors.ts';
import { FUEL_EXPORT } from '../../../core/modules/ports.ts';
import { refuse } from './abi.ts';

/** Fuel is taken in these: a unit is what the guard takes for a bulk operation of 16 octets. */
const OCTETS_A_UNIT = 16;
/** Of each call: about what it takes the host, at the least, in instructions of a module. */
const CALL_OCTETS = 100 * OCTETS_A_UNIT;

/** Buffers that one call may name; a C library names two. */
const VECTORS_MAX = 64;

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The linear memory of an instance, and its fuel. Every offset is checked before it is used: outside of the memory the call ends with
 * `EFAULT`. Views are made anew when the memory has grown; nobody may keep one beyond a call.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined;
  #fuel: WebAssembly.Global<bigint> | undefined;
  #octets = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));

  attach(instance: WebAssembly.Instance): void {
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint> | undefined;
  }

  /** @param at @param length i32 as the engine hands them over, signed. */
  bytes(at: number, length: number): Uint8Array {
    const start = at >>> 0;
    const end = start + (length >>> 0);
    this.#renew();
    if (end > this.#octets.length) refuse('fault');
    return this.#octets.subarray(start, end);
  }

  /** A view of exactly those octets, for numbers. */
  view(at: number, length: number): DataView {
    const { byteOffset } = this.bytes(at, length);
    return new DataView(this.#view.buffer, byteOffset, length);
  }

  setU32(at: number, value: number): void {
    this.bytes(at, 4);
    this.#view.setUint32(at >>> 0, value, true);
  }

  setU64(at: number, value: bigint): void {
    this.bytes(at, 8);
    this.#view.setBigUint64(at >>> 0, value, true);
  }

  /** UTF-8 of at most `bytesMax` octets; longer ones are `ENAMETOOLONG`, others `EILSEQ`. */
  text(at: number, length: number, bytesMax: number): string {
    const octets = this.bytes(at, length);
    if (octets.length > bytesMax) refuse('nametoolong');
    this.charge(octets.length * OCTETS_A_UNIT);
    try {
      return TEXT.decode(octets);
    } catch {
      return refuse('ilseq'); // What it was is the module's own: nothing is lost.
    }
  }

  /** The buffers of a list of (offset, length), all of them checked. */
  vectors(at: number, count: number): Uint8Array[] {
    if (count >>> 0 > VECTORS_MAX) refuse('inval');
    const list = this.view(at, count * 8);
    return Array.from({ length: count }, (_, i) =>
      this.bytes(list.getUint32(i * 8, true), list.getUint32(i * 8 + 4, true)),
    );
  }

  /**
   * Takes fuel for work that the host does for the module, at the guard's price of bulk operations.
   * @throws GatewayError `exhausted` when it has too little.
   */
  charge(octets: number): void {
    if (this.#fuel === undefined) return;
    this.#fuel.value -= BigInt(Math.ceil(octets / OCTETS_A_UNIT));
    if (this.#fuel.value < 0n) throw new GatewayError('exhausted', 'WASI call: out of fuel');
  }

  /** Takes the fuel that any call costs. */
  chargeCall(): void {
    this.charge(CALL_OCTETS);
  }

  #renew(): void {
    assert(this.#memory !== undefined, 'an instance is attached before it runs');
    const { buffer } = this.#memory;
    if (this.#view.buffer === buffer) return;
    this.#octets = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}
