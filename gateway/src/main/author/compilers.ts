/**
 * How a module is compiled in each language. Every way states the memory's maximum: no compiler does so by itself, and the guard
 * refuses what asks for more than its manifest grants.
 */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isSea } from 'node:sea';
import { GatewayError } from '../../base/errors.ts';
import { assets } from '../assets.ts';
import { programFolder } from './program-files.ts';
import { type AuthorProject, entryOf, type Language } from './project.ts';
import { findTool, isExecutable, runTool, type ToolCall } from './run-tool.ts';

const PAGE_BYTES = 65_536;
/** Of a native stack, inside the memory: modules neither recurse deeply nor keep much on the stack. */
const STACK_BYTES = PAGE_BYTES;
const C_PACKAGES = 'Debian packages clang and lld';
const RUST_PACKAGES = 'Debian packages rustc, libstd-rust-dev-wasm32 and lld';
const AS_PACKAGES = 'npm package assemblyscript';
/** Of the SDK: takes the text of `abort`. A project with a copy of the SDK from before it has none. */
const AS_PANIC = 'sdk/assembly/panic.ts';
const RUST_TARGET = 'wasm32-unknown-unknown';

interface Compiler {
  readonly title: string;
  /** Calls one after the other; the last writes `output`. `scratch` is a folder of the build's own. */
  readonly calls: (project: AuthorProject, output: string, scratch: string) => ToolCall[];
}

export const COMPILERS: Readonly<Record<Language, Compiler>> = {
  as: { title: 'AssemblyScript', calls: assemblyScriptCalls },
  c: { title: 'C', calls: cCalls },
  rust: { title: 'Rust', calls: rustCalls },
};

/** Compiles `project` to `output`. @returns warnings. @throws GatewayError `unavailable` naming the missing package, or as `runTool`. */
export function compile(project: AuthorProject, language: Language, output: string, scratch: string): string {
  const calls = COMPILERS[language].calls(project, output, scratch);
  return calls.map((call) => runTool(call)).join('');
}

/** The SDK of a module: its own copy, else the program's. */
export function sdkFolder({ folder }: AuthorProject, language: Language): string {
  const own = join(folder, 'sdk');
  return fs.existsSync(own) ? own : programFolder(`modules/sdk-${language}`);
}

/** The memory starts at its maximum, so that the host's views of it stay valid; pages cost nothing before they are written. */
function assemblyScriptCalls(project: AuthorProject, output: string): ToolCall[] {
  const pages = String(project.manifest.limits.memoryPages);
  const memory = ['--initialMemory', pages, '--maximumMemory', pages];
  const entries = [entryOf('as', project.manifest.id)];
  const isTold = fs.existsSync(join(project.folder, AS_PANIC));
  if (isTold) entries.push(AS_PANIC);
  const abort = `abort=${isTold ? AS_PANIC.replace('.ts', '/aborted') : ''}`;
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--use', abort, '--exportStart', '_initialize'];
  const { node, asc } = findAssemblyScript(project.folder);
  const args = [asc, ...entries, '--baseDir', '.', '--outFile', output, ...options, ...memory];
  return [{ name: 'asc', path: node, args, cwd: project.folder, packages: AS_PACKAGES }];
}

function findAssemblyScript(folder: string): { node: string; asc: string } {
  const node = isSea() ? findTool('node') : process.execPath;
  const resolvers = [createRequire(join(folder, 'package.json')).resolve, assets.packageFile];
  const asc = resolvers.map((resolve) => resolveAsc(resolve)).find((path) => path !== undefined);
  if (node !== undefined && asc !== undefined) return { node, asc };
  const install = '`npm install --save-dev assemblyscript@0.28` in the module’s folder';
  throw new GatewayError(
    'unavailable',
    `${folder}: the AssemblyScript compiler expected, ${asc === undefined ? 'no asc' : 'no node'} found`,
    {
      hint: isSea()
        ? `The packaged program carries no compiler. On a machine with Node.js 20 or later: ${install}.`
        : `It is the npm package assemblyscript: ${install}.`,
    },
  );
}

