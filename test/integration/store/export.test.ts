/** `store export` to where not all of it fits, and to readers that have read enough. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CLI } from '../../support/gateway-process.ts';
import { type ProgramResult, runProgram } from '../../support/run-program.ts';
import { noSmallDisk, smallDisk } from '../../support/small-disk.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource } from './contributions.ts';
import { OpenState } from './open-state.ts';

/** Of 60 to 100 octets as lines: more than a pipe or a disk of 1 MB takes. */
const POINTS = 20_000;
const BATCH = 500;
const skip = noSmallDisk();
const folder = temporaryFolder();
const state = join(folder.path, 'state');

before(() => {
  using open = new OpenState(state);
  const source = new ContributionSource(1);
  for (let points = 0; points < POINTS; points += BATCH) open.store.commit([source.make('live', BATCH)]);
  open.sealAll();
});
after(() => folder[Symbol.dispose]());

function storeExport(...words: string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [CLI, 'store', 'export', '--state', state, ...words]);
}

/** @param to what follows the program in the shell. @returns its exit code as the last line of what it said on standard error. */
async function exportInto(to: string, ...words: string[]): Promise<ProgramResult> {
  const script = `{ "$@" 2>&3; echo "code $?" >&3; } 3>&2 ${to}`;
  const program = [process.execPath, CLI, 'store', 'export', '--state', state, ...words];
  return runProgram('sh', ['-c', script, 'sh', ...program]);
}

const FORMATS = ['ndjson', 'csv'];

test('a reader that closes its pipe early has read enough', async () => {
  for (const format of FORMATS) {
    const { stdout, stderr } = await exportInto('| head -1', '--format', format);
    assert.match(stdout, /^[^\n]+\n$/);
    assert.equal(stderr, 'code 0\n', format);
  }
});

test('a full disk at the standard output of an export is one error', async () => {
  for (const format of FORMATS) {
    const { stderr } = await exportInto('> /dev/full', '--format', format);
    assert.match(stderr, /^tidegate: standard output: the disk is full \(ENOSPC\)\n {2}[^\n]+\ncode 1\n$/);
  }
});

test('an export that does not fit on its disk leaves what was there, and nothing half', { skip }, async () => {
  using disk = smallDisk(1);
  assert.ok(disk);
  const file = join(disk.path, 'out.ndjson');
  const told = new RegExp(`^tidegate: write ${file}: the disk is full \\(ENOSPC\\)\n {2}Free space there[^\n]+\n$`);
  const first = await storeExport('--output', file);
  assert.equal(first.code, 1);
  assert.match(first.stderr, told);
  assert.equal(first.stdout, '');
  assert.deepEqual(readdirSync(disk.path), []);
  writeFileSync(file, 'from before\n');
  const again = await storeExport('--output', file, '--json');
  assert.equal(JSON.parse(again.stdout).error.code, 'exhausted');
  assert.match(again.stderr, told);
  assert.deepEqual(readdirSync(disk.path), ['out.ndjson']);
  assert.equal(readFileSync(file, 'utf8'), 'from before\n');
});

test('an export gets its name when it is whole, and a device is written in place', async () => {
  const file = join(folder.path, 'out.ndjson');
  writeFileSync(file, 'from before\n');
  assert.equal((await storeExport('--output', file)).code, 0);
  assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, POINTS);
  assert.equal(existsSync(`${file}.part`), false);
  assert.match((await storeExport('--output', '/dev/null')).stdout, /20000 points written to \/dev\/null/);
  const full = await storeExport('--output', '/dev/full');
  assert.match(full.stderr, /^tidegate: write \/dev\/full: the disk is full/);
  assert.ok(existsSync('/dev/full'));
  const nowhere = await storeExport('--output', join(folder.path, 'missing', 'out'));
  assert.equal(nowhere.code, 3);
  assert.match(nowhere.stderr, /--output .*missing\/out: ENOENT.*\n {2}Name a file in a folder that exists/);
});
