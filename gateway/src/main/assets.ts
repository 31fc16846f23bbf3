/**
 * The one place that knows where files of the program lie: workers, migrations, pages, modules, native addons. In a checkout they stand in
 * their folders; a packaged executable replaces this face and nothing else.
 */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { Migration } from '../adapters/sqlite/database.ts';
import { GatewayError } from '../base/errors.ts';

const ROOT = new URL('../../../', import.meta.url);
const require = createRequire(import.meta.url);

export type WorkerName = 'ingest' | 'store' | 'module';

export interface ModuleFiles {
  readonly manifest: string;
  readonly wasm: Uint8Array;
}

/** Where modules stand, each in `<id>/build`: the program's own, then the folder that TIDEGATE_MODULES names. */
function moduleFolders(): URL[] {
  const extra = process.env.TIDEGATE_MODULES;
  return [new URL('modules/', ROOT), ...(extra ? [pathToFileURL(`${extra}/`)] : [])];
}

export const assets = {
  version: (JSON.parse(fs.readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string }).version,

  startWorker(name: WorkerName, options: WorkerOptions): Worker {
    return new Worker(new URL(`gateway/src/main/${name}-worker.ts`, ROOT), { ...options, name });
  },

  /** In order of their numbers. */
  migrations(set: 'gateway' | 'sink'): Migration[] {
    const folder = new URL(set === 'gateway' ? 'gateway/migrations/' : 'gateway/migrations/sink/', ROOT);
    const names = fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.sql'))
      .sort();
    return names.map((name) => ({ name, sql: fs.readFileSync(new URL(name, folder), 'utf8') }));
  },

  /** A static page or script by its path on the web listener; null when there is none. */
  page(path: string): Uint8Array | null {
    const vendor: Record<string, string> = {
      '/vendor/uPlot.js': 'uplot/dist/uPlot.esm.js',
      '/vendor/uPlot.css': 'uplot/dist/uPlot.min.css',
    };
    const vendored = vendor[path];
    if (vendored !== undefined) return fs.readFileSync(new URL(`node_modules/${vendored}`, ROOT));
    const name = path === '/' ? 'index.html' : path.slice(1);
    if (!/^[\w-]+(\.[\w-]+)+$/.test(name)) return null;
    const file = new URL(`gateway/web/${name}`, ROOT);
    return fs.existsSync(file) ? fs.readFileSync(file) : null;
  },

  /** @throws GatewayError `not_found`. */
  module(id: string): ModuleFiles {
    const isId = /^[a-z0-9-]+$/.test(id);
    const folder = moduleFolders()
      .map((base) => new URL(`${id}/build/`, base))
      .find((one) => isId && fs.existsSync(new URL('manifest.json', one)));
    if (folder === undefined) {
      throw new GatewayError('not_found', `module ${id}: no such module`, {
        hint: 'Modules stand in modules/<id>; build them with `npm run build:modules`.',
      });
    }
    const manifest = new URL('manifest.json', folder);
    return { manifest: fs.readFileSync(manifest, 'utf8'), wasm: fs.readFileSync(new URL(`${id}.wasm`, folder)) };
  },

  /** Path of a native addon that does not lie where its package looks for it; undefined in a checkout. */
  nativeBinding(_name: 'better_sqlite3'): string | undefined {
    return undefined;
  },

  /** Path of a data file of an npm package. */
  packageFile(specifier: string): string {
    return require.resolve(specifier);
  },

  root: fileURLToPath(ROOT),
};
