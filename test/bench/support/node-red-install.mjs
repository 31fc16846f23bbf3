import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runCaptured, tail } from '../../../scripts/support/captured.mjs';
import { isInstallAllowed } from '../../../scripts/support/debian.mjs';
import { PROJECT } from '../../../scripts/support/project.mjs';

/** The peer, pinned, so that numbers of two days can be compared. Not a dependency of the project: it lives in the cache. */
const VERSION = '5.0.7';
const FOLDER = join(PROJECT, '.cache', 'peers', 'node-red');
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/**
 * Installs Node-RED when it is not there. Never throws: a bench without its peer is still a bench.
 * @param {string} node the Node that npm runs on when npm has started us
 * @returns {Promise<{folder?: string, reason?: string}>} the package's folder, or why there is none
 */
export async function ensureNodeRed(node) {
  const folder = join(FOLDER, 'node_modules', 'node-red');
  if (installedVersion(folder) === VERSION) return { folder };
  if (!isInstallAllowed()) return { reason: 'TIDEGATE_NO_INSTALL is set' };
  console.error(`Installing node-red@${VERSION} into .cache/peers...`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify({ private: true, dependencies: { 'node-red': VERSION } }));
  const caller = process.env.npm_execpath;
  const [file, ...before] = caller?.endsWith('npm-cli.js') ? [node, caller] : ['npm'];
  const { code, output } = await runCaptured(
    file,
    [...before, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=optional'],
    { cwd: FOLDER, env: withoutOuterProject(), timeoutMs: INSTALL_TIMEOUT_MS },
  );
  if (code === 0 && existsSync(folder)) return { folder };
  return { reason: `npm install node-red@${VERSION} ended with ${code}: ${tail(output, 2).trim()}` };
}

function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/** An npm that has started us tells its children about the project it stands in: this install is for another one. */
function withoutOuterProject() {
  const outer =
    /^(npm_config_(local_prefix|prefix|global|omit|include|ignore_scripts)|npm_lifecycle_|npm_package_|npm_command$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
}
