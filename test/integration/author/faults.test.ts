/** What goes wrong on an author's way, and what is said then. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { memoryHint } from '../../../gateway/src/main/author/run-tool.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { author, type Language, makeProject, skipWithoutCompiler } from './author.ts';

const noClang = await skipWithoutCompiler('c');

async function newProject(dir: string, language: Language): Promise<string> {
  const { code, stderr } = await author(['new', 'mean', '--lang', language, '--dir', dir]);
  assert.equal(code, 0, stderr);
  return join(dir, 'mean');
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from), `${path} holds ${from}`);
  writeFileSync(path, text.replace(from, to));
}

test('a missing compiler is named with its packages', async () => {
  for (const [language, tool, packages] of [
    ['c', /clang: not found in the PATH/, /Debian packages clang and lld/],
    ['rust', /rustc: the target|lacks a program of its own/, /Debian packages rustc, libstd-rust-dev-wasm32 and lld/],
  ] as const) {
    using dir = temporaryFolder();
    const folder = await newProject(dir.path, language);
    const { code, stderr } = await author(['build', folder], { PATH: dir.path });
    assert.equal(code, 3);
    assert.match(stderr, tool);
    assert.match(stderr, packages);
  }
});

test('a folder that is there is left alone', async () => {
  using dir = temporaryFolder();
  mkdirSync(join(dir.path, 'mean'));
  const { code, stderr } = await author(['new', 'mean', '--lang', 'as', '--dir', dir.path]);
  assert.equal(code, 1);
  assert.match(stderr, /no such folder expected, one found/);
  assert.equal(existsSync(join(dir.path, 'mean/manifest.json')), false);
});

test('names that no file or crate could bear are refused', async () => {
  using dir = temporaryFolder();
  for (const name of ['Mean', '../mean', 'mean-', '9mean', 'a'.repeat(33)]) {
    const { code, stderr } = await author(['new', name, '--lang', 'c', '--dir', dir.path]);
    assert.equal(code, 2, name);
    assert.match(stderr, /kebab-case/);
  }
});

test('a test before the build says what to do', async () => {
  using dir = temporaryFolder();
  const { code, stderr } = await author(['test', await newProject(dir.path, 'c')]);
  assert.equal(code, 3);
  assert.match(stderr, /Build it first: tidegate module build/);
});

test('every fault of a manifest is named before anything is compiled', async () => {
  using dir = temporaryFolder();
  const folder = await newProject(dir.path, 'c');
  edit(join(folder, 'manifest.json'), '"memoryPages": 16', '"memoryPages": 0');
  edit(join(folder, 'manifest.json'), '"version": "0.1.0"', '"version": "one"');
  const { code, stderr } = await author(['build', folder]);
  assert.equal(code, 2);
  assert.match(stderr, /version: a semantic version expected/);
  assert.match(stderr, /limits\.memoryPages/);
});

test('messages of the compiler are shown, and the build before stays', { skip: noClang }, async () => {
  using dir = temporaryFolder();
  const folder = await makeProject(dir.path, 'mean', 'c');
  const built = readFileSync(join(folder, 'build/mean.wasm'));
  edit(join(folder, 'mean.c'), '#include "tidegate.h"', '#include "tidegate.h"\nint wrong = nowhere;');
  const { code, stderr } = await author(['build', folder]);
  assert.equal(code, 2);
  assert.match(stderr, /mean\.c:\d+:\d+: error: use of undeclared identifier 'nowhere'/);
  assert.deepEqual(readFileSync(join(folder, 'build/mean.wasm')), built);
});

test('what the guard refuses is not left in the build folder', { skip: noClang }, async () => {
  using dir = temporaryFolder();
  const folder = await newProject(dir.path, 'c');
  const call = '__attribute__((import_module("env"), import_name("open"))) int host_open(int);\n';
  edit(
    join(folder, 'mean.c'),
    'TG_EXPORT(gw_on_batch)',
    `${call}TG_EXPORT(probe) int probe(int x) { return host_open(x); }\nTG_EXPORT(gw_on_batch)`,
  );
  const { code, stderr } = await author(['build', folder]);
  assert.equal(code, 1);
  assert.match(stderr, /imports.*env\.open/);
  assert.equal(existsSync(join(folder, 'build/mean.wasm')), false);
});

test('a signature of an earlier build does not outlive it', { skip: noClang }, async () => {
  using dir = temporaryFolder();
  const folder = await makeProject(dir.path, 'mean', 'c');
  writeFileSync(join(folder, 'build/signature.json'), '{}');
  assert.equal((await author(['build', folder])).code, 0);
  assert.equal(existsSync(join(folder, 'build/signature.json')), false);
});

test('a trap is said with the step that set it off', { skip: noClang }, async () => {
  using dir = temporaryFolder();
  const folder = await newProject(dir.path, 'c');
  edit(join(folder, 'mean.c'), 'double mean = sum', 'if (series->id == 2) __builtin_trap();\n\tdouble mean = sum');
  assert.equal((await author(['build', folder])).code, 0);
  const { code, stderr } = await author(['test', folder]);
  assert.equal(code, 1);
  assert.match(stderr, /example\.json: step 1 \(batch of 4 rows\): .*trap/);
});

/** For each language: where the module gives up, and what is said of it. A line break in the text must not break the line. */
const LAST_WORDS = {
  c: {
    file: 'mean.c',
    from: 'double mean = sum',
    to: 'if (series->id == 2) tg_panic("no such\\nseries");\n\tdouble mean = sum',
    words: /step 1 \(batch of 4 rows\): .*trap found: unreachable: no such series\n/,
  },
  rust: {
    file: 'mean.rs',
    from: 'output.point(',
    to: 'assert!(row.id != 2, "no such\\nseries: {}", row.id);\n        output.point(',
    words:
      /step 1 .*trap found: unreachable: panicked at '?(mean\.rs:\d+:\d+: )?no such series: 2'?(, mean\.rs:\d+:\d+)?\n/,
  },
  as: {
    file: 'assembly/index.ts',
    from: 'let sum: f64 = 0;',
    to: "if (series.id == 2) throw new Error('no such\\nseries');\n  let sum: f64 = 0;",
    words: /step 1 .*trap found: unreachable: no such series, assembly\/index\.ts:\d+\n/,
  },
} as const;

