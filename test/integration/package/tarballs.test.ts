/** What is bundled is what the lockfile's hashes name: files of node_modules against the tarballs in npm's cache. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { skipWithout } from '../../support/require.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Package {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly way: string;
}

interface Tarballs {
  compareWithTarballs(
    packages: readonly Package[],
    inputs: readonly string[],
    folders: { project: string; cache: string },
  ): Promise<{ faults: string[]; missing: string[] }>;
}

interface Audit {
  auditLines(packages: readonly Package[], missing: readonly string[], cache: string): string[];
}

function scriptOf<Exports>(file: string): Promise<Exports> {
  return import(new URL(`../../../scripts/package/${file}`, import.meta.url).href) as Promise<Exports>;
}

const PATH = 'node_modules/@some/thing';
const INPUTS = ['gateway/src/main/cli.ts', `${PATH}/index.js`, 'node_modules/thing/index.js'];
const skip = skipWithout('tar');

/** A project with one package installed, and npm's cache with the tarball that it came from. */
function world(folder: string): { project: string; cache: string; tarball: string; integrity: string } {
  const [project, cache, packed] = [join(folder, 'project'), join(folder, 'cache'), join(folder, 'thing.tgz')];
  mkdirSync(join(project, PATH, 'lib'), { recursive: true });
  writeFileSync(join(project, PATH, 'index.js'), 'module.exports = 1;\n');
  writeFileSync(join(project, PATH, 'lib', 'header.h'), '#pragma once\n');
  const args = ['-czf', packed, '--transform', 's,^\\.,package,', '-C', join(project, PATH), '.'];
  execFileSync('tar', args);
  const sha512 = createHash('sha512').update(readFileSync(packed));
  const hex = sha512.copy().digest('hex');
  const tarball = join(cache, '_cacache/content-v2/sha512', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  mkdirSync(dirname(tarball), { recursive: true });
  copyFileSync(packed, tarball);
  return { project, cache, tarball, integrity: `sha512-${sha512.digest('base64')}` };
}

test('code that was added to an installed package is found, and so is a file that is gone or came beside', {
  skip,
}, async () => {
  const { compareWithTarballs } = await scriptOf<Tarballs>('tarballs.mjs');
  using folder = temporaryFolder();
  const { integrity, ...folders } = world(folder.path);
  const one = { path: PATH, name: '@some/thing', version: '1.0.0', integrity, way: 'bundled' };
  const compared = async (way: string, inputs = INPUTS) =>
    (await compareWithTarballs([{ ...one, way }], inputs, folders)).faults;
  assert.deepEqual(await compareWithTarballs([one], INPUTS, folders), { faults: [], missing: [] });
  appendFileSync(join(folders.project, PATH, 'index.js'), 'steal();\n');
  assert.deepEqual(await compared('bundled'), [`${PATH}/index.js (altered)`]);
  rmSync(join(folders.project, PATH, 'index.js'));
  assert.deepEqual(await compared('bundled'), [`${PATH}/index.js (missing)`]);
  writeFileSync(join(folders.project, PATH, 'index.js'), 'module.exports = 1;\n');
  writeFileSync(join(folders.project, PATH, 'more.js'), '');
  mkdirSync(join(folders.project, PATH, 'node_modules/inner'), { recursive: true });
  writeFileSync(join(folders.project, PATH, 'node_modules/inner/index.js'), '');
  const more = `${PATH}/more.js`;
  assert.deepEqual(await compared('bundled'), [], 'what is not bundled may lie beside');
  assert.deepEqual(await compared('bundled', [...INPUTS, more]), [`${more} (not in the tarball)`]);
  assert.deepEqual(await compared('headers'), [`${more} (not in the tarball)`], 'a compiler searches the folder');
});

test('of a package whose tarball npm no longer holds, or holds altered, the build says that it was not compared', {
  skip,
}, async () => {
  const { compareWithTarballs } = await scriptOf<Tarballs>('tarballs.mjs');
  const { auditLines } = await scriptOf<Audit>('audit.mjs');
  using folder = temporaryFolder();
  const { integrity, tarball, ...folders } = world(folder.path);
  const one = { path: PATH, name: '@some/thing', version: '1.0.0', integrity, way: 'bundled' };
  const other = { ...one, path: 'node_modules/other', name: 'other', integrity: `sha512-${'A'.repeat(86)}==` };
  const { missing } = await compareWithTarballs([one, other], INPUTS, folders);
  assert.deepEqual(missing, ['node_modules/other']);
  const said = auditLines([one, other], missing, folders.cache);
  assert.match(said[0]!, /^1 of 2 packages have every file as in the tarball/);
  assert.match(said[1]!, /^1 compared by name, version and the hash that npm recorded only, .*: other@1\.0\.0\.$/);
  assert.equal(auditLines([one], [], folders.cache).length, 1);
  appendFileSync(tarball, 'x');
  assert.deepEqual((await compareWithTarballs([one], INPUTS, folders)).missing, [PATH]);
});
