/** A new module's folder: a template with its name filled in, and a copy of the SDK, so that it builds with nothing else of ours. */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { makeMissing } from '../../adapters/files/make-folder.ts';
import { GatewayError } from '../../base/errors.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import type { ShippedFile } from '../assets/face.ts';
import { assets } from '../assets.ts';
import { entryOf, type Language } from './project.ts';

export interface NewProject {
  readonly id: string;
  readonly language: Language;
  readonly kind: ModuleManifest['kind'];
  /** Made; must not be there. */
  readonly folder: string;
}

/** In templates this stands for the module's id. */
const PLACEHOLDER = /@ID@/g;
/** Folders of an SDK that a module does not build from. */
const NOT_COPIED = new Set(['test', 'tests', 'examples']);

/**
 * @returns paths of all files, relative to the folder, in order.
 * @throws GatewayError `conflict` when the folder is there, `unavailable` when it cannot be made.
 */
export function createProject({ id, language, kind, folder }: NewProject): string[] {
  const template = ['common', kind].flatMap((part) => shipped(`modules/templates/${language}/${part}`));
  const sdk = shipped(`modules/sdk-${language}`);
  makeFolder(folder);
  const files = [
    ...template.map(({ path, octets }) => ({ path: nameOf(path, id, language), octets: filledIn(octets, id) })),
    ...sdk.map(({ path, octets }) => ({ path: `sdk/${path}`, octets })),
  ];
  for (const { path, octets } of files) write(join(folder, path), octets);
  return files.map(({ path }) => path).sort();
}

function shipped(folder: string): ShippedFile[] {
  const files = assets.shippedFiles(folder).filter(({ path }) => !path.split('/').some((name) => NOT_COPIED.has(name)));
  if (files.length > 0) return files;
  throw new GatewayError('unavailable', `${folder}: not part of this program`, {
    hint: 'Make the module’s project in a checkout of Tidegate.',
  });
}

function filledIn(octets: Uint8Array, id: string): string {
  return Buffer.from(octets).toString('utf8').replace(PLACEHOLDER, id);
}

/** Made in one step, so that two at once cannot both believe that it was not there. */
function makeFolder(folder: string): void {
  try {
    makeMissing(dirname(folder));
    fs.mkdirSync(folder);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!isThere) throw new GatewayError('unavailable', `${folder}: cannot be made`, { cause: error });
    throw new GatewayError('conflict', `${folder}: no such folder expected, one found`, {
      hint: 'Nothing was changed. Choose another name, or another place with --dir.',
    });
  }
}

/** `module.c` becomes `<id>.c`; `gitignore` gets its dot, which packers of files tend to drop. */
function nameOf(path: string, id: string, language: Language): string {
  if (path === 'gitignore') return '.gitignore';
  return /^module\.(c|rs)$/.test(path) ? entryOf(language, id) : path;
}

function write(path: string, octets: string | Uint8Array): void {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, octets);
}
