/** Builds test/bench/support/wasm/kernels.c: for V8 and wazero by clang, native by gcc. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('kernels.c', import.meta.url));
const WASM = ['--target=wasm32', '-O2', '-nostdlib', '-Wl,--no-entry,-s,--max-memory=1048576'];
const COMPILE_TIMEOUT_MS = 120_000;

export const KERNELS = ['aggregate', 'checksum'] as const;
export type Kernel = (typeof KERNELS)[number];

/** What `_start` does; left out: nothing. */
export interface StartWork {
  readonly kernel: Kernel;
  readonly rounds: number;
}

/** @returns path of the module, below `folder`. */
export function buildWasm(folder: string, start?: StartWork): string {
  const path = join(folder, `kernels${start === undefined ? '' : `-${start.kernel}-${start.rounds}`}.wasm`);
  compile('clang', [...WASM, ...defines(start), SOURCE, '-o', path]);
  return path;
}

/** @returns path of the program, below `folder`. */
export function buildNative(folder: string, start: StartWork): string {
  const path = join(folder, `kernels-${start.kernel}-${start.rounds}`);
  compile('gcc', ['-O2', '-w', ...defines(start), SOURCE, '-o', path]);
  return path;
}

/** Milliseconds of processor time of a program, its own and the system's for it, or undefined when it could not be run. */
export function cpuOf(command: string, args: readonly string[], cwd?: string): number {
  const before = childCpu();
  const { error } = spawnSync(command, args, { stdio: 'ignore', timeout: COMPILE_TIMEOUT_MS, ...(cwd && { cwd }) });
  if (error !== undefined) throw error;
  return childCpu() - before;
}

/** Of all children that have ended, from /proc/self/stat: ticks of 10 ms. */
function childCpu(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // proc(5): cutime and cstime are fields 16 and 17.
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function defines(start: StartWork | undefined): string[] {
  return start === undefined ? [] : [`-DROUNDS=${start.rounds}`, `-DKERNEL=${KERNELS.indexOf(start.kernel)}`];
}

function compile(compiler: string, args: readonly string[]): void {
  execFileSync(compiler, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: COMPILE_TIMEOUT_MS });
}
