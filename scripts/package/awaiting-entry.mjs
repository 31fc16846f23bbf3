import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';

/** As esbuild prints them: one line each, at the beginning of it. */
const IMPORT = /^import\s.*;$/;
const EXPORT = /^export \{[^}]*\};?$/gm;

/**
 * An esbuild plugin for entry files that wait at their top level, which CommonJS cannot: what follows their imports goes into an async function.
 * A rejection then ends the thread like an exception would: nobody handles it.
 */
export const awaitingEntry = {
  name: 'awaiting-entry',
  setup({ onLoad }) {
    onLoad({ filter: /-worker\.ts$/ }, async ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!(await waits(source))) return undefined;
      const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node24' });
      const lines = code.replace(EXPORT, '').split('\n');
      const imports = lines.filter((line) => IMPORT.test(line));
      const rest = lines.filter((line) => !IMPORT.test(line));
      return { contents: [...imports, '(async () => {', ...rest, '})();'].join('\n'), loader: 'js' };
    });
  },
};

/** esbuild knows best: it refuses to make CommonJS of such a file. Any other fault shows again when the file is bundled. */
async function waits(source) {
  try {
    await transform(source, { loader: 'ts', format: 'cjs', target: 'node24', logLevel: 'silent' });
    return false;
  } catch (error) {
    return /Top-level await/.test(error.message);
  }
}
