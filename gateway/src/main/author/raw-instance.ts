/**
 * An instance for `module bench` with as little around it as can be: the module as its compiler left it, without guard and fuel, or guarded
 * to read how much fuel a call took.
 */
import { hostImports } from '../../adapters/wasm/host-imports.ts';
import { GatewayError } from '../../base/errors.ts';
import { type BatchViews, readOutput, rowsThatFit, viewBatch, writeHeader } from '../../core/modules/batch-layout.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import { FUEL_EXPORT, type HostCalls } from '../../core/modules/ports.ts';

type Exported = (...args: number[]) => number;

/** Calls in a row that fetch the rest of an output. */
const PAGES_MAX = 64;

export class RawInstance {
  readonly inputRows: number;
  /** Units of fuel of all calls so far; 0 for a binary without. */
  fuelUsed = 0;
  readonly #exports: Record<string, Exported>;
  readonly #memory: WebAssembly.Memory;
  readonly #fuel: WebAssembly.Global<bigint> | undefined;
  #fuelPerCall: bigint;
  readonly #inAt: number;
  readonly #inBytes: number;
  readonly #outAt: number;
  readonly #outBytes: number;
  #sequence = 0;

  /** @param config as `gw_init` reads it. @throws GatewayError `denied` when it is refused. */
  constructor(compiled: WebAssembly.Module, manifest: ModuleManifest, config: Uint8Array, calls: HostCalls) {
    const gw1 = hostImports(manifest, calls, () => this.#memory);
    const instance = new WebAssembly.Instance(compiled, { gw1 } as WebAssembly.Imports);
    this.#exports = instance.exports as unknown as Record<string, Exported>;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint> | undefined;
    this.#fuelPerCall = BigInt(manifest.limits.startFuel);
    if (this.#fuel !== undefined) this.#fuel.value = this.#fuelPerCall;
    this.#exports._initialize?.();
    this.#inAt = this.#ask('gw_in_ptr');
    this.#inBytes = this.#ask('gw_in_cap');
    this.#put(config, 'a configuration');
    const result = this.#call('gw_init', config.length);
    if (result < 0) throw new GatewayError('denied', `module ${manifest.id}: refuses its configuration: ${result}`);
    this.#outAt = this.#ask('gw_out_ptr');
    this.#outBytes = this.#ask('gw_out_cap');
    this.#fuelPerCall = BigInt(manifest.limits.fuelPerCall);
    this.inputRows = rowsThatFit(this.#inBytes);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  input(rows: number): BatchViews {
    return viewBatch(this.#memory.buffer, this.#inAt, rows);
  }

  /** @returns 0, or the module's −errno. */
  onBatch(rows: number, onOutput: (output: BatchViews) => void): number {
    let result = this.#call('gw_on_batch', writeHeader(this.#memory.buffer, this.#inAt, rows, ++this.#sequence));
    for (let page = 0; result > 0 && page <= PAGES_MAX; page++) {
      const { views, hasMore } = readOutput(this.#memory.buffer, this.#outAt, this.#outBytes, result);
      onOutput(views);
      if (!hasMore) return 0;
      result = this.#call('gw_on_batch', 0);
    }
    return result;
  }

  /** @param event as `encodeEvent` writes it. @returns 0, or the module's −errno; its reply is copied, and dropped. */
  onEvent(event: Uint8Array): number {
    this.#put(event, 'an event');
    const result = this.#call('gw_on_event', event.length);
    if (result > 0) new Uint8Array(this.#memory.buffer, this.#outAt, result).slice();
    return Math.min(0, result);
  }

  #put(octets: Uint8Array, what: string): void {
    if (octets.length > this.#inBytes)
      throw new GatewayError('invalid', `${what} of at most ${this.#inBytes} octets expected, ${octets.length} found`);
    new Uint8Array(this.#memory.buffer).set(octets, this.#inAt);
  }

  #ask(name: string): number {
    return this.#exports[name]!() >>> 0;
  }

  #call(name: string, argument: number): number {
    if (this.#fuel === undefined) return this.#exports[name]!(argument);
    this.#fuel.value = this.#fuelPerCall;
    try {
      return this.#exports[name]!(argument);
    } catch (error) {
      if (this.#fuel.value >= 0n) throw error;
      throw new GatewayError('exhausted', `${name}: more than ${this.#fuelPerCall} units of fuel used`, {
        cause: error,
        hint: 'It computes too long for one call: less work, or a larger limits.fuelPerCall in its manifest.',
      });
    } finally {
      this.fuelUsed += Number(this.#fuelPerCall - this.#fuel.value);
    }
  }
}
