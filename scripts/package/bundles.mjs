import { join } from 'node:path';
import { build } from 'esbuild';
import { WORKER_NAMES } from '../../gateway/src/main/assets/face.ts';
import { StartFailure } from '../support/failure.mjs';
import { PROJECT } from '../support/project.mjs';
import { awaitingEntry } from './awaiting-entry.mjs';

const MAIN = 'gateway/src/main';

/** Puts the executable's way to its files in the place of the checkout's: see gateway/src/main/assets.ts. */
const packagedAssets = {
  name: 'packaged-assets',
  setup({ onResolve }) {
    onResolve({ filter: /\/assets\/checkout\.ts$/ }, () => ({ path: join(PROJECT, MAIN, 'assets', 'packaged.ts') }));
  },
};

/**
 * Bundles main, every worker and the loader.
 * @returns {Promise<{bundles: Record<string, Buffer>, boot: Buffer, inputs: string[]}>} `bundles` by thread; `inputs`: every file that went into them, from the project's folder
 */
export async function bundleAll() {
  const inputs = new Set();
  const bundles = {};
  for (const [name, entry] of [['main', 'cli.ts'], ...WORKER_NAMES.map((worker) => [worker, `${worker}-worker.ts`])]) {
    // One function, as a CommonJS loader would make it: gateway/src/main/sea/boot.ts calls it.
    const wrap = { banner: '(function(exports,require,module,__filename,__dirname){', footer: '})' };
    bundles[name] = await bundle(`${MAIN}/${entry}`, wrap, inputs);
  }
  const boot = await bundle(`${MAIN}/sea/boot.ts`, {}, inputs);
  return { bundles, boot, inputs: [...inputs].sort() };
}

/** @throws {StartFailure} with esbuild's own words. */
async function bundle(entry, { banner = '', footer = '' }, inputs) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: PROJECT,
    entryPoints: [entry],
    plugins: [packagedAssets, awaitingEntry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Names are kept, so that a stack trace from the field can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    // One octet a character: V8 keeps such text in half the memory, and the code cache stays small.
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
    banner: { js: banner },
    footer: { js: footer },
  }).catch((error) => {
    throw new StartFailure(`bundling ${entry}: ${error.message}`);
  });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  return Buffer.from(outputFiles[0].contents);
}
