import type { Database } from '../../adapters/sqlite/database.ts';
import { readFunctionPackages } from '../../adapters/sqlite/module-store.ts';
import { describeError } from '../../base/errors.ts';
import type { Config } from '../../config/settings.ts';
import { parseManifest } from '../../core/modules/manifest.ts';
import type { FunctionPackage } from '../../core/modules/use.ts';
import type { LoadedModule, ModuleLoader } from '../modules/load-module.ts';
import type { LibraryPackage, ModuleLibrary } from '../modules/module-library.ts';

export interface FunctionPackagesParts {
  readonly library: ModuleLibrary;
  readonly loader: ModuleLoader;
  /** Read-only; null: nothing is recorded. */
  readonly database: Database | null;
}

/** One module of functions as `tidegate module list` shows it. */
export interface FunctionPackageReport {
  readonly kind: 'function';
  /** Identifier of the module. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly previous: string | null;
  /** Names of the functions in the configuration that are of it. */
  readonly functions: readonly string[];
  readonly publisher: string | null;
  readonly trust: string;
  readonly from: string;
  readonly error: string | null;
}

const AT_BOOT = { nowMs: 0, atBoot: true } as const;

/** What functions run of each module: what is recorded of an installed package, or else what came with the program. */
export class FunctionPackages {
  readonly #parts: FunctionPackagesParts;

  constructor(parts: FunctionPackagesParts) {
    this.#parts = parts;
  }

  /** What is recorded of an installed package. */
  find(id: string): FunctionPackage | undefined {
    return this.#recorded().find(({ module }) => module === id);
  }

  /**
   * What functions are to run when the gateway starts; null: nothing was installed, or came with the program. A recorded version that is gone,
   * such as one that came with an older program, gives way to the program's own.
   */
  versionOf(id: string): string | null {
    const { library } = this.#parts;
    const recorded = this.find(id)?.version;
    const isHere = recorded !== undefined && library.versionsOf(id).includes(recorded);
    return isHere ? recorded : library.versionOfProgram(id);
  }

  /** @param version null: `versionOf`, or else the one in the developer's folder. @throws GatewayError saying why it cannot be used. */
  load(id: string, version: string | null): LoadedModule {
    const { contents, provenance } = this.#locate(id, version);
    return this.#parts.loader.admit(contents, provenance);
  }

  /** Every module that a function is of, or could be. */
  reports(functions: Config['function']): FunctionPackageReport[] {
    const ids = new Set([...functions, ...this.#recorded()].map(({ module }) => module));
    return [...ids].sort().map((id) => {
      const users = functions.filter(({ module }) => module === id).map(({ name }) => name);
      return { ...this.#report(id), kind: 'function', name: id, module: id, functions: users };
    });
  }

  #report(id: string) {
    const recorded = this.find(id);
    const previous = recorded?.previous ?? null;
    try {
      const { contents, provenance } = this.#locate(id, null);
      const { publisher, trust, from } = provenance;
      return { version: parseManifest(contents.manifestText).version, previous, publisher, trust, from, error: null };
    } catch (error) {
      const unknown = { publisher: null, trust: '', from: '' };
      return { version: recorded?.version ?? '', previous, ...unknown, error: describeError(error) };
    }
  }

  #locate(id: string, version: string | null): LibraryPackage {
    const { library } = this.#parts;
    const wanted = version ?? this.versionOf(id);
    return wanted === null ? library.findOwn(id, AT_BOOT) : library.find(id, wanted, AT_BOOT);
  }

  #recorded(): FunctionPackage[] {
    const { database } = this.#parts;
    return database === null ? [] : readFunctionPackages(database);
  }
}
