/** Modules that real compilers made of ordinary C and Rust, guarded as in the gateway. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WASI } from 'node:wasi';
import { ModuleExited } from '../../../gateway/src/adapters/wasm/wasi/system-calls.ts';
import { createWasi } from '../../../gateway/src/adapters/wasm/wasi/wasi.ts';
import { FUEL_EXPORT } from '../../../gateway/src/core/modules/ports.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { compileC, compileRust, guarded, withoutC, withoutRust } from './toolchain.ts';

type Exported = (...args: number[]) => number;

/** A running instance with its folder below `path`, full of fuel. */
async function start(module: WebAssembly.Module, path: string, bytes = 1 << 20) {
  const lines: string[] = [];
  const wasi = await createWasi(module, {
    module: 'fixture',
    log: (level, line) => lines.push(`${level} ${line}`),
    logBytesPerSec: 10_000,
    nowMs: () => 1_700_000_000_000,
    monotonicMs: () => 1,
    fillRandom: (octets) => octets.fill(4),
    folder: { path: join(path, 'folder'), bytes },
  });
  const next = wasi.newInstance();
  const instance = new WebAssembly.Instance(module, next.imports);
  next.attach(instance);
  const { exports } = instance;
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
  fuel.value = 100_000_000n;
  (exports._initialize as () => void)();
  return {
    wasi,
    lines,
    fuel,
    exports: exports as unknown as Record<string, Exported>,
    memory: exports.memory as WebAssembly.Memory,
  };
}

/** Fills the input buffer with rows of 1 and hands them over. @returns the values that came back, or −errno. */
function onBatch({ exports, memory }: Awaited<ReturnType<typeof start>>, rows: number): number[] | number {
  new DataView(memory.buffer, exports.gw_in_ptr!()).setUint32(8, rows, true);
  const length = exports.gw_on_batch!(24 + 24 * rows);
  if (length < 0) return length;
  return [...new Float64Array(memory.buffer, exports.gw_out_ptr!() + 24 + 8 * rows, rows)];
}

test('a C module keeps its files over a restart, and prints to the log', { skip: withoutC }, async () => {
  using folder = temporaryFolder();
  const module = guarded(await compileC('diary', folder.path));
  const first = await start(module, folder.path);
  assert.equal(first.exports.gw_init!(16), 0);
  assert.deepEqual(onBatch(first, 3), [3, 3, 3]);
  assert.deepEqual(onBatch(first, 1), [4]);
  await first.wasi.flush();
  const second = await start(module, folder.path);
  assert.equal(second.exports.gw_init!(16), 0);
  assert.deepEqual(second.lines, ['info diary: 4 rows so far, 16 octets of configuration']);
  assert.deepEqual(onBatch(second, 2), [6, 6]);
  await second.wasi.flush();
  assert.deepEqual(readdirSync(join(folder.path, 'folder')), ['count', 'days']);
  const diary = readFileSync(join(folder.path, 'folder/days/diary'), 'utf8');
  assert.equal(diary, '1700000000: 3 rows\n1700000000: 1 rows\n1700000000: 2 rows\n');
});

test('a C module at the bound of its folder is told ENOSPC, and says so', { skip: withoutC }, async () => {
  using folder = temporaryFolder();
  const running = await start(guarded(await compileC('diary', folder.path)), folder.path, 100);
  assert.equal(running.exports.gw_init!(16), 0);
  const results = Array.from({ length: 10 }, () => onBatch(running, 1));
  assert.deepEqual(results.slice(0, 4), [[1], [2], [3], [4]]);
  assert.equal(results.at(-1), -51);
  assert.ok(running.lines.includes('warn diary: No space left on device'), running.lines.join('\n'));
});

test('the file calls answer as those of another implementation do', { skip: withoutC }, async () => {
  using folder = temporaryFolder();
  const wasm = await compileC('files', folder.path);
  const reportOf = (exports: Record<string, Exported>, memory: WebAssembly.Memory) => {
    exports.run!();
    const octets = Buffer.from(memory.buffer, exports.report_ptr!(), exports.report_length!());
    return octets.toString().split('\n');
  };
  const ours = await start(guarded(wasm), folder.path);
  mkdirSync(join(folder.path, 'theirs'));
  const theirs = new WASI({ version: 'preview1', preopens: { '/data': join(folder.path, 'theirs') } });
  const module = new WebAssembly.Module(wasm);
  const instance = new WebAssembly.Instance(module, theirs.getImportObject() as WebAssembly.Imports);
  theirs.initialize(instance);
  const expected = reportOf(instance.exports as never, instance.exports.memory as WebAssembly.Memory);
  assert.deepEqual(reportOf(ours.exports, ours.memory), expected);
  assert.ok(expected.length > 40, `${expected.length} answers`);
  await ours.wasi.flush();
  const below = (name: string) =>
    readdirSync(join(folder.path, name), { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')])
      .sort();
  assert.deepEqual(below('folder'), below('theirs'));
});

test("Rust's standard library finds what it needs", { skip: withoutRust }, async () => {
  using folder = temporaryFolder();
  const module = guarded(await compileRust('panics', folder.path));
  const running = await start(module, folder.path);
  assert.equal(running.exports.work!(), 5);
  assert.equal(running.exports.work!(), 10);
  assert.equal(running.lines[0], 'info at 1700000000000, 0 arguments');
  assert.equal(running.wasi.isFlushWanted, true);
  assert.throws(
    () => running.exports.leave!(),
    (error) => error instanceof ModuleExited && error.exitCode === 7,
  );
});

test('a panic traps after its message, and a sleep is one', { skip: withoutRust }, async () => {
  using folder = temporaryFolder();
  const module = guarded(await compileRust('panics', folder.path));
  for (const name of ['fail', 'doze']) {
    const running = await start(module, folder.path);
    assert.throws(() => running.exports[name]!(), WebAssembly.RuntimeError);
    assert.match(
      running.lines[0]!,
      name === 'fail' ? /^warn thread .* panicked at 'on purpose'/ : /^warn thread .* panicked/,
    );
  }
});
