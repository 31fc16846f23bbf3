/** What goes with the executable: the same result from the same source, a bill of materials, sums and their signature. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { buildPackage, HOST_TARGET, skipWithoutTools } from '../../support/packaged.ts';
import { skipWithout } from '../../support/require.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const skip = skipWithoutTools(HOST_TARGET);
const EXE = `tidegate-${HOST_TARGET}`;
const folder = temporaryFolder();
const key = join(folder.path, 'key.pem');
let first = '';
let second = '';

before(async () => {
  if (skip) return;
  first = await buildPackage(HOST_TARGET, join(folder.path, 'a'), '--make-dev-key', key);
  second = await buildPackage(HOST_TARGET, join(folder.path, 'b', 'deeper'), '--sign-key', key);
});
after(() => folder[Symbol.dispose]());

/** A part of the build, which is plain JavaScript. */
function scriptOf<Exports>(file: string): Promise<Exports> {
  return import(new URL(`../../../scripts/package/${file}`, import.meta.url).href) as Promise<Exports>;
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

test('two builds in two folders are the same to the octet', { skip }, () => {
  assert.deepEqual(readdirSync(first).sort(), readdirSync(second).sort());
  for (const name of readdirSync(first)) assert.equal(sha256(join(first, name)), sha256(join(second, name)), name);
});

test('nothing in it tells where it was built', { skip }, () => {
  const octets = readFileSync(join(first, EXE));
  for (const path of [folder.path, process.cwd()]) assert.equal(octets.indexOf(path), -1, path);
});

test('its size is within the target', { skip }, (t) => {
  const { size } = statSync(join(first, EXE));
  t.diagnostic(`${EXE}: ${(size / 1e6).toFixed(1)} MB`);
  assert.ok(size < 120e6);
});

test('the bill of materials fits the official schema and names what is inside', { skip }, async () => {
  const text = readFileSync(join(first, `${EXE}.cdx.json`), 'utf8');
  assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
  const sbom = JSON.parse(text);
  type Component = {
    'bom-ref': string;
    name: string;
    version?: string;
    group?: string;
    purl?: string;
    hashes?: unknown[];
    licenses?: unknown[];
    components?: Component[];
  };
  const components = sbom.components as Component[];
  const named = (name: string) => components.find((one) => one.name === name);
  assert.ok(named('node')!.components!.some(({ name }) => name === 'openssl'));
  assert.ok(named('better-sqlite3')!.components!.some(({ name }) => name === 'sqlite'));
  assert.ok(named('build_info.node') && named('threshold-alarm') && named('smol-toml') && named('uplot'));
  for (const one of components.filter(({ purl }) => purl !== undefined)) assert.ok(one.hashes!.length > 0, one.purl);
  const all = components.flatMap((one) => [one, ...(one.components ?? [])]);
  for (const one of all)
    assert.ok(one.version && (one.licenses?.length ?? 0) > 0, `version and licence of ${one.name}`);
  assert.match(JSON.stringify(named('libstdc++')!.licenses), /GCC-exception-3\.1/);
  const twice = all.filter(({ 'bom-ref': ref }) => ref.startsWith('npm:')).map(({ group, name }) => `${group}/${name}`);
  assert.equal(new Set(twice).size, twice.length, 'of each package one version');
  const refs = components.map((one) => one['bom-ref']);
  assert.equal(new Set(refs).size, refs.length, 'every reference once');
  const edges = sbom.dependencies as { ref: string; dependsOn: string[] }[];
  const needed = new Set(edges.filter(({ ref }) => ref !== 'tidegate').flatMap(({ dependsOn }) => dependsOn));
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const own = new Set(Object.entries({ ...dependencies, ...devDependencies }).map((one) => `npm:${one.join('@')}`));
  const orphans = refs.filter((ref) => ref.startsWith('npm:') && !needed.has(ref) && !own.has(ref));
  assert.deepEqual(orphans, [], 'of a package that is there in two versions each is needed by somebody');
  const needs = (ref: string) => edges.find((one) => one.ref === ref)!.dependsOn;
  assert.ok(needs('native:build_info').includes('gcc:libstdc++'));
  if (named('deadband')) assert.deepEqual(needs('module:deadband'), ['rust-core']);
});

test('licences name what has no package: compiled in by better-sqlite3, GCC and Rust', { skip }, () => {
  const text = readFileSync(join(first, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const one of [/^SQLite \(/m, /^GCC run-time libraries/m, /^Rust's core library/m]) assert.match(text, one);
});

test('a change of anything that is shipped makes the source a modified one', async () => {
  const { SHIPPED } = await scriptOf<{ SHIPPED: string[] }>('parts.mjs');
  const { BUILT_FROM } = await scriptOf<{ BUILT_FROM: string[] }>('source.mjs');
  const isCovered = (path: string) => BUILT_FROM.some((from) => path === from || path.startsWith(`${from}/`));
  assert.deepEqual(
    [...SHIPPED, 'LICENSE', 'tsconfig.json'].filter((path) => !isCovered(path)),
    [],
  );
});

test('the sums are those of sha256sum, and OpenSSL accepts their signature', {
  skip: skip || skipWithout('sha256sum', 'openssl'),
}, () => {
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: first });
  const verify = (file: string) =>
    execFileSync(
      'openssl',
      [
        ...['pkeyutl', '-verify', '-pubin', '-inkey', `${key}.pub`, '-rawin', '-in', file],
        ...['-sigfile', join(first, 'SHA256SUMS.sig')],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
  assert.match(verify(join(first, 'SHA256SUMS')), /Verified Successfully/);
  const forged = join(folder.path, 'forged');
  writeFileSync(forged, readFileSync(join(first, 'SHA256SUMS'), 'utf8').replace(/^./, 'f0'));
  assert.throws(() => verify(forged));
  assert.equal(statSync(key).mode & 0o777, 0o600);
});
