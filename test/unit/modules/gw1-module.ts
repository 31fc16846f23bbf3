/** A module of the ABI `gw1` straight on the WebAssembly API: rows in, rows out, every offset taken from the ABI page. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
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
  limits: { memoryPages: number; outBytes: number; deadlineMs: number };
}

interface Exports {
  memory: WebAssembly.Memory;
  gw_in_ptr(): number;
  gw_in_cap(): number;
  gw_out_ptr(): number;
  gw_out_cap(): number;
  gw_init(len: number): number;
  gw_on_batch(len: number): number;
  gw_on_tick(nowMs: number): number;
}

const root = new URL('../../../', import.meta.url);
const PAGES_MAX = 1 + 64;

/** The manifest and the binary of a module, compiled first when its sources are newer. */
export function loadModule(id: string): { manifest: Manifest; binary: Uint8Array<ArrayBuffer> } {
  execFileSync(process.execPath, [new URL('scripts/build-modules.mjs', root).pathname, id]);
  const build = new URL(`modules/${id}/build/`, root);
  const manifest = JSON.parse(readFileSync(new URL('manifest.json', build), 'utf8')) as Manifest;
  return { manifest, binary: Uint8Array.from(readFileSync(new URL(manifest.wasm, build))) };
}

export class Gw1Module {
  readonly exports: Exports;
  #sequence = 0n;
  #outSequence = 0n;

  constructor(binary: Uint8Array<ArrayBuffer>) {
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports as unknown as Exports;
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
    return this.takePages(this.exports.gw_on_tick(nowMs));
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
    assert.equal(view.getBigUint64(16, true), this.#outSequence++, 'sequence');
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
