/**
 * Installed module packages, and those that have been handed in and not installed yet. What lies in `packages/<id>/<version>` is whole:
 * a package is written beside it and renamed into its place.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import type { PackageContents } from '../../core/modules/ports.ts';
import { diskError, makeFolder, syncFolder, writeDurably } from './durable.ts';

/** Packages handed in and not installed: the oldest make room. */
const INCOMING_MAX = 8;
/** Octets of one module: larger than any limit of the guard allows, smaller than what would hurt. */
export const PACKAGE_WASM_BYTES_MAX = 8 << 20;
export const PACKAGE_TEXT_BYTES_MAX = 256 * 1024;

const NAMES = { manifest: 'manifest.json', wasm: 'module.wasm', signature: 'signature.json' } as const;

export class PackageFolder {
  readonly #incoming: string;
  readonly #packages: string;

  /** @param folder of all that modules need on disk; made when it is first written to. */
  constructor(folder: string) {
    this.#incoming = join(folder, 'incoming');
    this.#packages = join(folder, 'packages');
  }

  /** @returns what the package is known by until it is installed. */
  stage(contents: PackageContents): string {
    const digest = digestOf(contents);
    const folder = join(this.#incoming, digest);
    if (!fs.existsSync(folder)) {
      makeFolder(this.#incoming);
      this.#makeRoom();
      writePackage(folder, contents);
    }
    return digest;
  }

  /** @throws GatewayError `not_found`. */
  readStaged(digest: string): PackageContents {
    return readPackage(join(this.#incoming, digest), `package ${digest.slice(0, 12)}`);
  }

  hasStaged(digest: string): boolean {
    return fs.existsSync(join(this.#incoming, digest, NAMES.manifest));
  }

  discard(digest: string): void {
    fs.rmSync(join(this.#incoming, digest), { recursive: true, force: true });
  }

  has(id: string, version: string): boolean {
    return fs.existsSync(join(this.#at(id, version), NAMES.manifest));
  }

  /** Installs it; the same again is left as it is. */
  keep(id: string, version: string, contents: PackageContents): void {
    if (this.has(id, version) && digestOf(this.read(id, version)) === digestOf(contents)) return;
    makeFolder(join(this.#packages, id));
    writePackage(this.#at(id, version), contents);
  }

  /** @throws GatewayError `not_found`. */
  read(id: string, version: string): PackageContents {
    return readPackage(this.#at(id, version), `module ${id} ${version}`);
  }

  remove(id: string, version: string): void {
    fs.rmSync(this.#at(id, version), { recursive: true, force: true });
    try {
      fs.rmdirSync(join(this.#packages, id));
    } catch (error) {
      if (!['ENOTEMPTY', 'ENOENT'].includes(errnoOf(error) ?? '')) throw diskError(`remove module ${id}`, error);
    }
  }

  /** Installed modules with their versions. */
  list(): { readonly id: string; readonly version: string }[] {
    return foldersIn(this.#packages).flatMap((id) =>
      foldersIn(join(this.#packages, id))
        .filter((version) => this.has(id, version))
        .map((version) => ({ id, version })),
    );
  }

  /** A name that could lead elsewhere is a mistake of ours: manifests have been judged. */
  #at(id: string, version: string): string {
    if (!/^[a-z0-9-]+$/.test(id) || !/^\d[A-Za-z0-9.+-]*$/.test(version)) {
      throw new GatewayError('invalid', `package: an id and a version expected, ${id} ${version} found`);
    }
    return join(this.#packages, id, version);
  }

  #makeRoom(): void {
    const age = (name: string) => fs.statSync(join(this.#incoming, name)).mtimeMs;
    const oldest = foldersIn(this.#incoming).sort((a, b) => age(a) - age(b));
    for (const name of oldest.slice(0, Math.max(0, oldest.length + 1 - INCOMING_MAX))) this.discard(name);
  }
}

function digestOf({ manifestText, wasm, signatureText }: PackageContents): string {
  const hash = createHash('sha256');
  for (const part of [Buffer.from(manifestText), wasm, Buffer.from(signatureText ?? '')]) {
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest('hex');
}

function writePackage(folder: string, { manifestText, wasm, signatureText }: PackageContents): void {
  const draft = `${folder}.tmp`;
  fs.rmSync(draft, { recursive: true, force: true });
  makeFolder(draft);
  writeDurably(join(draft, NAMES.manifest), manifestText);
  writeDurably(join(draft, NAMES.wasm), wasm);
  if (signatureText !== null) writeDurably(join(draft, NAMES.signature), signatureText);
  try {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(draft, folder);
    syncFolder(join(folder, '..'));
  } catch (error) {
    throw diskError(`write ${folder}`, error);
  }
}

function readPackage(folder: string, what: string): PackageContents {
  try {
    const signature = join(folder, NAMES.signature);
    return {
      manifestText: fs.readFileSync(join(folder, NAMES.manifest), 'utf8'),
      wasm: fs.readFileSync(join(folder, NAMES.wasm)),
      signatureText: fs.existsSync(signature) ? fs.readFileSync(signature, 'utf8') : null,
    };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw new GatewayError('not_found', `${what}: not installed`);
    throw diskError(`read ${folder}`, error);
  }
}

function foldersIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.endsWith('.tmp'))
    .map((entry) => entry.name);
}
