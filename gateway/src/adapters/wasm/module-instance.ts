import { GatewayError } from '../../base/errors.ts';
import {
  BATCH_HEADER_BYTES,
  BATCH_ROW_BYTES,
  type BatchViews,
  readOutput,
  rowsThatFit,
  viewBatch,
  writeHeader,
} from '../../core/modules/batch-layout.ts';
import { ERRNO, errnoName } from '../../core/modules/errno.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import { FUEL_EXPORT, type HostCalls, type RunningModule } from '../../core/modules/ports.ts';
import { callExport, type Exports, initialize } from './exported.ts';
import { hostImports } from './host-imports.ts';

/** The least input buffer: with less, a batch would never come to its end. */
const ONE_ROW_BYTES = BATCH_HEADER_BYTES + BATCH_ROW_BYTES;

/** The call that is paid by `startFuel`. */
const START = 'its start';

/** Calls in a row that fetch the rest of an output. */
const PAGES_MAX = 64;

/** Pages of one state. */
const STATE_PAGES_MAX = 65_536;

const REQUIRED = ['gw_abi_1_0', 'gw_in_ptr', 'gw_in_cap', 'gw_out_ptr', 'gw_out_cap', 'gw_init'] as const;

/** What its kind and its promises ask for. */
function requiredExports({ kind, state }: ModuleManifest): string[] {
  const call = kind === 'function' ? 'gw_on_event' : 'gw_on_batch';
  return [...REQUIRED, call, ...(state === null ? [] : ['gw_snapshot', 'gw_restore'])];
}

/** Compiles an admitted binary once; instances are made from the result. @throws GatewayError `denied` when an export of the ABI is missing. */
export function compileModule(admitted: Uint8Array, manifest: ModuleManifest): WebAssembly.Module {
  const module = new WebAssembly.Module(admitted);
  const exported = new Map(WebAssembly.Module.exports(module).map(({ name, kind }) => [name, kind]));
  const missing = requiredExports(manifest).filter((name) => exported.get(name) !== 'function');
  if (exported.get('memory') !== 'memory' || missing.length > 0) {
    throw new GatewayError(
      'denied',
      `module ${manifest.id}: exports of gw1 expected, ${missing.join(', ') || 'memory'} missing`,
    );
  }
  return module;
}

/** Imports besides `gw1`, and what has to know the instance once it is made. */
export interface SystemInterface {
  readonly imports: WebAssembly.Imports;
  attach(instance: WebAssembly.Instance): void;
}

/**
 * One instance of a module. Everything it says is checked: offsets at the start, lengths and rows at every call; views are made anew
 * when its memory has grown. A trap leaves it unusable: make a new one.
 */
export class ModuleInstance implements RunningModule {
  readonly inputRows: number;
  readonly #exports: Exports;
  readonly #memory: WebAssembly.Memory;
  readonly #manifest: ModuleManifest;
  readonly #fuel: WebAssembly.Global<bigint>;
  readonly #fuelPerCall: bigint;
  readonly #inAt: number;
  readonly #inBytes: number;
  readonly #outAt: number;
  readonly #outBytes: number;
  #sequence = 0;
  #fuelUsed = 0;

