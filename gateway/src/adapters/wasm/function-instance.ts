import { GatewayError } from '../../base/errors.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import type { HostCalls } from '../../core/modules/ports.ts';
import { type AbiBuffer, GuardedInstance } from './guarded-instance.ts';
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
  readonly #guarded: GuardedInstance;
  readonly #input: AbiBuffer;
  readonly #output: AbiBuffer;

  /**
   * @param calls serves its capabilities. @throws GatewayError `denied` when it breaks the ABI or refuses its configuration, `exhausted` when
   * its start used up its fuel; WebAssembly.RuntimeError when it traps.
   */
  constructor(compiled: WebAssembly.Module, manifest: ModuleManifest, config: Uint8Array, calls: HostCalls) {
    const gw1 = hostImports(manifest, calls, () => this.#guarded.memory);
    const instance = new WebAssembly.Instance(compiled, { gw1 } as WebAssembly.Imports);
    this.#guarded = new GuardedInstance(instance, manifest);
    this.#input = this.#guarded.start(config, 0);
    this.#output = this.#guarded.outputBuffer();
  }

  /** Octets of its linear memory now. */
  get memoryBytes(): number {
    return this.#guarded.memory.buffer.byteLength;
  }

  /**
   * @param event as `encodeEvent` writes it. @throws GatewayError `invalid` when it does not fit the input buffer, `exhausted` when fuel ran
   * out, `corrupt` when the length of the reply is nonsense; WebAssembly.RuntimeError when it traps.
   */
  onEvent(event: Uint8Array): EventAnswer {
    const { bytes: inBytes } = this.#input;
    const { bytes: outBytes } = this.#output;
    if (event.length > inBytes) throw this.#refuse('invalid', `an event of at most ${inBytes} octets`, event.length);
    this.#guarded.write(this.#input.at, event);
    const result = this.#guarded.call('gw_on_event', event.length);
    if (result <= 0) return { errno: result, reply: null };
    if (result > outBytes) throw this.#refuse('corrupt', `a reply of at most ${outBytes} octets`, result);
    return { errno: 0, reply: this.#guarded.read(this.#output.at, result) };
  }

  #refuse(code: 'invalid' | 'corrupt', expected: string, found: number): GatewayError {
    return new GatewayError(code, `module ${this.#guarded.manifest.id}: ${expected} expected, ${found} found`);
  }
}