function resolveAsc(resolve: (specifier: string) => string): string | undefined {
  try {
    return resolve('assemblyscript/bin/asc.js');
  } catch {
    // Not installed there: the next place is asked.
    return undefined;
  }
}

function cCalls(project: AuthorProject, output: string): ToolCall[] {
  const { id, limits } = project.manifest;
  const path = needed('clang');
  needed('wasm-ld');
  const code = [
    '--target=wasm32',
    '-std=c11',
    '-O2',
    '-ffreestanding',
    '-mbulk-memory',
    '-nostdlib',
    '-Wall',
    '-Wextra',
    `-I${sdkFolder(project, 'c')}`,
  ];
  const memory = limits.memoryPages * PAGE_BYTES;
  const link = [
    '--no-entry',
    '--strip-all',
    `-z,stack-size=${STACK_BYTES}`,
    `--initial-memory=${memory}`,
    `--max-memory=${memory}`,
  ];
  const args = [...code, ...link.map((option) => `-Wl,${option}`), '-o', output, entryOf('c', id)];
  return [{ name: 'clang', path, args, cwd: project.folder, packages: C_PACKAGES }];
}

function rustCalls(project: AuthorProject, output: string, scratch: string): ToolCall[] {
  const { id, limits } = project.manifest;
  const path = findRust();
  const library = join(scratch, 'libtidegate.rlib');
  const common = [
    '--edition',
    '2021',
    '--target',
    RUST_TARGET,
    '-C',
    'opt-level=3',
    '-C',
    'panic=abort',
    '-C',
    'target-feature=+bulk-memory',
  ];
  const sources = sdkFolder(project, 'rust');
  // Panics name their place: the same on every machine.
  const prefix = `--remap-path-prefix=${sources}=sdk`;
  const sdk = [...common, prefix, '--crate-type', 'rlib', '--crate-name', 'tidegate', '-o', library];
  const memory = limits.memoryPages * PAGE_BYTES;
  // rustc reserves 1 MiB of stack, and has the linker believe what comes last.
  const linker = [`-zstack-size=${STACK_BYTES}`, `--initial-memory=${memory}`, `--max-memory=${memory}`];
  const link = ['-C', 'lto=fat', '-C', 'strip=symbols', ...linker.flatMap((option) => ['-C', `link-arg=${option}`])];
  const module = [...common, ...link, '--crate-type', 'cdylib', '--crate-name', id.replaceAll('-', '_')];
  const call = { name: 'rustc', path, cwd: project.folder, packages: RUST_PACKAGES };
  return [
    { ...call, args: [...sdk, join(sources, 'src/lib.rs')] },
    { ...call, args: [...module, '--extern', `tidegate=${library}`, '-o', output, entryOf('rust', id)] },
  ];
}

/** Debian's compiler has the target from a package; one from rustup, which often stands earlier in the PATH, may not. */
function findRust(): string {
  const candidates = [findTool('rustc'), '/usr/bin/rustc'].filter((path) => path !== undefined && isExecutable(path));
  const found = candidates.find((path) => hasWasmTarget(path!));
  if (found !== undefined) return found;
  throw new GatewayError('unavailable', `rustc: the target ${RUST_TARGET} expected, none found`, {
    hint: `${RUST_PACKAGES}, or \`rustup target add ${RUST_TARGET}\`.`,
  });
}

function hasWasmTarget(path: string): boolean {
  try {
    const args = ['--print', 'target-libdir', '--target', RUST_TARGET];
    const folder = runTool({ name: 'rustc', path, args, cwd: '/', packages: RUST_PACKAGES }, 10_000);
    return fs.readdirSync(folder).some((name) => name.startsWith('libcore-'));
  } catch {
    // No such folder, or a compiler that does not know the target: it cannot build modules.
    return false;
  }
}

function needed(tool: string): string {
  const path = findTool(tool);
  if (path !== undefined) return path;
  throw new GatewayError('unavailable', `${tool}: not found in the PATH`, {
    hint: `${C_PACKAGES}: \`apt-get install clang lld\`.`,
  });
}
