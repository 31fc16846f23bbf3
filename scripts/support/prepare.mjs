import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runCaptured, tail } from './captured.mjs';
import { exclusively } from './exclusive.mjs';
import { StartFailure } from './failure.mjs';
import { ensurePackages } from './packages.mjs';
import { PROJECT } from './project.mjs';

const PINNED_VERSION = 'v24.21.0';
const PINNED_MAJOR = 24;
const LOCK = join(PROJECT, '.cache', 'prepare.lock');
const LOCK_WAIT_MS = 10 * 60_000;

/**
 * Brings a bare clone to where its programs run: packages, the pinned Node, built modules. Quick when nothing has changed;
 * a second call at the same time waits for the first. Speaks on stderr only, so that a command's stdout stays its own.
 * @returns {Promise<{node: string}>} the path of the Node to run everything on
 * @throws {StartFailure} when packages cannot be installed, no fitting Node is there, or a module does not build
 */
export async function prepare() {
  const onWait = (pid) => console.error(`Waiting for another start (process ${pid}) to finish preparing...`);
  return await exclusively(LOCK, { waitMs: LOCK_WAIT_MS, onWait }, async () => {
    await ensurePackages();
    const node = await findPinnedNode();
    await buildModules(node);
    return { node };
  });
}

async function findPinnedNode() {
  const path = join(PROJECT, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(path)) {
    const { code, output } = await runCaptured(path, ['--version']);
    if (code === 0 && output.trim() === PINNED_VERSION) return path;
  }
  if (Number(process.versions.node.split('.')[0]) >= PINNED_MAJOR) return process.execPath;
  throw new StartFailure(
    `Node ${PINNED_MAJOR} or newer is needed; the pinned ${PINNED_VERSION} does not run here (${process.platform}-${process.arch}) and yours is ${process.version}`,
    `Install Node ${PINNED_MAJOR} and start again with it.`,
  );
}

async function buildModules(node) {
  const { code, output } = await runCaptured(node, [join(PROJECT, 'scripts', 'build-modules.mjs')], { cwd: PROJECT });
  if (code !== 0) throw new StartFailure(`building the WASM modules ended with ${code}:\n${tail(output, 30)}`);
}
