/** A module of the ABI `gw1` straight on the WebAssembly API: rows in, rows out, every offset taken from the ABI page. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Row {
  ts: number;
  v: number;
  id: number;
  quality?: number;
  channel?: number;
  state?: number;
}

export interface Reply {
  /** Rows of all pages, in order. */
  rows: Required<Row>[];
  /** 0, or what the last page returned: −errno. */
  error: number;
  pages: number;
}

export interface Manifest {
  id: string;
  wasm: string;
  sha256: string;
  config: { name: string; default: number | null; min: number; max: number; help: string }[];
  outputs: { name: string; kind: 'point' | 'alarm'; unit: string; help: string }[];
  state?: { version: number; accepts: number[] };
  limits: { memoryPages: number; outBytes: number; deadlineMs: number; snapshotBytes?: number };
}

export interface Octets {
  /** The pages as they stood in the output buffer. */
  pages: Uint8Array[];
  error: number;
}

interface Exports {
  memory: WebAssembly.Memory;
  gw_in_ptr(): number;
  gw_in_cap(): number;
  gw_out_ptr(): number;
  gw_out_cap(): number;
  gw_init(len: number): number;
  gw_on_batch(len: number): number;
  gw_on_tick?(nowMs: number): number;
  gw_on_event(len: number): number;
  gw_snapshot(page: number): number;
  gw_restore(len: number): number;
}

const root = new URL('../../../', import.meta.url);
const BUILD = new URL('scripts/build-modules.mjs', root).pathname;
const PAGES_MAX = 1 + 64;

/** For the `skip` of a test: why the module `id` cannot be built here, or false. @throws Error when its compiler refuses it. */
export function buildMissing(id: string): string | false {
  const { stderr } = spawnSync(process.execPath, [BUILD, id], { encoding: 'utf8' });
  if (stderr.includes('is not installed')) return stderr.trim();
  if (stderr !== '') throw new Error(stderr);
  return false;
}

/** The manifest and the binary of a module, compiled first when its sources are newer. */
export function loadModule(id: string): { manifest: Manifest; binary: Uint8Array<ArrayBuffer> } {
  execFileSync(process.execPath, [BUILD, '--require', id]);
  const folder = new URL(`modules/${id}/build/`, root);
  const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as Manifest;
  return { manifest, binary: Uint8Array.from(readFileSync(new URL(manifest.wasm, folder))) };
}

export class Gw1Module {
  readonly exports: Exports;
  #sequence = 0n;
  /** Null: whatever comes; a successor goes on where the one before it stopped. */
  #outSequence: bigint | null = 0n;

