import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runCaptured, tail } from '../../../../scripts/support/captured.mjs';
import { isInstallAllowed } from '../../../../scripts/support/debian.mjs';
import { PROJECT } from '../../../../scripts/support/project.mjs';

/**
 * The only program on npm or in Debian that carries wazero (1.12.0 in this version): buf, which runs plugins in it. Pinned, so that
 * numbers of two days can be compared. Not a dependency of the project: it lives in the cache.
 */
const VERSION = '1.75.0';
const PACKAGES = { x64: '@bufbuild/buf-linux-x64', arm64: '@bufbuild/buf-linux-aarch64' };
const INSTALL_TIMEOUT_MS = 5 * 60_000;

/**
 * Installs it when it is not there. Never throws: a bench without its peer is still a bench.
 * @returns {Promise<{program?: string, reason?: string}>} its path, or why there is none
 */
export async function ensureWazero() {
  const name = PACKAGES[process.arch];
  if (name === undefined) return { reason: `no package for ${process.arch}` };
  const folder = join(PROJECT, '.cache', 'peers', `buf-${VERSION}`);
  const program = join(folder, 'node_modules', name, 'bin', 'buf');
  if (existsSync(program)) return { program };
  if (!isInstallAllowed()) return { reason: 'TIDEGATE_NO_INSTALL is set' };
  console.error(`Installing ${name}@${VERSION} into .cache/peers...`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: VERSION } }));
  const { code, output } = await runCaptured('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code === 0 && existsSync(program)) return { program };
  return { reason: `npm install ${name}@${VERSION} ended with ${code}: ${tail(output, 2).trim()}` };
}
