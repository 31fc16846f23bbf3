/** A module of the ABI by its bare exports, guarded or as its author built it: what the guard itself costs is not hidden behind the host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { viewBatch, writeHeader } from '../../../../gateway/src/core/modules/batch-layout.ts';
import { type ModuleManifest, parseManifest } from '../../../../gateway/src/core/modules/manifest.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';

export const ROWS = 64;
const MODULES = process.env.TIDEGATE_MODULES ?? fileURLToPath(new URL('../../../../modules', import.meta.url));

export interface Built {
  readonly manifest: ModuleManifest;
  readonly wasm: Uint8Array;
}

/** The window module, from its build folder. */
export function windowAggregate(): Built {
  const folder = join(MODULES, 'window-aggregate', 'build');
  const manifest = parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  return { manifest, wasm: readFileSync(join(folder, `${manifest.id}.wasm`)) };
}

type Call = (...args: number[]) => number;

/** An instance that was told its default configuration. */
export class Gw1Instance {
  readonly #exports: Record<string, Call>;
  readonly #memory: WebAssembly.Memory;
  readonly #fuel: WebAssembly.Global<bigint> | undefined;
  readonly #fuelPerCall: bigint;
  readonly #inAt: number;
  #batches = 0;

  constructor(module: WebAssembly.Module, manifest: ModuleManifest) {
    const instance = new WebAssembly.Instance(module, {});
    this.#exports = instance.exports as unknown as Record<string, Call>;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint> | undefined;
    this.#fuelPerCall = BigInt(manifest.limits.fuelPerCall);
    this.#refuel();
    this.#exports._initialize?.();
    this.#inAt = this.#exports.gw_in_ptr!();
    const config = manifest.config.map(({ default: value }) => value ?? Number.NaN);
    new Uint32Array(this.#memory.buffer, this.#inAt, 4).set([1, 1, config.length, 0]);
    new Float64Array(this.#memory.buffer, this.#inAt + 16, config.length).set(config);
    const result = this.#exports.gw_init!(16 + 8 * config.length);
    if (result !== 0) throw new Error(`gw_init: 0 expected, ${result} found`);
  }

  /** One batch of ROWS readings of 16 series, 100 ms apart: written, called with a full tank, its output left where it is. */
  batch(): number {
    const sequence = ++this.#batches;
    const { timeMs, value, series, quality, channel, state } = viewBatch(this.#memory.buffer, this.#inAt, ROWS);
    for (let row = 0; row < ROWS; row++) {
      timeMs[row] = 1_750_000_000_000 + sequence * 400 + (row >> 4) * 100;
      value[row] = ((sequence * ROWS + row) * 7919) % 1000;
      series[row] = row & 15;
    }
    quality.fill(0);
    channel.fill(0);
    state.fill(0);
    const length = writeHeader(this.#memory.buffer, this.#inAt, ROWS, sequence);
    this.#refuel();
    return this.#exports.gw_on_batch!(length);
  }

  #refuel(): void {
    if (this.#fuel !== undefined) this.#fuel.value = this.#fuelPerCall;
  }
}
