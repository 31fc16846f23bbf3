import * as fs from 'node:fs';
import { join } from 'node:path';
import { readPackage } from '../../adapters/files/module-package.ts';
import { PackageFolder } from '../../adapters/files/package-folder.ts';
import { readTrustFile, trustPath } from '../../adapters/files/trust-file.ts';
import { GatewayError } from '../../base/errors.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import type { PackageContents } from '../../core/modules/ports.ts';
import { compareVersions, parseVersion } from '../../core/modules/signing/semver.ts';
import { trustClassOf } from '../../core/modules/signing/trust-class.ts';
import { parseTrust } from '../../core/modules/signing/trust-store.ts';
import { type VerifyContext, verifyPackage } from '../../core/modules/signing/verify-package.ts';
import { assets } from '../assets.ts';

/** Who answers for a module. */
export interface Provenance {
  readonly from: 'program' | 'installed' | 'folder';
  /** As the operator calls who signed it; `tidegate` for what came with the program; null: nobody, in developer mode. */
  readonly publisher: string | null;
  readonly keyId: string | null;
  readonly trust: Exclude<ModuleClass, 'wasi'>;
}

export interface LibraryPackage {
  readonly contents: PackageContents;
  readonly provenance: Provenance;
}

export interface LibrarySettings {
  /** Null: nothing is installed, and nobody is trusted but the program itself. */
  readonly stateFolder: string | null;
  /** Unsigned modules are let in. */
  readonly developerMode: boolean;
}

const NOBODY = { publisher: null, keyId: null, trust: 'developer' } as const;

/** Where modules come from: the program itself, what was installed, and for developers the folder that TIDEGATE_MODULES names. */
export class ModuleLibrary {
  readonly #settings: LibrarySettings;
  readonly packages: PackageFolder | null;

  constructor(settings: LibrarySettings) {
    this.#settings = settings;
    this.packages = settings.stateFolder === null ? null : new PackageFolder(join(settings.stateFolder, 'modules'));
  }

  get developerMode(): boolean {
    return this.#settings.developerMode;
  }

  /**
   * @param version null: the one that came with the program; else the highest installed; else the one in the developer's folder.
   * @throws GatewayError `not_found`; `denied` when nobody who is trusted has signed it.
   */
  find(id: string, version: string | null, context: VerifyContext): LibraryPackage {
    const program = this.#ofProgram(id);
    if (program !== null && (version === null || versionIn(program.contents) === version)) return program;
    const installed = this.packages?.list().filter((one) => one.id === id && (version ?? one.version) === one.version);
    const highest = installed?.sort((a, b) => compare(b.version, a.version))[0];
    if (highest !== undefined) {
      const contents = this.packages!.read(id, highest.version);
      return { contents, provenance: { from: 'installed', ...this.verify(contents, context) } };
    }
    return this.#ofDeveloper(id, context) ?? noSuchModule(id, version);
  }

  /** Leaves out what was installed. @throws GatewayError as `find`. */
  findOwn(id: string, context: VerifyContext): LibraryPackage {
    return this.#ofProgram(id) ?? this.#ofDeveloper(id, context) ?? noSuchModule(id, null);
  }

  /** @throws GatewayError `denied` with the reason: unsigned modules too, unless in developer mode. */
  verify(contents: PackageContents, context: VerifyContext): Omit<Provenance, 'from'> {
    if (contents.signatureText === null && this.developerMode) return NOBODY;
    const { stateFolder } = this.#settings;
    const trust = parseTrust(stateFolder === null ? null : readTrustFile(trustPath(stateFolder)));
    const { keyId, publisher, role } = verifyPackage(contents, trust, context);
    return { publisher, keyId, trust: trustClassOf(role) };
  }

  /** Null: no module of this id came with the program. */
  versionOfProgram(id: string): string | null {
    const program = this.#ofProgram(id);
    return program === null ? null : versionIn(program.contents);
  }

  /** Versions that can be run, the program's own first. */
  versionsOf(id: string): string[] {
    const own = this.versionOfProgram(id);
    const installed = this.packages?.list().filter((one) => one.id === id) ?? [];
    return [...(own === null ? [] : [own]), ...installed.map(({ version }) => version).sort((a, b) => compare(b, a))];
  }

  #ofDeveloper(id: string, context: VerifyContext): LibraryPackage | null {
    const contents = developersModule(id);
    return contents && { contents, provenance: { from: 'folder', ...this.verify(contents, context) } };
  }

  /** What came with the program is as trustworthy as the program. */
  #ofProgram(id: string): LibraryPackage | null {
    if (!assets.moduleIds().includes(id)) return null;
    const { manifest, wasm } = assets.module(id);
    const contents = { manifestText: manifest, wasm, signatureText: null };
    return { contents, provenance: { from: 'program', publisher: 'tidegate', keyId: null, trust: 'vendor' } };
  }
}

function noSuchModule(id: string, version: string | null): never {
  throw new GatewayError('not_found', `module ${id}${version === null ? '' : ` ${version}`}: no such module`, {
    hint: 'See `tidegate module list`; `tidegate module install DIR` installs one.',
  });
}

/** A module as its author has built it, from `<folder>/<id>/build`. */
function developersModule(id: string): PackageContents | null {
  const base = process.env.TIDEGATE_MODULES;
  if (!base || !/^[a-z0-9-]{1,32}$/.test(id)) return null;
  const folder = join(base, id, 'build');
  return fs.existsSync(join(folder, 'manifest.json')) ? readPackage(folder) : null;
}

function versionIn({ manifestText }: PackageContents): string {
  return (JSON.parse(manifestText) as { version: string }).version;
}

function compare(a: string, b: string): number {
  return compareVersions(parseVersion(a, 'version'), parseVersion(b, 'version'));
}
