/**
 * Opens the gateway's database. Durability: `journal_mode=WAL` with `synchronous=FULL`, so a committed transaction survives a power cut
 * (in WAL mode NORMAL would lose the last ones). One writer: the store worker. Readers open it read-only.
 */
import * as fs from 'node:fs';
import Sqlite from 'better-sqlite3';
import { GatewayError } from '../../base/errors.ts';

export type Database = Sqlite.Database;

export interface Migration {
  /** `0001_store.sql`: the number is the version it brings the database to. */
  readonly name: string;
  readonly sql: string;
}

export interface OpenOptions {
  /** Path of the native addon, where it does not lie in node_modules. */
  readonly nativeBinding?: string | undefined;
  /** Called before the first migration of a database that has no tables yet; what it throws leaves the database so. */
  readonly whenNew?: () => void;
}

/** @throws GatewayError `corrupt` when the file is no database, or newer than this program; `exhausted` when the disk is full. */
export function openDatabase(path: string, migrations: readonly Migration[], options: OpenOptions = {}): Database {
  const database = connect(path, options, false);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('temp_store = MEMORY');
    database.pragma('cache_size = -2048');
    database.pragma('journal_size_limit = 4194304');
    if (!hasTables(database)) options.whenNew?.();
    migrate(database, path, migrations);
  } catch (error) {
    database.close();
    throw sqliteError(`open database ${path}`, error);
  }
  return database;
}

/** False of a new database: a start that ended before its first migration leaves one. */
export function hasTables(database: Database): boolean {
  return database.pragma('user_version', { simple: true }) !== 0;
}

/**
 * What SQLite says of the disk as one of our errors; anything else, a mistake of ours, as it is. An error that a statement of the
 * connection has made of it already gets the action in front.
 */
export function sqliteError(action: string, error: unknown): unknown {
  if (error instanceof GatewayError && error.cause instanceof Sqlite.SqliteError) {
    if (error.message.startsWith(action)) return error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return new GatewayError(error.code, `${action}: ${error.message}`, { cause: error.cause, ...hint });
  }
  if (!(error instanceof Sqlite.SqliteError)) return error;
  if (error.code === 'SQLITE_FULL') {
    const hint = 'Free space on the data partition, or lower store.disk_max.';
    return new GatewayError('exhausted', `${action}: the disk is full`, { cause: error, hint });
  }
  if (error.code === 'SQLITE_NOTADB' || error.code.startsWith('SQLITE_CORRUPT')) {
    const hint = 'Keep the file for diagnosis and move the state folder away: the gateway begins a new one.';
    return new GatewayError('corrupt', `${action}: not an intact database`, { cause: error, hint });
  }
  const mayPass = /^SQLITE_(BUSY|LOCKED|IOERR|CANTOPEN|READONLY)/.test(error.code);
  return mayPass ? new GatewayError('unavailable', action, { cause: error }) : error;
}

/** For other threads and commands: sees what has been committed, changes nothing. */
export function openForReading(path: string, options: OpenOptions = {}): Database {
  if (!fs.existsSync(path)) {
    throw new GatewayError('not_found', `database ${path}: no such file`, {
      hint: 'It is made when the gateway, or the sink, first runs with it.',
    });
  }
  return connect(path, options, true);
}

function connect(path: string, options: OpenOptions, readonly: boolean): Database {
  const native = options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding };
  try {
    return withOurErrors(new Sqlite(path, { readonly, timeout: 5000, ...native }), `database ${path}`);
  } catch (error) {
    const known = sqliteError(`open database ${path}`, error);
    if (known instanceof GatewayError) throw known;
    throw new GatewayError('unavailable', `open database ${path}`, { cause: error });
  }
}

/** Statements may meet damage long after the opening: whoever runs them gets a GatewayError that names the database. */
function withOurErrors(database: Database, name: string): Database {
  const guard = (target: object, methods: Record<string, (...args: never[]) => unknown>) => {
    for (const [method, inner] of Object.entries(methods)) {
      const value = (...args: never[]) => {
        try {
          return inner.apply(target, args);
        } catch (error) {
          throw sqliteError(name, error);
        }
      };
      Object.defineProperty(target, method, { value });
    }
  };
  const prepare = (sql: string) => {
    const statement = Sqlite.prototype.prepare.call(database, sql);
    const { run, get, all } = statement;
    guard(statement, { run, get, all });
    return statement;
  };
  const { exec, pragma } = database;
  guard(database, { prepare, exec, pragma });
  return database;
}

function migrate(database: Database, path: string, migrations: readonly Migration[]): void {
  const from = database.pragma('user_version', { simple: true }) as number;
  const newest = migrations.length;
  if (from > newest) {
    throw new GatewayError('corrupt', `database ${path}: version ${newest} or less expected, ${from} found`, {
      hint: 'It was written by a newer Tidegate: install that version, or move the state folder away.',
    });
  }
  if (from > 0 && from < newest) {
    const copy = `${path}.v${from}`;
    // Of an earlier attempt that did not come to its end: perhaps half a copy, and of nothing newer.
    fs.rmSync(copy, { force: true });
    database.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
  }
  for (const [index, migration] of migrations.entries()) {
    const version = index + 1;
    if (Number.parseInt(migration.name, 10) !== version) {
      throw new GatewayError('invalid', `migration ${migration.name}: number ${version} expected`);
    }
    if (version <= from) continue;
    database
      .transaction(() => {
        database.exec(migration.sql);
        database.pragma(`user_version = ${version}`);
      })
      .immediate();
  }
}
