import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { JournalFiles } from '../../../gateway/src/adapters/files/journal-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource } from './contributions.ts';
import { OpenState } from './open-state.ts';

const MEGABYTE = new Uint8Array(2 ** 20).fill(7);

function openedJournal(folder: string): { journal: JournalFiles; records: number } {
  const journal = new JournalFiles(folder, assert.fail);
  let records = 0;
  journal.replay(() => records++);
  return { journal, records };
}

test('files are deleted as the records in them are released, never one that holds a later record', () => {
  using folder = temporaryFolder();
  const { journal } = openedJournal(folder.path);
  for (let number = 1; number <= 20; number++) journal.append(MEGABYTE, number);
  assert.equal(readdirSync(folder.path).length, 3);
  journal.releaseThrough(7);
  assert.equal(readdirSync(folder.path).length, 3);
  journal.releaseThrough(8);
  assert.equal(readdirSync(folder.path).length, 2);
  journal.releaseThrough(19);
  assert.equal(readdirSync(folder.path).length, 1);
  journal.releaseThrough(20);
  assert.deepEqual([readdirSync(folder.path), journal.bytes], [[], 0]);
  journal.append(MEGABYTE, 21);
  journal.close();
  assert.equal(openedJournal(folder.path).records, 1);
});

test('files of an earlier run are deleted once everything in them is released', () => {
  using folder = temporaryFolder();
  const first = openedJournal(folder.path).journal;
  for (let number = 1; number <= 10; number++) first.append(MEGABYTE, number);
  first.close();
  const { journal, records } = openedJournal(folder.path);
  assert.equal(records, 10);
  assert.ok(journal.bytes > 10 * 2 ** 20);
  journal.append(Uint8Array.of(1), 11);
  journal.releaseThrough(9);
  assert.equal(readdirSync(folder.path).length, 3);
  journal.releaseThrough(10);
  assert.equal(readdirSync(folder.path).length, 1);
  journal.close();
});

test('a store that seals what an earlier run left frees that journal with the first seal after its own first commit', () => {
  using folder = temporaryFolder();
  const limits = { segmentPoints: 200_000, batchRowsMax: 200_000 };
  const source = new ContributionSource(30);
  {
    using state = new OpenState(folder.path, { limits });
    state.store.commit([source.make('live', 150_000)]);
  }
  {
    using state = new OpenState(folder.path, { limits });
    state.sealAll();
    state.store.commit([source.make('live', 1)]);
    state.sealAll();
    assert.ok(state.journal.bytes < 1000, `${state.journal.bytes} octets`);
  }
  using state = new OpenState(folder.path, { limits });
  assert.equal(state.ledger().live.queued, 150_001);
});
