/** A module that sets a gauge and writes more log lines than it may, at every batch. Compiled from source when asked for. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const SOURCE = `
@external("gw1", "log") declare function log(level: i32, ptr: usize, len: i32): void;
@external("gw1", "metric") declare function metric(ptr: usize, len: i32, value: f64): void;

const IN: usize = memory.data(65536, 8);
const OUT: usize = memory.data(4096, 8);
const NAME: usize = memory.data<u8>([0x6c, 0x65, 0x76, 0x65, 0x6c]);

export function gw_abi_1_0(): void {}
export function gw_in_ptr(): usize { return IN; }
export function gw_in_cap(): i32 { return 65536; }
export function gw_out_ptr(): usize { return OUT; }
export function gw_out_cap(): i32 { return 4096; }
export function gw_init(len: i32): i32 { return 0; }
export function gw_on_batch(len: i32): i32 {
  metric(NAME, 5, 42.5);
  for (let i = 0; i < 40; i++) log(0, NAME, 5);
  return 0;
}
`;

const LIMITS = { memoryPages: 4, tableElems: 16, codeBytes: 65_536, functions: 50, localsPerFunction: 50 };

/** Puts the module `talking` where the gateway finds it under TIDEGATE_MODULES. Its gauge `level` is 42.5. */
export function installTalking(folder: string): void {
  const build = join(folder, 'talking', 'build');
  mkdirSync(build, { recursive: true });
  const [entry, wasm] = [join(build, 'index.ts'), join(build, 'talking.wasm')];
  writeFileSync(entry, SOURCE);
  const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
  const memory = ['--initialMemory', '2', '--maximumMemory', '4'];
  const stdio = ['ignore', 'ignore', 'inherit'] as const;
  execFileSync(process.execPath, [asc, entry, '-o', wasm, ...flags, ...memory], { stdio: [...stdio] });
  const manifest = {
    ...{ id: 'talking', version: '1.0.0', abi: 'gw1', capabilities: ['log', 'metric'], summary: 'Says too much.' },
    ...{ wasm: 'talking.wasm', sha256: createHash('sha256').update(readFileSync(wasm)).digest('hex'), config: [] },
    outputs: [{ name: 'out', kind: 'point', unit: '=', help: 'Nothing.' }],
    limits: { ...LIMITS, fuelPerCall: 10_000_000, startFuel: 10_000_000, outBytes: 4096, deadlineMs: 1000 },
  };
  writeFileSync(join(build, 'manifest.json'), JSON.stringify(manifest));
}
