import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Sqlite from 'better-sqlite3';
import { openDatabase, openForReading } from '../../../gateway/src/adapters/sqlite/database.ts';
import { assets } from '../../../gateway/src/main/assets.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const MIGRATIONS = assets.migrations('gateway');

/** Makes a database as the program of that version left it, with a row in it where there is a table. */
function databaseOfVersion(path: string, version: number): void {
  const database = openDatabase(path, MIGRATIONS.slice(0, version));
  if (version > 0) database.exec("UPDATE ledger SET received = 7, stored = 7, confirmed = 7 WHERE lane = 'live'");
  database.close();
}

function schemaOf(path: string): unknown[] {
  const database = openForReading(path);
  const schema = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
  database.close();
  return schema;
}

for (let version = 0; version <= MIGRATIONS.length; version++) {
  test(`a database of version ${version} is brought to version ${MIGRATIONS.length}, its rows kept`, () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a.db');
    databaseOfVersion(path, version);
    const database = openDatabase(path, MIGRATIONS);
    assert.equal(database.pragma('user_version', { simple: true }), MIGRATIONS.length);
    assert.equal(database.pragma('synchronous', { simple: true }), 2);
    assert.equal(database.pragma('journal_mode', { simple: true }), 'wal');
    const { received } = database.prepare("SELECT received FROM ledger WHERE lane = 'live'").get() as {
      received: number;
    };
    assert.equal(received, version > 0 ? 7 : 0);
    database.close();
    const fresh = join(folder.path, 'fresh.db');
    openDatabase(fresh, MIGRATIONS).close();
    assert.deepEqual(schemaOf(path), schemaOf(fresh));
    const isCopied = version > 0 && version < MIGRATIONS.length;
    assert.equal(existsSync(`${path}.v${version}`), isCopied, 'a copy is kept before rows are changed');
  });
}

test('a database of a newer version is refused by its number, with a way out, and is left as it is', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'a.db');
  const database = openDatabase(path, MIGRATIONS);
  database.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  database.close();
  assert.throws(() => openDatabase(path, MIGRATIONS), {
    code: 'corrupt',
    message: new RegExp(`version ${MIGRATIONS.length} or less expected, ${MIGRATIONS.length + 1} found`),
    hint: /newer Tidegate/,
  });
  const after = new Sqlite(path);
  assert.equal(after.pragma('user_version', { simple: true }), MIGRATIONS.length + 1);
  after.close();
});

test('a migration that fails changes nothing and can be tried again', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'a.db');
  databaseOfVersion(path, 1);
  const broken = [MIGRATIONS[0]!, { name: '0002_broken.sql', sql: 'CREATE TABLE half (a); CREATE TABLE half (a);' }];
  assert.throws(() => openDatabase(path, broken), /half/);
  openDatabase(path, MIGRATIONS).close();
  assert.equal(JSON.stringify(schemaOf(path)).includes('half'), false);
});

test('a half-written copy of a crash during the last attempt does not stand in the way', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'a.db');
  databaseOfVersion(path, 1);
  writeFileSync(`${path}.v1`, 'half a copy');
  openDatabase(path, MIGRATIONS).close();
  const copy = new Sqlite(`${path}.v1`, { readonly: true });
  assert.equal(copy.pragma('user_version', { simple: true }), 1);
  copy.close();
});

test('a file that is no database, and one that is not there, are errors that name it', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'a.db');
  assert.throws(() => openForReading(path), { code: 'not_found', message: /a\.db: no such file/ });
  writeFileSync(path, 'x'.repeat(5000));
  assert.throws(() => openDatabase(path, MIGRATIONS), { name: 'GatewayError', code: 'corrupt', message: /a\.db/ });
});
