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
import type { HostCalls, RunningModule } from '../../core/modules/ports.ts';
import { type AbiBuffer, GuardedInstance } from './guarded-instance.ts';
import { hostImports } from './host-imports.ts';

/** The least input buffer: with less, a batch would never come to its end. */
const ONE_ROW_BYTES = BATCH_HEADER_BYTES + BATCH_ROW_BYTES;

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
  readonly hasTick: boolean;
  readonly #guarded: GuardedInstance;
  readonly #input: AbiBuffer;
  readonly #output: AbiBuffer;
  #sequence = 0;

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
    const gw1 = calls === undefined ? {} : hostImports(manifest, calls, () => this.#guarded.memory);
    const instance = new WebAssembly.Instance(module, { gw1, ...system?.imports } as WebAssembly.Imports);
    this.#guarded = new GuardedInstance(instance, manifest);
    system?.attach(instance);
    this.#input = this.#guarded.start(config, ONE_ROW_BYTES);
    this.#output = this.#guarded.outputBuffer();
    this.inputRows = rowsThatFit(this.#input.bytes);
    this.hasTick = this.#guarded.has('gw_on_tick');
  }

  get memoryBytes(): number {
    return this.#buffer.byteLength;
  }

  get fuelUsed(): number {
    return this.#guarded.fuelUsed;
  }

  get #buffer(): ArrayBuffer {
    return this.#guarded.memory.buffer;
  }

  input(rows: number): BatchViews {
    return viewBatch(this.#buffer, this.#input.at, rows);
  }

  onBatch(rows: number, onOutput: (output: BatchViews) => void): number {
    const length = writeHeader(this.#buffer, this.#input.at, rows, ++this.#sequence);
    return this.#pages(this.#guarded.call('gw_on_batch', length), onOutput);
  }

  onTick(nowMs: number, onOutput: (output: BatchViews) => void): number {
    return this.#pages(this.#guarded.call('gw_on_tick', nowMs), onOutput);
  }

  #pages(result: number, onOutput: (output: BatchViews) => void): number {
    for (let page = 0; result > 0; page++) {
      const { views, hasMore } = readOutput(this.#buffer, this.#output.at, this.#output.bytes, result);
      onOutput(views);
      if (!hasMore) return 0;
      if (page === PAGES_MAX)
        throw new GatewayError(
          'corrupt',
          `module ${this.#guarded.manifest.id}: at most ${PAGES_MAX} pages of output expected`,
        );
      result = this.#guarded.call('gw_on_batch', 0);
    }
    return result;
  }

  snapshot(): Uint8Array[] | string {
    const { state, limits } = this.#guarded.manifest;
    if (state === null) return 'it keeps no state';
    const pages: Uint8Array[] = [];
    let octets = 0;
    for (;;) {
      const length = this.#guarded.call('gw_snapshot', pages.length);
      if (length === 0) return pages;
      if (length < 0) return `gw_snapshot: ${errnoName(length)}`;
      octets += length;
      const pageMax = Math.min(this.#input.bytes, this.#output.bytes);
      if (length > pageMax) return `gw_snapshot: pages of at most ${pageMax} octets expected, ${length} found`;
      if (octets > limits.snapshotBytes || pages.length === STATE_PAGES_MAX) {
        return `its state is larger than limits.snapshotBytes, ${limits.snapshotBytes}`;
      }
      pages.push(this.#guarded.read(this.#output.at, length));
    }
  }

  restore(pages: readonly Uint8Array[]): number {
    for (const page of pages) {
      if (page.length > this.#input.bytes) return ERRNO.EINVAL;
      this.#guarded.write(this.#input.at, page);
      const result = this.#guarded.call('gw_restore', page.length);
      if (result < 0) return result;
    }
    return this.#guarded.call('gw_restore', 0);
  }
}
