/** Real compilers for the WASI fixtures: Debian's clang with wasi-libc, and Debian's Rust. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { WASI_FOLDER_GRANTS, WASI_FOLDER_TYPES } from '../../../gateway/src/adapters/wasm/wasi/grants.ts';
import { guardModule } from '../../../gateway/src/core/modules/guard/guard.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';

const FIXTURES = resolve(import.meta.dirname, '../../fixtures/wasi');
const C_LIBRARY = '/usr/lib/wasm32-wasi/crt1-reactor.o';
const RUSTC = '/usr/bin/rustc';
const RUST_LIBRARY = '/usr/lib/rustlib/wasm32-wasi';

export const withoutC =
  skipWithout('clang', 'wasm-ld') || (!existsSync(C_LIBRARY) && 'not installed: wasi-libc, libclang-rt-dev-wasm32');
export const withoutRust =
  withoutC ||
  ((!existsSync(RUSTC) || !existsSync(RUST_LIBRARY)) && 'not installed: Debian rustc, libstd-rust-dev-wasm32');

/** @returns the module as its author would ship it. */
export async function compileC(name: string, folder: string): Promise<Uint8Array> {
  const output = join(folder, `${name}.wasm`);
  const flags = ['--target=wasm32-wasi', '-mexec-model=reactor', '-O2', '-Wall', '-Wextra', '-Werror'];
  await compile('clang', [...flags, '-Wl,-s,--max-memory=1048576', '-o', output, join(FIXTURES, `${name}.c`)]);
  return readFileSync(output);
}

export async function compileRust(name: string, folder: string): Promise<Uint8Array> {
  const output = join(folder, `${name}.wasm`);
  const link = ['-C', 'link-arg=-s', '-C', 'link-arg=--max-memory=4194304'];
  // A cdylib has no `_initialize` of its own.
  const reactor = ['-C', `link-arg=${C_LIBRARY}`, '-C', 'link-arg=--export=_initialize'];
  const source = join(FIXTURES, `${name}.rs`);
  const kind = ['--target', 'wasm32-wasi', '--crate-type', 'cdylib', '-O'];
  await compile(RUSTC, [...kind, ...link, ...reactor, '-o', output, source]);
  return readFileSync(output);
}

async function compile(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args, { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
}

/** The guard lets it in with the imports of the profile, and adds fuel. */
export function guarded(wasm: Uint8Array): WebAssembly.Module {
  const limits = {
    memoryPages: 64,
    tableElems: 1000,
    tables: 1,
    codeBytes: 1 << 20,
    dataBytes: 1 << 20,
    customBytes: 1 << 20,
    functions: 5000,
    localsPerFunction: 1000,
    globals: 1000,
    types: 1000,
    exports: 100,
    elementSegments: 100,
    dataSegments: 1000,
    imports: WASI_FOLDER_GRANTS,
    importTypes: WASI_FOLDER_TYPES,
  };
  return new WebAssembly.Module(guardModule(wasm, limits, WebAssembly.validate).binary);
}
