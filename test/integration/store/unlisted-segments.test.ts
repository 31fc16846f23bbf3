/** A state folder whose database is gone from beside its segments: nothing is deleted, and the start says what to do. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import Sqlite from 'better-sqlite3';
import { ContributionSource } from './contributions.ts';
import { OpenState } from './open-state.ts';
import { runCommand, type StateGateway, stateGateway } from './state-gateway.ts';

/** Two sealed segments, and points that are in none yet. */
function fill(folder: string): void {
  using state = new OpenState(folder);
  const source = new ContributionSource(1);
  state.store.commit([source.make('live', 200), source.make('alarm', 5)]);
  state.sealAll();
  state.store.commit([source.make('live', 50)]);
}

function filesOf({ paths }: StateGateway): string[][] {
  return [paths.segments, paths.journal].map((folder) => readdirSync(folder).sort());
}

const remove = (path: string) => rmSync(path);
const empty = (path: string) => truncateSync(path);
/** What is left of a new database when its log is lost. */
const forgetTables = (path: string) => {
  rmSync(path);
  const database = new Sqlite(path);
  database.pragma('journal_mode = WAL');
  database.close();
};

for (const [found, lose] of Object.entries({ missing: remove, empty, 'without tables': forgetTables })) {
  test(`segments and a journal beside a database that is ${found} stay, and the start is refused`, async () => {
    using gateway = stateGateway();
    fill(gateway.paths.folder);
    lose(gateway.paths.database);
    const before = filesOf(gateway);
    assert.deepEqual(
      before.map(({ length }) => length),
      [2, 1],
    );
    for (const words of [['run'], ['store', 'status'], ['run']]) {
      const { code, error, stderr } = await runCommand(gateway, words);
      assert.deepEqual([code, error?.code], [1, 'corrupt'], stderr);
      assert.ok(error!.message.includes(`state folder ${gateway.paths.folder}: 2 segment files and 1 journal`), stderr);
      assert.ok(error!.message.endsWith(`is ${found}`), stderr);
      assert.match(error!.hint!, /Restore tidegate\.db from a copy, or move the whole state folder away/);
    }
    assert.deepEqual(filesOf(gateway), before);
  });
}

test('a journal alone is refused too: the accounts and the names of its series are gone', async () => {
  using gateway = stateGateway();
  fill(gateway.paths.folder);
  rmSync(gateway.paths.database);
  rmSync(gateway.paths.segments, { recursive: true });
  const { error } = await runCommand(gateway, ['run']);
  assert.match(error?.message ?? '', /0 segment files and 1 journal files/);
});

test('a first start that was killed at any point before its first segment starts again', async () => {
  const moments: Record<string, (gateway: StateGateway) => void> = {
    'no octet of the database': ({ paths }) => {
      mkdirSync(paths.folder);
      writeFileSync(paths.database, '');
    },
    'no tables': ({ paths }) => {
      mkdirSync(paths.folder);
      writeFileSync(paths.database, '');
      forgetTables(paths.database);
    },
    'no journal record, half a segment': ({ paths }) => {
      for (const folder of [paths.segments, paths.journal]) mkdirSync(folder, { recursive: true });
      writeFileSync(join(paths.journal, '0000000000000001.tgj'), '');
      writeFileSync(join(paths.segments, 'live-000000000001.tgs.tmp'), 'half');
    },
  };
  for (const [moment, leave] of Object.entries(moments)) {
    using gateway = stateGateway();
    leave(gateway);
    await gateway.startAndStop(moment);
  }
});

/** What a gateway does that is started, twice, with the database of before `work`; with the one of after it, it starts. */
async function withOlderCopy(work: (state: OpenState) => void, refusal: RegExp): Promise<void> {
  using gateway = stateGateway();
  const { folder, database } = gateway.paths;
  fill(folder);
  const [older, newest] = [`${folder}.older`, `${folder}.newest`];
  cpSync(database, older);
  {
    using state = new OpenState(folder);
    work(state);
  }
  cpSync(database, newest);
  const before = filesOf(gateway);
  cpSync(older, database);
  for (let start = 0; start < 2; start++) {
    const { error, stderr } = await runCommand(gateway, ['run']);
    assert.equal(error?.code, 'corrupt', stderr);
    assert.match(error.message, refusal);
    assert.deepEqual(filesOf(gateway), before);
  }
  cpSync(newest, database);
  await gateway.startAndStop('the newest copy');
  assert.deepEqual(filesOf(gateway)[0], before[0]);
}

test('an older copy of the database is refused while later segments lie there, and the newest one starts', () =>
  withOlderCopy((state) => {
    const source = new ContributionSource(2);
    for (let i = 0; i < 3; i++) {
      state.store.commit([source.make('live', 100)]);
      state.sealAll();
    }
  }, /2 segment files, such as live-000000000003\.tgs, are later than the database/));

test('an older copy that lacks one segment is refused too, once the journal has let go of its points', () =>
  withOlderCopy((state) => {
    // A record in a journal file of its own: the one before is let go when its points are sealed.
    state.store.commit([new ContributionSource(2).make('alarm', 5)]);
    state.sealAll();
  }, /segment file live-000000000002\.tgs: its 50 points are neither in the journal nor in the/));

test('an older copy whose points the journal still holds loses nothing', () => {
  using gateway = stateGateway();
  const { folder, database } = gateway.paths;
  fill(folder);
  const copy = `${folder}.copy`;
  cpSync(database, copy);
  let values: number[];
  {
    using state = new OpenState(folder);
    state.sealAll();
    values = state.values();
  }
  cpSync(copy, database);
  using state = new OpenState(folder);
  assert.deepEqual(state.values(), values);
  state.sealAll();
  assert.deepEqual(state.values(), values);
  assert.deepEqual(filesOf(gateway)[0]!.length, 3);
});

test('the file of a segment that has expired, left by a crash, is deleted at the next start', () => {
  using gateway = stateGateway();
  const { folder, segments } = gateway.paths;
  fill(folder);
  const file = join(segments, 'live-000000000001.tgs');
  {
    using state = new OpenState(folder);
    cpSync(file, `${folder}.tgs`);
    state.store.moveSegment('live', 1, 'expired');
  }
  cpSync(`${folder}.tgs`, file);
  using state = new OpenState(folder);
  assert.deepEqual(readdirSync(segments), ['alarm-000000000001.tgs']);
  state.ledger();
});
