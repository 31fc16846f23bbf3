import { GatewayError } from '../../base/errors.ts';
import { errnoName } from '../../core/modules/errno.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import { FUEL_EXPORT } from '../../core/modules/ports.ts';
import { callExport, type Exports, initialize } from './exported.ts';
import { readLastWords } from './last-words.ts';

/** A buffer of the ABI within the module's memory. */
export interface AbiBuffer {
  /** Offset, a multiple of 8. */
  readonly at: number;
  /** Octets. */
  readonly bytes: number;
}

/** The call that is paid by `startFuel`. */
const START = 'its start';

/** Of the panic buffer: the length and one octet. */
const PANIC_BYTES_MIN = 8;

/**
 * What instances of stream modules and of functions have in common: exports of checked types, buffers inside the memory, and fuel for each call.
 * After it has thrown it is not used again, but for what a caller's own check refuses.
 */
export class GuardedInstance {
  readonly manifest: ModuleManifest;
  readonly memory: WebAssembly.Memory;
  readonly #exports: Exports;
  readonly #fuel: WebAssembly.Global<bigint>;
  #fuelUsed = 0;
  /** Null: it has none. */
  #panic: AbiBuffer | null = null;

  /** @param instance of an admitted module (`admitModule`, `compileModule`). */
  constructor(instance: WebAssembly.Instance, manifest: ModuleManifest) {
    this.manifest = manifest;
    this.memory = instance.exports.memory as WebAssembly.Memory;
    this.#exports = instance.exports as unknown as Exports;
    this.#fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
  }

  /** Units that all calls so far have used, the last one included, also when it failed. */
  get fuelUsed(): number {
    return this.#fuelUsed;
  }

  has(name: string): boolean {
    return typeof this.#exports[name] === 'function';
  }

  /**
   * `_initialize` and `gw_init`, on one tank.
   * @param inputBytes octets that the input buffer needs besides. @returns the input buffer.
   * @throws GatewayError `denied` when it breaks the ABI or refuses its configuration, `exhausted`; WebAssembly.RuntimeError when it traps.
   */
  start(config: Uint8Array, inputBytes: number): AbiBuffer {
    const { id, limits } = this.manifest;
    const needed = Math.max(config.length, inputBytes);
    const result = this.#metered(START, limits.startFuel, () => {
      initialize(this.#exports, id);
      if (this.has('gw_panic_ptr')) this.#panic = this.buffer('gw_panic_ptr', 'gw_panic_cap', PANIC_BYTES_MIN);
      this.write(this.buffer('gw_in_ptr', 'gw_in_cap', needed).at, config);
      return callExport(this.#exports, id, 'gw_init', config.length);
    });
    if (result < 0) {
      throw new GatewayError('denied', `module ${id}: refuses its configuration: ${errnoName(result)}`);
    }
    return this.buffer('gw_in_ptr', 'gw_in_cap', needed);
  }

  /** @throws GatewayError `denied` when it is larger than `limits.outBytes` or not inside the memory. */
  outputBuffer(): AbiBuffer {
    const { outBytes } = this.manifest.limits;
    const output = this.buffer('gw_out_ptr', 'gw_out_cap', 0);
    if (output.bytes > outBytes) throw this.denied(`an output of at most ${outBytes} octets`, output.bytes);
    return output;
  }

  write(at: number, octets: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(octets, at);
  }

  /** A copy. */
  read(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length).slice();
  }

  /** Each call begins with a full tank: what a module saves it cannot spend later. @throws GatewayError `exhausted`; as `callExport`. */
  call(name: string, argument: number): number {
    const { id, limits } = this.manifest;
    return this.#metered(name, limits.fuelPerCall, () => callExport(this.#exports, id, name, argument));
  }

  denied(expected: string, found: number | string): GatewayError {
    return new GatewayError('denied', `module ${this.manifest.id}: ${expected} expected, ${found} found`);
  }

  buffer(pointer: string, capacity: string, needed: number): AbiBuffer {
    const { id } = this.manifest;
    const at = callExport(this.#exports, id, pointer) >>> 0;
    const bytes = callExport(this.#exports, id, capacity) >>> 0;
    const isInside = at % 8 === 0 && at + bytes <= this.memory.buffer.byteLength;
    if (isInside && bytes >= needed) return { at, bytes };
    throw this.denied(
      `${pointer}: an aligned buffer of ${needed} octets or more inside its memory`,
      `${bytes} at ${at}`,
    );
  }

  #metered(name: string, tank: number, work: () => number): number {
    this.#fuel.value = BigInt(tank);
    try {
      return work();
    } catch (error) {
      this.#addLastWords(error);
      if (this.#fuel.value >= 0n) throw error;
      const text = `module ${this.manifest.id}: ${name}: more than ${tank} units of fuel used`;
      throw new GatewayError('exhausted', text, {
        cause: error,
        hint:
          name === START
            ? 'Its start computes too long: a larger limits.startFuel in its manifest.'
            : 'It computes too long for one call: less at a time, or a larger limits.fuelPerCall in its manifest.',
      });
    } finally {
      this.#fuelUsed += Math.min(tank, tank - Number(this.#fuel.value));
    }
  }

  /** To a trap, what the module wrote of its reason. */
  #addLastWords(error: unknown): void {
    if (this.#panic === null || !(error instanceof WebAssembly.RuntimeError)) return;
    const words = readLastWords(this.memory, this.#panic);
    if (words !== '') error.message = `${error.message}: ${words}`;
  }
}
