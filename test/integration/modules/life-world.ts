/** A gateway's modules without its threads: packages and trust on disk, sagas and uses in SQLite, WebAssembly in this process. */
import { join } from 'node:path';
import { makeFolder, writeDurably } from '../../../gateway/src/adapters/files/durable.ts';
import { PackageFolder } from '../../../gateway/src/adapters/files/package-folder.ts';
import { trustPath } from '../../../gateway/src/adapters/files/trust-file.ts';
import { type Database, openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import {
  readFunctionPackages,
  readModuleUses,
  SqliteModuleStore,
} from '../../../gateway/src/adapters/sqlite/module-store.ts';
import { SqliteSagaStore } from '../../../gateway/src/adapters/sqlite/saga-store.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import type { Config } from '../../../gateway/src/config/settings.ts';
import type { SagaJournal, SagaRow } from '../../../gateway/src/core/model/saga.ts';
import { MODULE_SAGAS } from '../../../gateway/src/core/modules/life/define.ts';
import type { PackageContents } from '../../../gateway/src/core/modules/ports.ts';
import type { FunctionPackage, ModuleUse } from '../../../gateway/src/core/modules/use.ts';
import { assets } from '../../../gateway/src/main/assets.ts';
import { type StatePaths, statePaths } from '../../../gateway/src/main/state-paths.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { trustText } from './life-packages.ts';
import { Life, type LifeView } from './life-process.ts';

/** Windows so short that each batch or two closes some. */
export const INPUTS = [{ series: 'device0/*', config: { windowMs: 500 } }] as const;

/** Runs from the configuration file in every world, in the version that came with the program. */
export const FIXED = { name: 'fixed', module: 'window-aggregate', enabled: true, input: [...INPUTS] } as const;

export function useOf(version: string, changes: Partial<ModuleUse> = {}): ModuleUse {
  return {
    ...{ name: 'w1', module: 'win', version, previous: null, enabled: true, inputs: INPUTS, origin: 'installed' },
    ...changes,
  };
}

export type SagaVerb = keyof typeof MODULE_SAGAS;
export type OfUse = { readonly name: string } & Readonly<Record<string, unknown>>;

export class LifeWorld implements AsyncDisposable {
  readonly paths: StatePaths;
  readonly database: Database;
  readonly sagas: SqliteSagaStore;
  readonly uses: SqliteModuleStore;
  readonly packages: PackageFolder;
  readonly journal: SagaJournal;
  /** Modules of the configuration file. */
  readonly config: Config['module'];
  /** All else that it says: functions. */
  settings: Config = parseConfig([]).config;
  /** What the last life said before it ended; undefined: there was none. */
  lastView: LifeView | undefined;
  readonly #folder: TemporaryFolder;
  readonly #copyOf: LifeWorld | undefined;
  #viewOfCopies: LifeView | undefined;

  /** @param copyOf the world begins as a copy of this one, which must not be running. */
  constructor(
    copyOf?: LifeWorld,
    config: Config['module'] = copyOf?.config ?? ([FIXED] as unknown as Config['module']),
  ) {
    this.config = config;
    this.#copyOf = copyOf;
    if (copyOf !== undefined) this.settings = copyOf.settings;
    copyOf?.database.pragma('wal_checkpoint(TRUNCATE)');
    this.#folder = temporaryFolder(copyOf?.paths.folder);
    this.paths = statePaths(this.#folder.path);
    if (copyOf === undefined) {
      makeFolder(this.paths.folder);
      writeDurably(trustPath(this.paths.folder), trustText());
    }
    this.database = openDatabase(this.paths.database, assets.migrations('gateway'));
    // Nothing here cuts the power, and there are hundreds of worlds.
    this.database.pragma('synchronous = OFF');
    this.sagas = new SqliteSagaStore(this.database);
    this.uses = new SqliteModuleStore(this.database);
    this.packages = new PackageFolder(join(this.paths.folder, 'modules'));
    this.journal = {
      record: async (change) => this.sagas.record(change),
      active: async () => this.sagas.active(),
      pending: async (definition, perPriority) => this.sagas.pending(definition, perPriority),
      find: async (id) => this.sagas.find(id),
    };
  }

  /** As an earlier installation has left it. */
  installed(use: ModuleUse, ...packages: PackageContents[]): this {
    this.#keep(packages);
    this.uses.put(use, 0);
    return this;
  }

  /** Functions of the configuration file, from the next life on: names, each with its module and further lines. */
  withFunctions(functions: Readonly<Record<string, { readonly module: string; readonly lines?: string }>>): this {
    const tables = Object.entries(functions).map(
      ([name, { module, lines = '' }]) => `[[function]]\nname = "${name}"\nmodule = "${module}"\n${lines}\n`,
    );
    // One thread: there are hundreds of worlds.
    const text = `[functions]\nthreads = 1\n${tables.join('')}`;
    this.settings = parseConfig([{ origin: 'test.toml', text }]).config;
    return this;
  }

  /** A package of functions, as an earlier installation has left it. */
  withPackage(row: FunctionPackage, ...packages: PackageContents[]): this {
    this.#keep(packages);
    this.uses.putPackage(row, 0);
    return this;
  }

  #keep(packages: readonly PackageContents[]): void {
    for (const contents of packages) {
      const { id, version } = JSON.parse(contents.manifestText);
      this.packages.keep(id, version, contents);
      this.uses.setFloor(id, version);
    }
  }

  /** A saga that waits to be run. @returns its id. */
  ask(verb: SagaVerb, parameters: OfUse, id = 's1'): string {
    const saga = { id, definition: MODULE_SAGAS[verb], priority: 0, ordinal: 0, generation: 1, parameters, atMs: 0 };
    this.sagas.add(saga);
    return id;
  }

  saga(id = 's1'): SagaRow {
    const row = this.sagas.find(id);
    if (row === undefined) throw new Error(`no saga ${id}`);
    return row;
  }

  async life(onRow?: (row: string) => void): Promise<Life> {
    return Life.begin(this, onRow);
  }

  /** What is stored, what the last life said before it ended, and what the next one says. */
  async snapshot() {
    const before = this.lastView;
    const next = await this.#nextView();
    return { ...this.stored(), running: before ?? next, afterRestart: next };
  }

  /** Of a world in which nothing has happened yet it is what it was for the one that it is a copy of. */
  async #nextView(): Promise<LifeView> {
    const isFresh = this.lastView === undefined;
    const known = this.#copyOf === undefined ? undefined : this.#copyOf.#viewOfCopies;
    if (isFresh && known !== undefined) return known;
    const before = this.lastView;
    const life = await this.life();
    const view = await life.wholeView();
    await life[Symbol.asyncDispose]();
    this.lastView = before;
    if (isFresh && this.#copyOf !== undefined) this.#copyOf.#viewOfCopies = view;
    return view;
  }

  stored() {
    const packages = this.packages.list().map(({ id, version }) => {
      const { manifestText, wasm } = this.packages.read(id, version);
      return { id, version, sha256: (JSON.parse(manifestText) as { sha256: string }).sha256, octets: wasm.length };
    });
    return {
      uses: readModuleUses(this.database),
      functionPackages: readFunctionPackages(this.database),
      floors: this.database.prepare('SELECT module, version FROM module_floor ORDER BY module').all(),
      packages: packages.sort((a, b) => `${a.id} ${a.version}`.localeCompare(`${b.id} ${b.version}`)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close();
    this.#folder[Symbol.dispose]();
  }
}
