import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCaptured } from '../support/captured.mjs';
import { StartFailure } from '../support/failure.mjs';
import { PROJECT } from '../support/project.mjs';
import { compareWithTarballs, npmCache } from './tarballs.mjs';

/** From here on a known vulnerability of something bundled stops the build. */
const REFUSED = new Set(['high', 'critical']);

/** More would hide the end of the message. */
const FAULTS_SHOWN = 10;

/**
 * Checks that what is bundled is what the lockfile names: version and hash as npm recorded them when it installed, then every file against the
 * tarball of that hash where npm's cache holds it, and says of which packages it does not. With `online` the registry is asked for known
 * vulnerabilities too.
 * @param {ReturnType<import('./packages.mjs').bundledPackages>} packages @param {readonly string[]} inputs files that were bundled
 * @throws {StartFailure} naming what differs or is vulnerable.
 */
export async function auditPackages(packages, inputs, { online }) {
  const installed = JSON.parse(readFileSync(join(PROJECT, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  const others = packages.filter(({ path, version, lockedVersion, integrity }) => {
    const isSame = version === lockedVersion && installed[path]?.integrity === integrity;
    return !isSame || !integrity.startsWith('sha512-');
  });
  refuse(others.map(({ name, version }) => `${name}@${version}`));
  const cache = await npmCache();
  const { faults, missing } = await compareWithTarballs(packages, inputs, { project: PROJECT, cache });
  refuse(faults);
  for (const line of auditLines(packages, missing, cache)) console.error(line);
  if (online) await askRegistry(packages);
}

function refuse(faults) {
  if (faults.length === 0) return;
  const more = faults.length > FAULTS_SHOWN ? ` and ${faults.length - FAULTS_SHOWN} more` : '';
  const list = faults.slice(0, FAULTS_SHOWN).join(', ');
  throw new StartFailure(`not what package-lock.json names: ${list}${more}`, 'Install again: npm ci');
}

/** What was compared, and no more. @returns {string[]} */
export function auditLines(packages, missing, cache) {
  const compared = packages.length - missing.length;
  const lines = [
    `${compared} of ${packages.length} packages have every file as in the tarball whose sha512 package-lock.json names; no other file of them is bundled.`,
  ];
  if (missing.length > 0) {
    const names = packages
      .filter(({ path }) => missing.includes(path))
      .map(({ name, version }) => `${name}@${version}`);
    lines.push(
      `${missing.length} compared by name, version and the hash that npm recorded only, because npm's cache (${cache || 'none found'}) has no such tarball: ${names.join(', ')}.`,
      `  npm cache add NAME@VERSION fetches one.`,
    );
  }
  return lines;
}

async function askRegistry(packages) {
  const { output } = await runCaptured('npm', ['audit', '--json'], { cwd: PROJECT, timeoutMs: 120_000 });
  let report;
  try {
    report = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1));
  } catch {
    report = {};
  }
  if (report.vulnerabilities === undefined) {
    const said = report.message ?? report.error?.summary ?? output.slice(0, 200);
    throw new StartFailure(
      `--audit: the registry gave no answer: ${said}`,
      'Build without --audit, or with another registry.',
    );
  }
  const names = new Set(packages.map(({ name }) => name));
  const found = Object.values(report.vulnerabilities).filter(({ name }) => names.has(name));
  for (const { name, severity, range } of found) console.error(`known vulnerability (${severity}): ${name} ${range}`);
  if (found.some(({ severity }) => REFUSED.has(severity))) {
    throw new StartFailure('something bundled has a known vulnerability of high or critical severity');
  }
  console.error(`The registry knows of ${found.length} vulnerabilities of what is bundled.`);
}
