import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCaptured } from '../support/captured.mjs';
import { StartFailure } from '../support/failure.mjs';
import { PROJECT } from '../support/project.mjs';

/** From here on a known vulnerability of something bundled stops the build. */
const REFUSED = new Set(['high', 'critical']);

/**
 * Checks that what is bundled is what the lockfile names: version and hash as npm recorded them when it installed. With `online` the registry is
 * asked for known vulnerabilities too.
 * @throws {StartFailure} naming the packages that differ or are vulnerable.
 */
export async function auditPackages(packages, { online }) {
  const installed = JSON.parse(readFileSync(join(PROJECT, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  const faults = packages.filter(({ path, version, lockedVersion, integrity }) => {
    const isSame = version === lockedVersion && installed[path]?.integrity === integrity;
    return !isSame || !integrity.startsWith('sha512-');
  });
  if (faults.length > 0) {
    const list = faults.map(({ name, version }) => `${name}@${version}`).join(', ');
    throw new StartFailure(`not what package-lock.json names: ${list}`, 'Install again: npm ci');
  }
  console.error(`${packages.length} packages are what package-lock.json names.`);
  if (online) await askRegistry(packages);
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
