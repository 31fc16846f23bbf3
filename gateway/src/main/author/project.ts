/** A module's project folder: manifest.json, source in one language, vectors, and what the build writes. */
import * as fs from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { LIMIT_NAMES } from '../../core/modules/limits.ts';
import { type ModuleManifest, parseManifest } from '../../core/modules/manifest.ts';

export const LANGUAGES = ['as', 'c', 'rust'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface AuthorProject {
  /** Absolute. */
  readonly folder: string;
  /** As its author wrote it; `sha256` stands for nothing before the build. */
  readonly manifest: ModuleManifest;
  /** The same as JSON, with every key the author wrote. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** Before there is a binary there is no hash: this one only lets the manifest's other keys be checked. */
const NO_HASH = '0'.repeat(64);

/** Where the source of a module begins, relative to its folder. */
export function entryOf(language: Language, id: string): string {
  return { as: 'assembly/index.ts', c: `${id}.c`, rust: `${id}.rs` }[language];
}

export const builtWasm = ({ folder, manifest }: AuthorProject): string => join(folder, 'build', `${manifest.id}.wasm`);
export const builtManifest = ({ folder }: AuthorProject): string => join(folder, 'build', 'manifest.json');

/**
 * @param folder where manifest.json stands; its `build` folder stands for it too.
 * @throws GatewayError `not_found` when there is no project, `invalid` naming every fault of its manifest.
 */
export function openProject(folder: string): AuthorProject {
  const root = basename(resolve(folder)) === 'build' ? resolve(folder, '..') : resolve(folder);
  const path = join(root, 'manifest.json');
  let text: string;
  try {
    text = fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw new GatewayError('not_found', `${folder}: a module's folder expected, no readable manifest.json found`, {
      cause: error,
      hint: 'Name the folder of a module; `tidegate module new NAME --lang as` makes one.',
    });
  }
  const written = parseObject(text, path);
  const draft = { ...written, sha256: NO_HASH };
  const manifest = inFile(path, limitHint(written), () => parseManifest(JSON.stringify(draft)));
  return { folder: root, written, manifest };
}

/** @throws GatewayError `not_found` naming the files looked for, `invalid` when there are several. */
export function languageOf({ folder, manifest }: AuthorProject): Language {
  const found = LANGUAGES.filter((language) => fs.existsSync(join(folder, entryOf(language, manifest.id))));
  if (found.length === 1) return found[0]!;
  const entries = LANGUAGES.map((language) => entryOf(language, manifest.id));
  const names = found.map((language) => entryOf(language, manifest.id)).join(' and ');
  throw new GatewayError(
    found.length === 0 ? 'not_found' : 'invalid',
    `${folder}: one of ${entries.join(', ')} expected, ${names || 'none'} found`,
    { hint: 'The source is named after the manifest’s `id`, and a module is written in one language.' },
  );
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GatewayError('invalid', `${path}: JSON expected`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new GatewayError('invalid', `${path}: an object expected, ${text.slice(0, 40)} found`);
  return value as Record<string, unknown>;
}

/** A limit that is misspelt shows as one that is missing and one too many: says which was meant. */
function limitHint({ limits }: Readonly<Record<string, unknown>>): string | undefined {
  const names: readonly string[] = LIMIT_NAMES;
  for (const name of Object.keys(limits ?? {})) {
    const meant = names.includes(name) ? undefined : nearestWord(name, names);
    if (meant !== undefined) return `limits.${name}: did you mean ${meant}?`;
  }
  return undefined;
}

/** Runs `work`; its errors begin with the file they speak of. @param hint where the error has none. */
function inFile<T>(path: string, hint: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError(error.code, `${path}: ${error.message}`, {
      cause: error.cause,
      hint: error.hint ?? hint ?? 'docs/reference/module-abi.md, section Manifest, says what each key means.',
    });
  }
}