  /** @param gw1 what is granted of the imports of that name. */
  constructor(binary: Uint8Array<ArrayBuffer>, gw1: Record<string, (...args: number[]) => number | undefined> = {}) {
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(binary), { gw1 }).exports as unknown as Exports;
  }

  /** Null stands for "not set". */
  init(config: readonly (readonly (number | null)[])[]): number {
    const fields = config[0]?.length ?? 0;
    return this.exports.gw_init(this.writeConfig(config.length, fields, config.flat()));
  }

  writeConfig(inputs: number, fields: number, numbers: readonly (number | null)[]): number {
    const view = this.#view(this.exports.gw_in_ptr());
    [1, inputs, fields, 0].forEach((word, i) => {
      view.setUint32(4 * i, word, true);
    });
    numbers.forEach((number, i) => {
      view.setFloat64(16 + 8 * i, number ?? Number.NaN, true);
    });
    return 16 + 8 * numbers.length;
  }

  batch(rows: readonly Row[]): Reply {
    return this.takePages(this.exports.gw_on_batch(this.writeBatch(rows)));
  }

  tick(nowMs: number): Reply {
    return this.takePages(this.exports.gw_on_tick?.(nowMs) ?? 0);
  }

  /** As `batch` and `tick`, but the answer octet by octet. */
  octetsOf(step: readonly Row[] | number): Octets {
    const { gw_on_batch, gw_on_tick } = this.exports;
    let result = typeof step === 'number' ? (gw_on_tick?.(step) ?? 0) : gw_on_batch(this.writeBatch(step));
    const pages: Uint8Array[] = [];
    for (; result > 0; result = gw_on_batch(0)) {
      assert.ok(pages.push(this.#copyOutput(result)) <= PAGES_MAX);
      if ((pages.at(-1)![4]! & 1) === 0) return { pages, error: 0 };
    }
    return { pages, error: result };
  }

  /** All pages of its state. */
  snapshot(): Uint8Array[] {
    const { gw_snapshot, gw_in_cap } = this.exports;
    const pages: Uint8Array[] = [];
    for (let length = gw_snapshot(0); length !== 0; length = gw_snapshot(pages.length)) {
      assert.ok(length > 0 && length <= gw_in_cap(), `page ${pages.length}: ${length} octets`);
      pages.push(this.#copyOutput(length));
    }
    return pages;
  }

  /** 0, or the first −errno. */
  restore(pages: readonly Uint8Array[]): number {
    this.#outSequence = null;
    for (const page of pages) {
      new Uint8Array(this.exports.memory.buffer).set(page, this.exports.gw_in_ptr());
      const result = this.exports.gw_restore(page.length);
      if (result !== 0) return result;
    }
    return this.exports.gw_restore(0);
  }

  #copyOutput(length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, this.exports.gw_out_ptr(), length).slice();
  }

  /** Writes a batch into the input buffer and returns its octets. */
  writeBatch(rows: readonly Row[]): number {
    const n = rows.length;
    const length = 24 + 24 * n;
    assert.ok(length <= this.exports.gw_in_cap(), `${n} rows do not fit the input buffer`);
    const view = this.#view(this.exports.gw_in_ptr());
    [1, 0, n, 0].forEach((word, i) => {
      view.setUint32(4 * i, word, true);
    });
    view.setBigUint64(16, this.#sequence++, true);
    rows.forEach((row, i) => {
      view.setFloat64(24 + 8 * i, row.ts, true);
      view.setFloat64(24 + 8 * n + 8 * i, row.v, true);
      view.setUint32(24 + 16 * n + 4 * i, row.id, true);
      view.setUint8(24 + 20 * n + i, row.quality ?? 0);
      view.setUint8(24 + 21 * n + i, row.channel ?? 0);
      view.setUint8(24 + 22 * n + i, 0);
      view.setUint8(24 + 23 * n + i, 0);
    });
    return length;
  }

  /** Reads the page a call has returned, and those after it. */
  takePages(result: number): Reply {
    const reply: Reply = { rows: [], error: 0, pages: 0 };
    for (let length = result; length !== 0; length = this.exports.gw_on_batch(0)) {
      if (length < 0) return { ...reply, error: length };
      assert.ok(++reply.pages <= PAGES_MAX, 'at most 64 pages after the first');
      if (!this.#readPage(length, reply.rows)) break;
    }
    return reply;
  }

  /** Appends the rows of the output buffer; true when more wait. */
  #readPage(length: number, into: Required<Row>[]): boolean {
    const view = this.#view(this.exports.gw_out_ptr());
    const n = view.getUint32(8, true);
    assert.ok(length <= this.exports.gw_out_cap());
    assert.equal(length, 24 + 24 * n);
    assert.equal(view.getUint32(0, true), 1, 'version');
    assert.equal(view.getUint32(12, true), 0, 'reserved');
    const sequence = view.getBigUint64(16, true);
    assert.equal(sequence, this.#outSequence ?? sequence, 'sequence');
    this.#outSequence = sequence + 1n;
    for (let i = 0; i < n; i++) {
      assert.equal(view.getUint8(24 + 23 * n + i), 0, 'reserved column');
      into.push({
        ts: view.getFloat64(24 + 8 * i, true),
        v: view.getFloat64(24 + 8 * n + 8 * i, true),
        id: view.getUint32(24 + 16 * n + 4 * i, true),
        quality: view.getUint8(24 + 20 * n + i),
        channel: view.getUint8(24 + 21 * n + i),
        state: view.getUint8(24 + 22 * n + i),
      });
    }
    return (view.getUint32(4, true) & 1) !== 0;
  }

  #view(from: number): DataView {
    return new DataView(this.exports.memory.buffer, from);
  }
}