  /**
   * @param calls serves its capabilities; left out, it may have none.
   * @param system what a profile other than `core` adds.
   * @throws GatewayError `denied` when the module breaks the ABI or refuses its configuration; WebAssembly.RuntimeError when it traps.
   */
  constructor(
    module: WebAssembly.Module,
    manifest: ModuleManifest,
    config: Uint8Array,
    calls?: HostCalls,
    system?: SystemInterface,
  ) {
    const gw1 = calls === undefined ? {} : hostImports(manifest, calls, () => this.#memory);
    const instance = new WebAssembly.Instance(module, { gw1, ...system?.imports } as WebAssembly.Imports);
    this.#exports = instance.exports as unknown as Exports;
    this.#memory = instance.exports.memory as WebAssembly.Memory;
    this.#manifest = manifest;
    this.#fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
    this.#fuelPerCall = BigInt(manifest.limits.fuelPerCall);
    system?.attach(instance);
    this.#fuel.value = BigInt(manifest.limits.startFuel);
    this.#metered(START, manifest.limits.startFuel, () => {
      initialize(this.#exports, manifest.id);
      const before = this.#buffer(Math.max(config.length, ONE_ROW_BYTES), 'gw_in_ptr', 'gw_in_cap');
      new Uint8Array(this.#memory.buffer).set(config, before.at);
      const result = callExport(this.#exports, manifest.id, 'gw_init', config.length);
      if (result < 0)
        throw new GatewayError('denied', `module ${manifest.id}: refuses its configuration: ${errnoName(result)}`);
      return result;
    });
    ({ at: this.#inAt, bytes: this.#inBytes } = this.#buffer(ONE_ROW_BYTES, 'gw_in_ptr', 'gw_in_cap'));
    ({ at: this.#outAt, bytes: this.#outBytes } = this.#buffer(0, 'gw_out_ptr', 'gw_out_cap'));
    if (this.#outBytes > manifest.limits.outBytes) {
      throw new GatewayError(
        'denied',
        `module ${manifest.id}: an output of at most ${manifest.limits.outBytes} octets expected, ${this.#outBytes} found`,
      );
    }
    this.inputRows = rowsThatFit(this.#inBytes);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  get hasTick(): boolean {
    return typeof this.#exports.gw_on_tick === 'function';
  }

  input(rows: number): BatchViews {
    return viewBatch(this.#memory.buffer, this.#inAt, rows);
  }

  onBatch(rows: number, onOutput: (output: BatchViews) => void): number {
    const length = writeHeader(this.#memory.buffer, this.#inAt, rows, ++this.#sequence);
    return this.#pages(this.#call('gw_on_batch', length), onOutput);
  }

  onTick(nowMs: number, onOutput: (output: BatchViews) => void): number {
    return this.#pages(this.#call('gw_on_tick', nowMs), onOutput);
  }

  #pages(result: number, onOutput: (output: BatchViews) => void): number {
    for (let page = 0; result > 0; page++) {
      const { views, hasMore } = readOutput(this.#memory.buffer, this.#outAt, this.#outBytes, result);
      onOutput(views);
      if (!hasMore) return 0;
      if (page === PAGES_MAX)
        throw new GatewayError('corrupt', `module ${this.#manifest.id}: at most ${PAGES_MAX} pages of output expected`);
      result = this.#call('gw_on_batch', 0);
    }
    return result;
  }

  snapshot(): Uint8Array[] | string {
    const { state, limits } = this.#manifest;
    if (state === null) return 'it keeps no state';
    const pages: Uint8Array[] = [];
    let octets = 0;
    for (;;) {
      const length = this.#call('gw_snapshot', pages.length);
      if (length === 0) return pages;
      if (length < 0) return `gw_snapshot: ${errnoName(length)}`;
      octets += length;
      const pageMax = Math.min(this.#inBytes, this.#outBytes);
      if (length > pageMax) return `gw_snapshot: pages of at most ${pageMax} octets expected, ${length} found`;
      if (octets > limits.snapshotBytes || pages.length === STATE_PAGES_MAX) {
        return `its state is larger than limits.snapshotBytes, ${limits.snapshotBytes}`;
      }
      pages.push(new Uint8Array(this.#memory.buffer, this.#outAt, length).slice());
    }
  }

  restore(pages: readonly Uint8Array[]): number {
    for (const page of pages) {
      if (page.length > this.#inBytes) return ERRNO.EINVAL;
      new Uint8Array(this.#memory.buffer).set(page, this.#inAt);
      const result = this.#call('gw_restore', page.length);
      if (result < 0) return result;
    }
    return this.#call('gw_restore', 0);
  }

  get fuelUsed(): number {
    return this.#fuelUsed;
  }

  /** Each call begins with a full tank: what a module saves it cannot spend later. */
  #call(name: string, argument: number): number {
    this.#fuel.value = this.#fuelPerCall;
    return this.#metered(name, this.#manifest.limits.fuelPerCall, () =>
      callExport(this.#exports, this.#manifest.id, name, argument),
    );
  }

  #metered(name: string, tank: number, work: () => number): number {
    try {
      return work();
    } catch (error) {
      if (this.#fuel.value >= 0n) throw error;
      throw new GatewayError(
        'exhausted',
        `module ${this.#manifest.id}: ${name}: more than ${tank} units of fuel used`,
        {
          cause: error,
          hint:
            name === START
              ? 'Its start computes too long: a larger limits.startFuel in its manifest.'
              : 'It computes too long for one call: smaller batches, or a larger limits.fuelPerCall in its manifest.',
        },
      );
    } finally {
      this.#fuelUsed += Math.min(tank, tank - Number(this.#fuel.value));
    }
  }

  #buffer(needed: number, pointer: string, capacity: string): { at: number; bytes: number } {
    const at = callExport(this.#exports, this.#manifest.id, pointer) >>> 0;
    const bytes = callExport(this.#exports, this.#manifest.id, capacity) >>> 0;
    const isInside = at % 8 === 0 && at + bytes <= this.#memory.buffer.byteLength;
    if (!isInside || bytes < needed) {
      throw new GatewayError(
        'denied',
        `module ${this.#manifest.id}: ${pointer}: an aligned buffer of ${needed} octets or more inside its memory expected, ${bytes} at ${at} found`,
      );
    }
    return { at, bytes };
  }
}
