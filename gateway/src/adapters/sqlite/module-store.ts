/** Uses of modules, what functions run of installed packages, and the floors below which no version comes back. Written on the store worker; every thread may read. */
import type { FunctionPackage, ModuleUse } from '../../core/modules/use.ts';
import type { Database } from './database.ts';

interface UseRecord extends Omit<ModuleUse, 'enabled' | 'inputs'> {
  readonly enabled: 0 | 1;
  readonly inputs: string;
}

const COLUMNS = 'name, module, version, previous, enabled, inputs, origin';

export class SqliteModuleStore {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#sql = prepare(database);
  }

  put(use: ModuleUse, atMs: number): void {
    const enabled = use.enabled ? 1 : 0;
    this.#sql.put.run({ ...use, enabled, inputs: JSON.stringify(use.inputs), atMs: Math.round(atMs) });
  }

  remove(name: string): void {
    this.#sql.remove.run(name);
  }

  setFloor(module: string, version: string): void {
    this.#sql.setFloor.run(module, version);
  }

  putPackage(row: FunctionPackage, atMs: number): void {
    this.#sql.putPackage.run({ ...row, atMs: Math.round(atMs) });
  }

  removePackage(module: string): void {
    this.#sql.removePackage.run(module);
  }
}

/** In order of their names. */
export function readModuleUses(database: Database): ModuleUse[] {
  const records = database.prepare(`SELECT ${COLUMNS} FROM module_use ORDER BY name`).all() as UseRecord[];
  return records.map((record) => ({ ...record, enabled: record.enabled === 1, inputs: JSON.parse(record.inputs) }));
}

/** In order of their modules. */
export function readFunctionPackages(database: Database): FunctionPackage[] {
  const rows = database.prepare('SELECT module, version, previous FROM function_package ORDER BY module').all();
  return rows as FunctionPackage[];
}

/** The highest version ever installed; null: none. */
export function readModuleFloor(database: Database, module: string): string | null {
  const version = database.prepare('SELECT version FROM module_floor WHERE module = ?').pluck().get(module);
  return (version as string | undefined) ?? null;
}

function prepare(database: Database) {
  return {
    put: database.prepare(
      `INSERT INTO module_use (${COLUMNS}, updated_ms)
       VALUES (:name, :module, :version, :previous, :enabled, :inputs, :origin, :atMs)
       ON CONFLICT (name) DO UPDATE SET module = excluded.module, version = excluded.version, previous = excluded.previous,
       enabled = excluded.enabled, inputs = excluded.inputs, origin = excluded.origin, updated_ms = excluded.updated_ms`,
    ),
    remove: database.prepare('DELETE FROM module_use WHERE name = ?'),
    setFloor: database.prepare(
      `INSERT INTO module_floor (module, version) VALUES (?, ?) ON CONFLICT (module) DO UPDATE SET version = excluded.version`,
    ),
    putPackage: database.prepare(
      `INSERT INTO function_package (module, version, previous, updated_ms) VALUES (:module, :version, :previous, :atMs)
       ON CONFLICT (module) DO UPDATE SET version = excluded.version, previous = excluded.previous, updated_ms = excluded.updated_ms`,
    ),
    removePackage: database.prepare('DELETE FROM function_package WHERE module = ?'),
  };
}
