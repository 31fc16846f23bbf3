/** Modules of the ABI `gw1` written octet by octet, each with one fault: what no compiler would make. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildModule, I32 } from './wasm-builder.ts';

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

export const constant = (n: number): number[] => [0x41, ...signed(n)];
const signed = (n: number): number[] => (n >= -64 && n < 64 ? [n & 127] : [(n & 127) | 128, ...signed(n >> 7)]);

/** @param onCall body of `gw_on_batch`, or of what a function has in its place; `onInit` of `gw_init`. */
export function wasmModule(
  onCall: readonly number[],
  onInit: readonly number[] = BODY.quiet,
  entry: 'gw_on_batch' | 'gw_on_event' = 'gw_on_batch',
): Uint8Array {
  const get = (name: string, n: number) => ({ name, results: [I32], code: constant(n) });
  const take = (name: string, code: readonly number[]) => ({ name, parameters: [I32], results: [I32], code });
  return buildModule({
    memory: [2, 2],
    functions: [
      { name: 'gw_abi_1_0', code: [] },
      get('gw_in_ptr', IN_AT),
      get('gw_in_cap', OUT_AT - IN_AT),
      get('gw_out_ptr', OUT_AT),
      get('gw_out_cap', 4096),
      take('gw_init', onInit),
      take(entry, onCall),
    ],
  });
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
