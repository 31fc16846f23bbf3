#!/usr/bin/env node
// node scripts/support/debian.mjs PACKAGE...: as root on Debian or Ubuntu, installs those that are missing, without starting services.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runCaptured, tail } from './captured.mjs';
import { withoutServiceStarts } from './service-guard.mjs';

const APT_OPTIONS = [
  '-q',
  '-o',
  'DPkg::Lock::Timeout=60',
  '-o',
  'Acquire::Retries=1',
  '-o',
  'Acquire::http::Timeout=20',
];

/** False with TIDEGATE_NO_INSTALL=1, for a root who wants his machine left as it is. */
export function isInstallAllowed() {
  return !process.env.TIDEGATE_NO_INSTALL;
}

/**
 * Installs what is missing of the listed Debian packages. Never throws: what stays missing is returned with the reason, and it is
 * for the caller to do without. Runs nothing but `dpkg-query` when all are there.
 * @param {readonly string[]} packages
 * @param {{timeoutMs?: number}} [options] for each of the calls to apt-get
 * @returns {Promise<{missing: string[], reason?: string}>}
 */
export async function ensureDebianPackages(packages, { timeoutMs = 15 * 60_000 } = {}) {
  if (!existsSync('/usr/bin/apt-get')) return { missing: [...packages], reason: 'not a Debian or Ubuntu system' };
  const missing = await missingOf(packages);
  if (missing.length === 0) return { missing };
  if (process.getuid?.() !== 0) return { missing, reason: 'not root' };

  console.error(`Installing Debian packages: ${missing.join(' ')}...`);
  // A failed update is no reason to stop: the lists at hand may do, and the install says it when they do not.
  await apt(['update'], timeoutMs);
  const available = await availableOf(missing);
  if (available.length === 0) return { missing, reason: 'not in the package lists of this system' };
  const { code, output } = await withoutServiceStarts(() =>
    apt(['install', '-y', '--no-install-recommends', ...available], timeoutMs),
  );
  const left = await missingOf(missing);
  if (left.length === 0) return { missing: left };
  return { missing: left, reason: code === 0 ? 'not in the package lists of this system' : tail(output, 3).trim() };
}

async function missingOf(packages) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const { output } = await runCaptured('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages]);
  const installed = new Set(output.split('\n'));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

/** Asked before the install, because apt-get refuses all for the sake of one that it does not know. */
async function availableOf(packages) {
  const { output } = await runCaptured('apt-cache', ['--quiet=0', 'policy', ...packages], { env: inEnglish() });
  const candidates = new Map(
    Array.from(output.matchAll(/^(\S+):\n(?: .*\n)*? {2}Candidate: (.*)$/gm), (m) => [m[1], m[2]]),
  );
  return packages.filter((name) => (candidates.get(name) ?? '(none)') !== '(none)');
}

function apt(args, timeoutMs) {
  return runCaptured('apt-get', [...APT_OPTIONS, ...args], { env: inEnglish(), timeoutMs });
}

function inEnglish() {
  return { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = process.argv.slice(2);
  const { missing, reason } = await ensureDebianPackages(packages);
  if (missing.length > 0) console.error(`still missing: ${missing.join(' ')} (${reason})`);
  process.exitCode = missing.length > 0 || packages.length === 0 ? 1 : 0;
}
