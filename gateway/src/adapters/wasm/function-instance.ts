import { GatewayError } from '../../base/errors.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import { FUEL_EXPORT, type HostCalls } from '../../core/modules/ports.ts';
import { callExport, type Exports, initialize } from './exported.ts';
import { hostImports } from './host-imports.ts';

/** What one call brought. */
export interface EventAnswer {
  /** 0, or the function's −errno. */
  readonly errno: number;
  /** The octets of its reply, a copy; null when it said nothing. */
  readonly reply: Uint8Array | null;
}

/**
 * One instance of a function (docs/reference/module-abi.md, *Events*): an event in, a reply out. Offsets are checked at the start, lengths at
 * every call. After it has thrown anything but `invalid` it is unusable: make a new one.
 */
export class FunctionInstance {
  readonly #manifest: ModuleManifest;
  readonly #exports: Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #fuel: WebAssembly.Global<bigint>;
  readonly #inAt: number;
  readonly #inBytes: number;
  readonly #outAt: number;
  readonly #outBytes: number;

  /**
   * @param calls serves its capabilities. @throws GatewayError `denied` when it breaks the ABI or refuses its configuration, `exhausted` when
   * its start used up its fuel; WebAssembly.RuntimeError when it traps.
   */
  constructor(compiled: WebAssembly.Module, manifest: ModuleManifest, config: Uint8Array, calls: HostCalls) {
    this.#manifest = manifest;
    const gw1 = hostImports(manifest, calls, () => this.#memory);
    const instance = new WebAssembly.Instance(compiled, { gw1 } as WebAssembly.Imports);
    this.#exports = instance.exports as unknown as Exports;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
    const { startFuel, outBytes } = manifest.limits;
    this.#metered('its start', startFuel, () => {
      initialize(this.#exports, manifest.id);
      return 0;
    });
    const input = this.#buffer(config.length, 'gw_in_ptr', 'gw_in_cap');
    ({ at: this.#inAt, bytes: this.#inBytes } = input);
    ({ at: this.#outAt, bytes: this.#outBytes } = this.#buffer(0, 'gw_out_ptr', 'gw_out_cap'));
    if (this.#outBytes > outBytes) throw this.#denied(`an output of at most ${outBytes} octets`, this.#outBytes);
    new Uint8Array(this.#memory.buffer).set(config, this.#inAt);
    const result = this.#metered('gw_init', startFuel, () =>
      callExport(this.#exports, manifest.id, 'gw_init', config.length),
    );
    if (result < 0) throw this.#denied('a configuration that it takes', `error ${result}`);
  }

  /** Octets of its linear memory now. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * @param event as `encodeEvent` writes it. @throws GatewayError `invalid` when it does not fit the input buffer, `exhausted` when fuel ran
   * out, `corrupt` when the length of the reply is nonsense; WebAssembly.RuntimeError when it traps.
   */
  onEvent(event: Uint8Array): EventAnswer {
    if (event.length > this.#inBytes) {
      throw new GatewayError(
        'invalid',
        `module ${this.#manifest.id}: an event of at most ${this.#inBytes} octets expected, ${event.length} found`,
      );
    }
    new Uint8Array(this.#memory.buffer).set(event, this.#inAt);
    const { fuelPerCall } = this.#manifest.limits;
    const result = this.#metered('gw_on_event', fuelPerCall, () =>
      callExport(this.#exports, this.#manifest.id, 'gw_on_event', event.length),
    );
    if (result <= 0) return { errno: result, reply: null };
    if (result > this.#outBytes) {
      throw new GatewayError(
        'corrupt',
        `module ${this.#manifest.id}: a reply of at most ${this.#outBytes} octets expected, ${result} found`,
      );
    }
    return { errno: 0, reply: new Uint8Array(this.#memory.buffer, this.#outAt, result).slice() };
  }

  /** Each call begins with a full tank: what a function saves it cannot spend later. */
  #metered(name: string, tank: number, work: () => number): number {
    this.#fuel.value = BigInt(tank);
    try {
      return work();
    } catch (error) {
      if (this.#fuel.value >= 0n) throw error;
      throw new GatewayError(
        'exhausted',
        `module ${this.#manifest.id}: ${name}: more than ${tank} units of fuel used`,
        {
          cause: error,
          hint: 'It computes too long for one call: smaller events, or a larger limits.fuelPerCall in its manifest.',
        },
      );
    }
  }

  #buffer(needed: number, pointer: string, capacity: string): { at: number; bytes: number } {
    const at = callExport(this.#exports, this.#manifest.id, pointer) >>> 0;
    const bytes = callExport(this.#exports, this.#manifest.id, capacity) >>> 0;
    const isInside = at % 8 === 0 && at + bytes <= this.#memory.buffer.byteLength;
    if (isInside && bytes >= needed) return { at, bytes };
    throw this.#denied(
      `${pointer}: an aligned buffer of ${needed} octets or more inside its memory`,
      `${bytes} at ${at}`,
    );
  }

  #denied(expected: string, found: number | string): GatewayError {
    return new GatewayError('denied', `module ${this.#manifest.id}: ${expected} expected, ${found} found`);
  }
}
