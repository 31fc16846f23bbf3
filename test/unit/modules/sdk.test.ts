/** The example of each SDK's README, compiled as it stands there, does what the page says; and echo-function, the pattern for functions. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { buildMissing, Gw1Module } from './gw1-module.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const modules = join(root, 'modules');
const MEMORY = ['--initial-memory=524288', '--max-memory=524288'];
const RUST = ['--edition', '2021', '--target', 'wasm32-unknown-unknown', '-D', 'warnings', '-C', 'opt-level=3'];
const RUST_OPTIONS = [...RUST, '-C', 'panic=abort'];
const ASC = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--use',
  'abort=~lib/@tidegate/sdk-as/assembly/panic/aborted',
  '--initialMemory',
  '16',
  '--maximumMemory',
  '16',
];

interface Example {
  readonly sdk: string;
  readonly file: string;
  readonly skip: string | false;
  readonly keepsState: boolean;
  compile(folder: string): void;
}

const EXAMPLES: readonly Example[] = [
  { sdk: 'sdk-as', file: 'assembly/index.ts', skip: false, keepsState: false, compile: compileAssemblyScript },
  {
    sdk: 'sdk-c',
    file: 'limit.c',
    skip: buildMissing('unit-convert'),
    keepsState: true,
    compile: (folder) => {
      const target = ['--target=wasm32', '-std=c11', '-O2', '-ffreestanding', '-mbulk-memory', '-nostdlib'];
      const options = [...target, '-Wall', '-Wextra', '-Werror', `-I${join(modules, 'sdk-c')}`];
      run(
        'clang',
        [...options, 'limit.c', '-o', 'limit.wasm', `-Wl,--no-entry,-s,${MEMORY.join(',')},-z,stack-size=65536`],
        folder,
      );
    },
  },
  {
    sdk: 'sdk-rust',
    file: 'limit.rs',
    skip: buildMissing('deadband'),
    keepsState: true,
    compile: (folder) => {
      const library = ['--crate-type', 'rlib', '--crate-name', 'tidegate', join(modules, 'sdk-rust/src/lib.rs')];
      run('/usr/bin/rustc', [...RUST_OPTIONS, ...library, '-o', 'libtidegate.rlib'], folder);
      const linking = [...MEMORY, '-zstack-size=65536'].flatMap((arg) => ['-C', `link-arg=${arg}`]);
      const whole = [
        '--crate-type',
        'cdylib',
        '-C',
        'lto',
        '-C',
        'strip=symbols',
        '--extern',
        'tidegate=libtidegate.rlib',
      ];
      run('/usr/bin/rustc', [...RUST_OPTIONS, ...whole, ...linking, 'limit.rs', '-o', 'limit.wasm'], folder);
    },
  },
];

for (const { sdk, file, skip, keepsState, compile } of EXAMPLES) {
  test(`the example of ${sdk}'s README passes what is above the limit and sets its gauge`, { skip }, () => {
    using made = temporaryFolder();
    const folder = made.path;
    const text = readFileSync(join(modules, sdk, 'README.md'), 'utf8');
    const example = /^```(?:ts|c|rust)\n(.*?)^```$/ms.exec(text)?.[1];
    assert.ok(example, 'the page holds an example');
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), example);
    compile(folder);
    const binary = Uint8Array.from(readFileSync(join(folder, 'limit.wasm')));
    const compiled = new WebAssembly.Module(binary);
    assert.deepEqual(
      WebAssembly.Module.imports(compiled).map(({ module, name }) => `${module}.${name}`),
      ['gw1.metric'],
      'it imports what it calls',
    );
    const gauges: [string, number][] = [];
    const start = () => {
      const module: Gw1Module = new Gw1Module(binary, {
        metric: (from, octets, value) => {
          gauges.push([
            Buffer.from(module.exports.memory.buffer, from, octets).toString(),
            value!,
          ]) as unknown as undefined;
          return undefined;
        },
      });
      assert.equal(module.init([[10], [null]]), 0);
      return module;
    };
    const first = start();
    const rows = [9, 10, 11, 12].map((v, i) => ({ ts: i, v, id: 5 }));
    assert.deepEqual(
      first
        .batch([...rows, { ts: 9, v: 1, id: 6, channel: 1 }, { ts: 9, v: -1, id: 6, channel: 1 }])
        .rows.map((row) => row.v),
      [11, 12, 1],
    );
    assert.deepEqual(gauges.at(-1), ['passed', 3]);
    assert.equal(first.exports.gw_on_batch(7), -22);
    if (!keepsState) return;
    const second = start();
    assert.equal(second.restore(first.snapshot()), 0);
    second.batch(rows.slice(2, 3));
    assert.deepEqual(gauges.at(-1), ['passed', 4]);
    const damaged = first.snapshot().map((page) => page.fill(9, 40));
    assert.equal(start().restore(damaged), -22);
  });
}

/** The package stands where a project of its own would have it. */
function compileAssemblyScript(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@tidegate'), { recursive: true });
  symlinkSync(join(modules, 'sdk-as'), join(folder, 'node_modules/@tidegate/sdk-as'));
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  run(process.execPath, [asc, 'assembly/index.ts', ...ASC, '--outFile', 'limit.wasm'], folder);
}

function run(program: string, args: string[], cwd: string): void {
  execFileSync(program, args, { cwd, stdio: 'pipe' });
}

describe('the AssemblyScript SDK', () => {
  test('wraps every capability, with text put together from pieces, and imports only what is called', () => {
    using made = temporaryFolder();
    const folder = made.path;
    mkdirSync(join(folder, 'assembly'));
    writeFileSync(
      join(folder, 'assembly/index.ts'),
      `import { addNumberText, addText, beginText, emit, log, logText, now, WARNING } from '@tidegate/sdk-as/assembly';
       export * from '@tidegate/sdk-as/assembly/exports';
       const MOMENT: usize = memory.data(8, 8);
       export function speak(): i32 {
         log(2, 'Überlauf');
         beginText();
         addText('level ');
         addNumberText(-12.5);
         addText(' of ');
         addNumberText(1e6);
         logText(WARNING);
         store<f64>(MOMENT, now());
         return emit('tank.full', MOMENT, 8);
       }`,
    );
    compileAssemblyScript(folder);
    const said: unknown[] = [];
    const text = (from = 0, octets = 0) => Buffer.from(memory().buffer, from, octets).toString();
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(join(folder, 'limit.wasm'))), {
      gw1: {
        log: (level: number, from: number, octets: number) => said.push([level, text(from, octets)]),
        now: () => 1_700_000_000_123.5,
        emit: (from: number, octets: number, data: number, size: number) => {
          said.push([text(from, octets), new DataView(memory().buffer, data, size).getFloat64(0, true)]);
          return -11;
        },
      },
    });
    const memory = () => instance.exports.memory as WebAssembly.Memory;
    assert.equal((instance.exports.speak as () => number)(), -11);
    assert.deepEqual(said, [
      [2, 'Überlauf'],
      [1, 'level -12.5 of 1000000'],
      ['tank.full', 1_700_000_000_123.5],
    ]);
  });
});
