import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { openDatabase } from '../../adapters/sqlite/database.ts';
import { GatewayError } from '../../base/errors.ts';
import { type Assets, type BuildFacts, NATIVE_NAMES, type NativeFact, type NativeName } from './face.ts';
import { moduleFromFolders, shippedFilesBelow } from './folders.ts';

const ROOT = new URL('../../../../', import.meta.url);
const require = createRequire(import.meta.url);
const VENDORED: Readonly<Record<string, string>> = {
  '/vendor/uPlot.js': 'uplot/dist/uPlot.esm.js',
  '/vendor/uPlot.css': 'uplot/dist/uPlot.min.css',
};

/** The program as it stands in its folders. */
export const checkout: Assets = {
  version: (JSON.parse(fs.readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string }).version,
  root: fileURLToPath(ROOT),

  startWorker(name, options) {
    return new Worker(new URL(`gateway/src/main/${name}-worker.ts`, ROOT), { ...options, name });
  },

  migrations(set) {
    const folder = new URL(set === 'gateway' ? 'gateway/migrations/' : 'gateway/migrations/sink/', ROOT);
    const names = fs
      .readdirSync(folder)
      .filter((name) => name.endsWith('.sql'))
      .sort();
    return names.map((name) => ({ name, sql: fs.readFileSync(new URL(name, folder), 'utf8') }));
  },

  page(path) {
    const vendored = VENDORED[path];
    if (vendored !== undefined) return fs.readFileSync(new URL(`node_modules/${vendored}`, ROOT));
    const name = path === '/' ? 'index.html' : path.slice(1);
    if (!/^[\w-]+(\.[\w-]+)+$/.test(name)) return null;
    const file = new URL(`gateway/web/${name}`, ROOT);
    return fs.existsSync(file) ? fs.readFileSync(file) : null;
  },

  module(id) {
    return moduleFromFolders(id, [fileURLToPath(new URL('modules/', ROOT))]);
  },

  moduleIds() {
    const folder = new URL('modules/', ROOT);
    const isBuilt = (id: string) => fs.existsSync(new URL(`${id}/build/manifest.json`, folder));
    return fs.readdirSync(folder).filter(isBuilt).sort();
  },

  nativeBinding(name) {
    // better-sqlite3 finds its own; ours is there only after `npm run package`, which needs a compiler.
    const file = fileURLToPath(fileOf(name));
    return name === 'better_sqlite3' || !fs.existsSync(file) ? undefined : file;
  },

  shippedFiles(folder) {
    return shippedFilesBelow(fileURLToPath(new URL(folder, ROOT)));
  },

  packageFile(specifier) {
    return require.resolve(specifier);
  },

  facts(): BuildFacts {
    const commit = git('rev-parse', 'HEAD');
    const changes = git(
      'status',
      '--porcelain',
      '--',
      'gateway',
      'modules',
      'native',
      'scripts',
      'package.json',
      'package-lock.json',
    );
    return {
      from: 'checkout',
      target: `${process.platform}-${process.arch}`,
      commit,
      modified: changes === null ? null : changes !== '',
      sbomSha256: null,
      native: NATIVE_NAMES.flatMap(nativeFact),
      sqlite: openDatabase(':memory:', []).prepare('SELECT sqlite_version()').pluck().get() as string,
    };
  },

  document(name) {
    throw new GatewayError('not_found', `${name}: made with the packaged executable, not in a checkout`, {
      hint: 'npm run package -- --target linux-x64 writes it to dist/.',
    });
  },

  verifyAll: () => 0,
};

function fileOf(name: NativeName): URL {
  const target = `${process.platform}-${process.arch}`;
  return name === 'better_sqlite3'
    ? new URL(`node_modules/better-sqlite3/prebuilds/${target}.node`, ROOT)
    : new URL(`.cache/package/native/${target}/${name}.node`, ROOT);
}

function nativeFact(name: NativeName): NativeFact[] {
  if (!fs.existsSync(fileOf(name))) return [];
  const octets = fs.readFileSync(fileOf(name));
  return [{ name, sha256: createHash('sha256').update(octets).digest('hex'), bytes: octets.length }];
}

/** What git says, or null: no git here, or an archive without history. */
function git(...args: string[]): string | null {
  try {
    return execFileSync('git', args, {
      cwd: fileURLToPath(ROOT),
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
