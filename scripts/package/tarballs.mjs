/**
 * What lies in node_modules against what the lockfile names. The lockfile's integrity is the hash of a package's tarball, and npm keeps each tarball
 * that it has fetched in its cache under that very hash: so the files can be compared without a network.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCaptured } from '../support/captured.mjs';
import { runStep } from './run.mjs';

/** @returns {Promise<string>} the folder where npm keeps what it has fetched. */
export async function npmCache() {
  const { code, output } = await runCaptured('npm', ['config', 'get', 'cache'], { timeoutMs: 60_000 });
  return code === 0 ? output.trim().split('\n').at(-1) : '';
}

/**
 * Compares every file of each package with its tarball, and every bundled file of it: of one that is bundled, files that npm did not put there may
 * lie beside (a folder `build`), of one whose folder a compiler searches none may.
 * @param {readonly {path: string, integrity: string, way: string}[]} packages @param {readonly string[]} inputs files that were bundled, from `project`
 * @param {{project: string, cache: string}} folders
 * @returns {Promise<{faults: string[], missing: string[]}>} `faults`: files that differ, each with how; `missing`: paths of packages whose tarball
 *   is not in the cache, or not of its hash there
 */
export async function compareWithTarballs(packages, inputs, { project, cache }) {
  const faults = [];
  const missing = [];
  for (const one of packages) {
    const tarball = tarballOf(one.integrity, cache);
    if (tarball === null) missing.push(one.path);
    else faults.push(...(await differencesOf(one, tarball, inputs, project)));
  }
  return { faults, missing };
}

/** Where cacache keeps a content. What lies there is hashed again: the cache is as open to changes as node_modules. */
function tarballOf(integrity, cache) {
  const sha512 = Buffer.from(integrity.slice('sha512-'.length), 'base64');
  const hex = sha512.toString('hex');
  const file = join(cache, '_cacache', 'content-v2', 'sha512', hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  if (cache === '' || !existsSync(file)) return null;
  return createHash('sha512').update(readFileSync(file)).digest().equals(sha512) ? file : null;
}

async function differencesOf({ path, way }, tarball, inputs, project) {
  const unpacked = mkdtempSync(join(tmpdir(), 'tidegate-tarball-'));
  try {
    mkdirSync(join(unpacked, 'package'));
    const into = ['-C', join(unpacked, 'package'), '--strip-components=1', '--no-same-owner'];
    await runStep(['tar', '-xzf', tarball, ...into]);
    const named = filesBelow(join(unpacked, 'package'));
    const bundled = inputs.filter((input) => packageOf(input) === path).map((input) => input.slice(path.length + 1));
    const used = way === 'bundled' ? bundled : filesBelow(join(project, path));
    const added = used.filter((file) => !named.includes(file));
    const changed = named.filter((file) => !isSame(join(unpacked, 'package', file), join(project, path, file)));
    return [
      ...added.map((file) => `${path}/${file} (not in the tarball)`),
      ...changed.map((file) => `${path}/${file} (${existsSync(join(project, path, file)) ? 'altered' : 'missing'})`),
    ];
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

/** @param {string} file from the project's folder @returns {string | undefined} the folder of the package that it belongs to. */
export function packageOf(file) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}

/** Without those of packages inside it. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => !/(^|\/)node_modules(\/|$)/.test(name) && !lstatSync(join(folder, name)).isDirectory())
    .sort();
}

function isSame(expected, found) {
  return existsSync(found) && readFileSync(expected).equals(readFileSync(found));
}
