import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HOST_TARGET } from '../../support/packaged.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/package.mjs', import.meta.url));

test('a path that compilers would misread is named before anything is built', async () => {
  using folder = temporaryFolder();
  const out = join(folder.path, 'out');
  const args = ['--target', HOST_TARGET, '--out', out, '--work', join(folder.path, 'my work')];
  const { code, stderr } = await runProgram(process.execPath, [SCRIPT, ...args], { timeoutMs: 120_000 });
  assert.equal(code, 1);
  assert.match(stderr, /--work \/.*\/my work: a path without spaces .* expected, " " found\n.*plain path with --work/);
  assert.equal(existsSync(out), false);
});

test('a link to such a path is none that may stand there, and umlauts are', async () => {
  const { expectPlainPaths } = (await import(
    new URL('../../../scripts/package/build-paths.mjs', import.meta.url).href
  )) as { expectPlainPaths(folders: Record<string, string>): void };
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'a&b'));
  symlinkSync('a&b', join(folder.path, 'link'));
  expectPlainPaths({ checkout: join(folder.path, 'Müller-1.0+x@y,z') });
  assert.throws(
    () => expectPlainPaths({ checkout: join(folder.path, 'link') }),
    /checkout \/.*a&b: .*"&" found\n.*clone/,
  );
});
