/** The languages modules are written in: what their source is called, what they are compiled with, and how. Runs on Node 18 or later. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PROJECT } from './project.mjs';
import { systemPath } from './system-path.mjs';

const PAGE_OCTETS = 65_536;
/** Octets of a native stack, inside the memory. */
const STACK_OCTETS = 65_536;
const COMPILE_MS_MAX = 120_000;

/** Debian's own; one from elsewhere in the PATH may have no WASM target. */
const RUSTC = '/usr/bin/rustc';
/** Who is told why a module in AssemblyScript gives up. */
const ABORT = 'abort=modules/sdk-as/assembly/panic/aborted';
const RUST_TARGET = 'wasm32-unknown-unknown';

/** First match counts. `sdk`: the folder whose files the module is made from too. `packages`: what Debian calls the compiler. */
const LANGUAGES = [
  {
    entry: () => 'assembly/index.ts',
    sources: 'assembly',
    sdk: 'sdk-as/assembly',
    packages: '',
    isEssential: true,
    isInstalled: () => true,
    compile: compileAssemblyScript,
  },
  {
    entry: (id) => `${id}.c`,
    sources: '',
    sdk: 'sdk-c',
    packages: 'clang lld',
    isEssential: false,
    isInstalled: () => isProgram('clang') && isProgram('wasm-ld'),
    compile: compileC,
  },
  {
    entry: (id) => `${id}.rs`,
    sources: '',
    sdk: 'sdk-rust/src',
    packages: 'rustc libstd-rust-dev-wasm32 lld',
    isEssential: false,
    isInstalled: () => hasRustTarget(),
    compile: compileRust,
  },
];

/** The language of the module in `folder`, by the file that stands in it. @throws Error when none does. */
export function languageOf(folder) {
  const id = basename(folder);
  const language = LANGUAGES.find(({ entry }) => existsSync(join(folder, entry(id))));
  const entries = LANGUAGES.map(({ entry }) => entry(id)).join(', ');
  if (language === undefined) throw new Error(`modules/${id}: one of ${entries} expected, none found`);
  return language;
}

/*
 * In every language the memory starts at its maximum: it never grows, and the host's views of it stay valid (see
 * modules/sdk-as/assembly/arena.ts). Without an explicit maximum compilers emit a memory that has none.
 */

async function compileAssemblyScript(entry, output, memoryPages) {
  const { default: asc } = await import('assemblyscript/asc');
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--use', ABORT];
  const memory = ['--initialMemory', String(memoryPages), '--maximumMemory', String(memoryPages)];
  const { error, stderr } = await asc.main([
    entry,
    '--baseDir',
    `${PROJECT}/`,
    '--outFile',
    output,
    ...options,
    ...memory,
  ]);
  if (error) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`);
}

function compileC(entry, output, memoryPages) {
  const target = ['--target=wasm32', '-std=c11', '-O2', '-ffreestanding', '-mbulk-memory', '-nostdlib'];
  const linking = ['--no-entry', '-s', ...nativeMemory(memoryPages), `-z,stack-size=${STACK_OCTETS}`];
  const warnings = ['-Wall', '-Wextra'];
  run('clang', [...target, ...warnings, '-Imodules/sdk-c', entry, '-o', output, `-Wl,${linking.join(',')}`]);
}

/** The SDK is compiled with each module: it takes a second, and no module waits for another's build. */
function compileRust(entry, output, memoryPages) {
  const name = entry.replace(/^.*\//, '').replace('.rs', '').replaceAll('-', '_');
  const library = `${dirname(output)}/libtidegate.${process.pid}.rlib`;
  const target = ['--edition', '2021', '--target', RUST_TARGET, '-C', 'opt-level=3'];
  const options = [
    ...target,
    `--remap-path-prefix=${PROJECT}=.`,
    '-C',
    'panic=abort',
    '-C',
    'target-feature=+bulk-memory',
  ];
  const linking = [...nativeMemory(memoryPages), `-zstack-size=${STACK_OCTETS}`].flatMap((arg) => [
    '-C',
    `link-arg=${arg}`,
  ]);
  const whole = ['-C', 'lto', '-C', 'strip=symbols', '--extern', `tidegate=${library}`];
  try {
    run(RUSTC, [
      ...options,
      '--crate-type',
      'rlib',
      '--crate-name',
      'tidegate',
      'modules/sdk-rust/src/lib.rs',
      '-o',
      library,
    ]);
    run(RUSTC, [...options, '--crate-type', 'cdylib', '--crate-name', name, ...whole, ...linking, entry, '-o', output]);
  } finally {
    rmSync(join(PROJECT, library), { force: true });
  }
}

/** @returns {string | undefined} of the compiler whose core library modules in Rust carry; undefined when there is none here. */
export function rustVersion() {
  const { status, stdout } = spawnSync(RUSTC, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /^rustc (\S+)/.exec(stdout)?.[1] : undefined;
}

function nativeMemory(memoryPages) {
  return [`--initial-memory=${memoryPages * PAGE_OCTETS}`, `--max-memory=${memoryPages * PAGE_OCTETS}`];
}

function run(program, args) {
  const { status, error, stderr } = spawnSync(program, args, {
    cwd: PROJECT,
    env: { ...process.env, PATH: systemPath() },
    encoding: 'utf8',
    timeout: COMPILE_MS_MAX,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${error?.message ?? stderr}`);
}

function isProgram(name) {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
}

function hasRustTarget() {
  const { status, stdout } = spawnSync(RUSTC, ['--print', 'target-libdir', '--target', RUST_TARGET], {
    encoding: 'utf8',
  });
  return status === 0 && existsSync(stdout.trim());
}
