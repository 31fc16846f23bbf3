import * as fs from 'node:fs';
import { join, relative, sep } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import type { ModuleFiles, ShippedFile } from './face.ts';

/** Folders of a source tree that hold what was made or fetched, never what was written. */
const NOT_SHIPPED = new Set(['build', 'node_modules', 'target', '.git']);

/** A larger tree is not one of ours. */
const FILES_MAX = 1000;

/**
 * A module from `<folder>/<id>/build`, of the first folder that has it; TIDEGATE_MODULES names one more, asked last.
 * @throws GatewayError `not_found`.
 */
export function moduleFromFolders(id: string, folders: readonly string[]): ModuleFiles {
  const extra = process.env.TIDEGATE_MODULES;
  const isId = /^[a-z0-9-]+$/.test(id);
  const found = [...folders, ...(extra ? [extra] : [])]
    .map((base) => join(base, id, 'build'))
    .find((folder) => isId && fs.existsSync(join(folder, 'manifest.json')));
  if (found === undefined) {
    throw new GatewayError('not_found', `module ${id}: no such module`, {
      hint: 'Modules stand in modules/<id>; build them with `npm run build:modules`.',
    });
  }
  return {
    manifest: fs.readFileSync(join(found, 'manifest.json'), 'utf8'),
    wasm: fs.readFileSync(join(found, `${id}.wasm`)),
  };
}

/** Every file that was written, below a folder, sorted by path; none when there is no such folder. */
export function shippedFilesBelow(folder: string): ShippedFile[] {
  const paths: string[] = [];
  collect(folder, paths);
  return paths
    .map((path) => ({ path: relative(folder, path).split(sep).join('/'), octets: fs.readFileSync(path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function collect(folder: string, paths: string[]): void {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !NOT_SHIPPED.has(entry.name)) collect(path, paths);
    if (entry.isFile()) paths.push(path);
    if (paths.length > FILES_MAX) throw new GatewayError('invalid', `${folder}: at most ${FILES_MAX} files expected`);
  }
}
