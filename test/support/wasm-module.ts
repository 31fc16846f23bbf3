/** Modules of the ABI `gw1` written octet by octet, each with one fault: what no compiler would make. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Instructions of a function body, without its `end`. */
export const BODY = {
  /** Says nothing. */
  quiet: [0x41, 0],
  trap: [0x00],
  /** `loop br 0 end`, and a result that is never reached. */
  loopForEver: [0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0],
  /** More octets than its output buffer has. */
  overlong: [0x41, 0x80, 0x80, 0x80, 0x01],
  /** −EINVAL. */
  refuse: [0x41, 0x6a],
} as const;

const IN_AT = 1024;
const OUT_AT = 65_536;

const unsigned = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >>> 7)]);
const signed = (n: number): number[] => (n >= -64 && n < 64 ? [n & 127] : [(n & 127) | 128, ...signed(n >> 7)]);
const vector = (items: readonly number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];
const name = (text: string): number[] => [...unsigned(text.length), ...Buffer.from(text)];
const constant = (n: number): number[] => [0x41, ...signed(n)];

/** @param onBatch body of `gw_on_batch`; `onInit` of `gw_init`. */
export function wasmModule(onBatch: readonly number[], onInit: readonly number[] = BODY.quiet): Buffer {
  const [NOTHING, GET, TAKE] = [0, 1, 2];
  const functions: [name: string, type: number, body: readonly number[]][] = [
    ['gw_abi_1_0', NOTHING, []],
    ['gw_in_ptr', GET, constant(IN_AT)],
    ['gw_in_cap', GET, constant(OUT_AT - IN_AT)],
    ['gw_out_ptr', GET, constant(OUT_AT)],
    ['gw_out_cap', GET, constant(4096)],
    ['gw_init', TAKE, onInit],
    ['gw_on_batch', TAKE, onBatch],
  ];
  const types = [
    [0x60, 0, 0],
    [0x60, 0, 1, 0x7f],
    [0x60, 1, 0x7f, 1, 0x7f],
  ];
  const exported = functions.map(([text], index) => [...name(text), 0, index]);
  const bodies = functions.map(([, , body]) => [0, ...body, 0x0b]).map((body) => [...unsigned(body.length), ...body]);
  return Buffer.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(3, vector(functions.map(([, type]) => [type]))),
    ...section(5, vector([[1, 2, 2]])),
    ...section(7, vector([[...name('memory'), 2, 0], ...exported])),
    ...section(10, vector(bodies)),
  ]);
}

export interface InstallOptions {
  /** Another hash than its own. */
  readonly sha256?: string;
  /** Of one call. So much that the deadline comes first, unless told. */
  readonly fuelPerCall?: number;
}

/** Puts a module where the gateway finds it under TIDEGATE_MODULES. */
export function installModule(folder: string, id: string, wasm: Uint8Array, options: InstallOptions = {}): void {
  const build = join(folder, id, 'build');
  mkdirSync(build, { recursive: true });
  const manifest = {
    id,
    version: '1.0.0',
    abi: 'gw1',
    summary: 'A module with a fault.',
    wasm: `${id}.wasm`,
    sha256: options.sha256 ?? createHash('sha256').update(wasm).digest('hex'),
    config: [],
    outputs: [{ name: 'out', kind: 'point', unit: '=', help: 'Nothing.' }],
    limits: {
      memoryPages: 2,
      tableElems: 1,
      codeBytes: 4096,
      functions: 20,
      localsPerFunction: 8,
      fuelPerCall: options.fuelPerCall ?? 10_000_000_000,
      startFuel: options.fuelPerCall ?? 10_000_000_000,
      outBytes: 4096,
      deadlineMs: 100,
    },
  };
  writeFileSync(join(build, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(build, `${id}.wasm`), wasm);
}
