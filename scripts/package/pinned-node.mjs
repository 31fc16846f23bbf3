import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { StartFailure } from '../support/failure.mjs';
import { PROJECT } from '../support/project.mjs';
import { sha256 } from './executable.mjs';
import { runStep } from './run.mjs';

/** Packages as the registry sends them; kept between builds, checked at each. */
const DOWNLOADS = join(PROJECT, '.cache', 'package', 'downloads');

/**
 * The Node of a target: the package of the very hash that package-lock.json names, unpacked. What lies in `work` from an earlier build is
 * taken when its octets are those that were made then, of the same package; else it is made anew.
 * @param {ReturnType<import('./targets.mjs').targetOf>} target @param {string} work
 * @returns {Promise<{folder: string, node: string, integrity: string, version: string}>} `folder` holds bin and include; `node` is stripped
 */
export async function pinnedNode(target, work) {
  const name = `node-${target.name}`;
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`];
  const archive = await verifiedArchive(name, version, integrity);
  const folder = join(work, 'node', `${name}-${version}`);
  const node = join(folder, 'bin', 'node-stripped');
  const found = changeOf(node, integrity);
  if (found !== null) {
    console.error(`Unpacking ${name}@${version}: ${found}...`);
    const draft = `${folder}.${process.pid}.tmp`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await runStep(['tar', '-xzf', archive, '-C', draft, '--strip-components=1']);
    const stripped = join(draft, 'bin', 'node-stripped');
    cpSync(join(draft, 'bin', 'node'), stripped);
    await runStep([target.isNative ? 'strip' : `${target.triplet}-strip`, stripped]);
    writeFileSync(recordOf(stripped), recordText(stripped, integrity));
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  }
  return { folder, node, integrity, version };
}

/** @returns {string | null} why the stripped Node cannot be taken as it lies there; null when it can. */
function changeOf(node, integrity) {
  if (!existsSync(node)) return 'none here yet';
  const record = recordOf(node);
  if (!existsSync(record)) return `${node} is there without ${record}`;
  const [expected, found] = [readFileSync(record, 'utf8'), recordText(node, integrity)];
  return found === expected ? null : `${node}: ${expected.trim()} expected, ${found.trim()} found`;
}

/** Beside the stripped Node: its SHA-256, and the integrity of the package that it was made of. */
function recordOf(node) {
  return `${node}.sha256`;
}

function recordText(node, integrity) {
  return `${sha256(readFileSync(node))} of ${integrity}\n`;
}

async function verifiedArchive(name, version, integrity) {
  mkdirSync(DOWNLOADS, { recursive: true });
  const archive = join(DOWNLOADS, `${name}-${version}.tgz`);
  if (existsSync(archive) && integrityOf(archive) === integrity) return archive;
  console.error(`Fetching ${name}@${version}...`);
  const draft = join(DOWNLOADS, `draft-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  try {
    await runStep(['npm', 'pack', `${name}@${version}`, '--silent', '--pack-destination', draft]);
    const fetched = join(draft, `${name}-${version}.tgz`);
    const found = integrityOf(fetched);
    if (found !== integrity) {
      const hint = 'The registry sent another file than the one the lockfile was made with: do not use it.';
      throw new StartFailure(`${name}@${version}: ${integrity} expected (package-lock.json), ${found} found`, hint);
    }
    renameSync(fetched, archive);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return archive;
}

/** As npm writes it. */
function integrityOf(file) {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
}
