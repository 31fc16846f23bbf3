import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { JournalFiles } from '../../../gateway/src/adapters/files/journal-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource, valuesOf } from './contributions.ts';
import { OpenState } from './open-state.ts';

/** Journal files of a state folder, oldest first. */
function journalFiles(folder: string): string[] {
  const journal = join(folder, 'journal');
  return fs
    .readdirSync(journal)
    .sort()
    .map((name) => join(journal, name));
}

function flip(path: string, at: number): void {
  const octets = fs.readFileSync(path);
  octets[at]! ^= 0x10;
  fs.writeFileSync(path, octets);
}

test('cut anywhere in its last record, the journal gives back everything acknowledged before', () => {
  using folder = temporaryFolder();
  const source = new ContributionSource(11);
  const committed = [source.make('live', 30), source.make('alarm', 4), source.any(20)];
  const [path, whole, end] = (() => {
    using state = new OpenState(folder.path);
    for (const contribution of committed) state.store.commit([contribution]);
    const before = state.journal.bytes;
    state.store.commit([source.make('live', 12)]);
    return [journalFiles(folder.path).at(-1)!, before, state.journal.bytes];
  })();
  assert.equal(fs.statSync(path).size, end);
  for (let length = end - 1; length >= whole; length--) {
    using crashed = temporaryFolder(folder.path);
    fs.truncateSync(journalFiles(crashed.path).at(-1)!, length);
    using state = new OpenState(crashed.path);
    assert.deepEqual(state.damage, [], `cut to ${length} of ${end} octets`);
    assert.deepEqual(state.values(), valuesOf(committed));
    state.ledger();
    state.store.commit([{ ...committed[0]!, newSeries: [] }]);
    assert.equal(state.values().length, valuesOf(committed).length + committed[0]!.points.length);
  }
});

test('a last record of zeros, as some file systems leave it, is cut off', () => {
  using folder = temporaryFolder();
  const source = new ContributionSource(12);
  const committed = [source.make('live', 30)];
  {
    using state = new OpenState(folder.path);
    state.store.commit(committed);
  }
  fs.appendFileSync(journalFiles(folder.path)[0]!, Buffer.alloc(3000));
  using state = new OpenState(folder.path);
  assert.deepEqual([state.damage, state.values()], [[], valuesOf(committed)]);
});

for (const [where, at] of [
  ['its payload', 16 + 40],
  ['its header', 5],
] as const) {
  for (const file of ['older', 'newest'] as const) {
    test(`a record of the ${file} file damaged in ${where} is reported, and the ledger balances without it`, () => {
      using folder = temporaryFolder();
      const source = new ContributionSource(13);
      const committed = Array.from({ length: 6 }, () => source.make('live', 50));
      {
        using state = new OpenState(folder.path);
        state.store.commit(committed.slice(0, 1));
        const secondAt = state.journal.bytes;
        for (const contribution of committed.slice(1, 3)) state.store.commit([contribution]);
        flip(journalFiles(folder.path)[0]!, secondAt + at);
        // Accounts of lost points that stand in the index already have to be written off there.
        state.store.checkpoint();
      }
      if (file === 'older') {
        // Opens after the damage is undone for a moment: so that a newer file comes behind the damaged one.
        const [older] = journalFiles(folder.path);
        const damaged = fs.readFileSync(older!);
        flip(older!, damagedAt(damaged, at));
        {
          using state = new OpenState(folder.path);
          for (const contribution of committed.slice(3)) state.store.commit([contribution]);
        }
        fs.writeFileSync(older!, damaged);
      }
      for (let opening = 1; opening <= 2; opening++) {
        using state = new OpenState(folder.path);
        assert.equal(state.damage[0]?.code, 'corrupt', `opening ${opening}`);
        assert.match(state.damage[0]!.message, /a frame expected at \d+/);
        const { live } = state.ledger();
        const lost = where === 'its payload' ? 50 : 100;
        assert.equal(live.quarantined, lost, `opening ${opening}`);
        assert.equal(state.values().length, live.stored - lost);
        state.store.checkpoint();
      }
    });
  }
}

test('points whose series was named in a damaged record are kept under a name that says so', () => {
  using folder = temporaryFolder();
  const source = new ContributionSource(14);
  {
    using state = new OpenState(folder.path);
    state.store.commit([source.make('alarm', 1)]);
    const at = state.journal.bytes;
    state.store.commit([source.make('live', 20)]);
    const known = [...state.store.series.values()].filter(({ lane }) => lane === 'live');
    const again = source.make('live', 20);
    state.store.commit([
      { ...again, newSeries: again.newSeries.filter(({ id }) => !known.some((one) => one.id === id)) },
    ]);
    flip(journalFiles(folder.path)[0]!, at + 16 + 30);
  }
  for (let opening = 1; opening <= 2; opening++) {
    using state = new OpenState(folder.path);
    assert.ok([...state.store.series.values()].some(({ device }) => device === 'name-lost'));
    assert.equal(state.ledger().live.queued, 20);
    state.sealAll();
    assert.equal(state.ledger().live.queued, 20);
  }
});

test('a write that cannot be taken back is cut off before anything else is written', (t) => {
  using folder = temporaryFolder();
  const journal = new JournalFiles(folder.path, assert.fail);
  journal.replay(() => assert.fail('a new journal holds a record'));
  journal.append(Uint8Array.of(1), 1);
  const restore = failing(t, ['fdatasyncSync', 'ftruncateSync', 'truncateSync']);
  assert.throws(() => journal.append(Uint8Array.of(2), 2), { code: 'exhausted' });
  assert.throws(() => journal.append(Uint8Array.of(2, 2), 2), { code: 'exhausted', message: /cut .* back/ });
  restore();
  journal.append(Uint8Array.of(2, 2, 2), 2);
  journal.close();
  const records: number[][] = [];
  assert.ok(new JournalFiles(folder.path, assert.fail).replay((record) => records.push([...record])));
  assert.deepEqual(records, [[1], [2, 2, 2]]);
});

/** Makes some calls fail as on a full disk. */
function failing(t: TestContext, names: ('fdatasyncSync' | 'ftruncateSync' | 'truncateSync')[]): () => void {
  const full = () => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  };
  const mocks = names.map((name) => t.mock.method(fs, name, full));
  syncBuiltinESMExports();
  return () => {
    for (const mock of mocks) mock.mock.restore();
    syncBuiltinESMExports();
  };
}

/** Where the second frame's damage is, from the first frame's length. */
function damagedAt(octets: Buffer, at: number): number {
  return 16 + octets.readUInt32LE(4) + at;
}
