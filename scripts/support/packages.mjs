import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runCaptured, tail } from './captured.mjs';
import { StartFailure } from './failure.mjs';
import { PROJECT } from './project.mjs';

const STAMP = join(PROJECT, 'node_modules', '.tidegate-lock');
const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** No package of ours needs its install script; everything the tests and the pinned Node need is development or optional. */
const CI_ARGS = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--include=dev', '--include=optional'];
/** Settings of an outer npm call that would bend this one: another folder, other headers, fewer packages. */
const HARMFUL_SETTINGS =
  /^npm_(config_(nodedir|local_prefix|prefix|global|omit|include|only|production|ignore_scripts|workspaces?|dry_run|offline)|lifecycle_|package_|command$)/i;

/** Installs with `npm ci` when node_modules is missing or package-lock.json has changed since. */
export async function ensurePackages() {
  const stamp = wantedStamp();
  if (readOr(STAMP) === stamp) return;
  if (!isInstalledAlready()) await install();
  writeFileSync(STAMP, stamp);
}

/** The lockfile's hash, and the platform: optional packages differ, as in a folder shared with another machine. */
function wantedStamp() {
  const lockfile = readFileSync(join(PROJECT, 'package-lock.json'));
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`;
}

/** True when a plain `npm ci` or `npm install` has been here: npm's own record then lists what the lockfile wants. */
function isInstalledAlready() {
  const record = readOr(join(PROJECT, 'node_modules', '.package-lock.json'));
  if (record === undefined) return false;
  const found = JSON.parse(record).packages;
  const wanted = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional, os, cpu, libc }]) =>
      path === '' ||
      found[path]?.version === version ||
      (optional && found[path] === undefined && !(fits(os, process.platform) && fits(cpu, process.arch) && !libc)),
  );
}

/** npm's `os` and `cpu` lists; the lockfile's optional packages use no negations. Of those for one `libc` npm takes the fitting. */
function fits(allowed, here) {
  return allowed === undefined || allowed.includes(here);
}

async function install() {
  console.error('Installing packages (first start only)...');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !HARMFUL_SETTINGS.test(name)));
  delete env.NODE_ENV;
  const [file, ...before] = npmCommand();
  const { code, output, isTimedOut } = await runCaptured(file, [...before, ...CI_ARGS], {
    cwd: PROJECT,
    env,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code === 0) return;
  const hint =
    code === 127 ? 'npm comes with Node.js: is it on PATH?' : 'Is the package registry reachable? Try: npm ci';
  const end = isTimedOut ? `did not end within ${INSTALL_TIMEOUT_MS / 60_000} min` : `ended with ${code}`;
  throw new StartFailure(`npm ci ${end}; its last lines:\n${tail(output, 15)}`, hint);
}

/** The npm that called us, else the one on PATH. Another package manager's path is not npm. */
function npmCommand() {
  const caller = process.env.npm_execpath;
  return caller?.endsWith('npm-cli.js') ? [process.execPath, caller] : ['npm'];
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