for (const [language, { file, from, to, words }] of Object.entries(LAST_WORDS)) {
  const skip = await skipWithoutCompiler(language as Language);
  test(`the text of a panic is shown with the trap, ${language}`, { skip }, async () => {
    using dir = temporaryFolder();
    const folder = await newProject(dir.path, language as Language);
    edit(join(folder, file), from, to);
    const built = await author(['build', folder]);
    assert.equal(built.code, 0, built.stderr);
    const { code, stderr } = await author(['test', folder]);
    assert.equal(code, 1);
    assert.match(stderr, words);
  });
}

test('a module that computes for ever is ended by its fuel, also in a replay', { skip: noClang }, async () => {
  using dir = temporaryFolder();
  const folder = await newProject(dir.path, 'c');
  edit(
    join(folder, 'mean.c'),
    'double mean = sum',
    'for (volatile int i = 0; series->id == 2; i++) {}\n\tdouble mean = sum',
  );
  assert.equal((await author(['build', folder])).code, 0);
  const { code, stderr } = await author(['test', folder]);
  assert.equal(code, 1);
  assert.match(stderr, /units of fuel used/);
});

test('the bench prints figures that can be', { skip: noClang }, async () => {
  using dir = temporaryFolder();
  const folder = await makeProject(dir.path, 'mean', 'c');
  const { code, stdout, stderr } = await author(['bench', folder, '--seconds', '0.2', '--json']);
  assert.equal(code, 0, stderr);
  const figures = JSON.parse(stdout) as Record<string, never> & {
    guarded: { nsPerRow: { median: number } };
    fuelPerRow: number;
    state: { pages: number; bytes: number };
  };
  assert.ok(figures.guarded.nsPerRow.median > 0);
  assert.ok(figures.fuelPerRow > 10 && figures.fuelPerRow < 10_000);
  assert.equal(figures.state.pages, 1);
});

test('too little memory names the limit and the pages it takes, whichever compiler says so', () => {
  const ofLinker = 'wasm-ld-14: error: initial memory too small, 1018992 bytes needed';
  const ofAssemblyScript = "ERROR AS105: Module requires at least '12' pages of initial memory.";
  assert.match(memoryHint(ofLinker) ?? '', /need 16 pages .* limits\.memoryPages/);
  assert.match(memoryHint(ofAssemblyScript) ?? '', /need 12 pages .* limits\.memoryPages/);
  assert.equal(memoryHint("mean.c:3:1: error: expected ';'"), undefined);
});

test('a misspelt limit is told from a missing one', async () => {
  using dir = temporaryFolder();
  const folder = await newProject(dir.path, 'as');
  edit(join(folder, 'manifest.json'), '"outBytes"', '"outBites"');
  const { code, stderr } = await author(['build', folder]);
  assert.equal(code, 2);
  assert.match(stderr, /limits\.outBites: did you mean outBytes\?/);
});

test('a manifest that says something else than the build is warned of; one that was only touched is not', async () => {
  using dir = temporaryFolder();
  const folder = await makeProject(dir.path, 'mean', 'as');
  const manifest = join(folder, 'manifest.json');
  writeFileSync(manifest, readFileSync(manifest));
  assert.equal((await author(['test', folder])).stderr, '');
  edit(manifest, '"version": "0.1.0"', '"version": "0.2.0"');
  assert.match((await author(['test', folder])).stderr, /^warning: manifest\.json has changed since the build/);
});

test('the page of a project speaks of its own kind: a function is installed without a name or inputs', async () => {
  for (const [kind, says, saysNot] of [
    ['function', /\[\[function\.trigger\]\]/, /--replay|--name|--input/],
    ['stream', /--name mean --input/, /\[\[function/],
  ] as const) {
    for (const language of ['as', 'c', 'rust']) {
      using dir = temporaryFolder();
      await author(['new', 'mean', '--lang', language, '--kind', kind, '--dir', dir.path]);
      const page = readFileSync(join(dir.path, 'mean/README.md'), 'utf8');
      assert.match(page, says);
      assert.doesNotMatch(page, saysNot);
    }
  }
});
