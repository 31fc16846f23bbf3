/** Replays of a recording: the same twice, compared octet for octet, with the state moved in between. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { author, authorJson, makeProject, skipWithoutCompiler } from './author.ts';
import { writeRecording } from './recording-file.ts';

interface Tested {
  isGood: boolean;
  recording: {
    rowsIn: number;
    rowsOut: number;
    batches: number;
    ticks: number;
    series: number;
    moves: number;
    fuel: number;
    state: { isSame: boolean; difference: unknown } | null;
  };
}

describe('replay', { skip: await skipWithoutCompiler('c') }, () => {
  const dir = temporaryFolder();
  const recording = writeRecording(join(dir.path, 'recording.ndjson'), 2000);
  const at = (name: string) => join(dir.path, name);
  let folder: string;

  before(async () => {
    folder = await makeProject(dir.path, 'mean', 'c');
  });
  after(() => dir[Symbol.dispose]());

  const replay = (...more: string[]) => author(['test', folder, '--replay', recording, '--set', 'high=21', ...more]);

  test('two replays are the same, octet for octet, whatever the moves of state', async () => {
    assert.equal((await replay('--out', at('a'), '--snapshot-every', '1')).code, 0);
    assert.equal((await replay('--out', at('b'), '--snapshot-every', '3')).code, 0);
    assert.deepEqual(readFileSync(at('a')), readFileSync(at('b')));
    const compared = await replay('--expect', at('a'));
    assert.equal(compared.code, 0);
    assert.match(compared.stdout, /compared with --expect: the same/);
  });

  test('the size of batches does not change what this module says', async () => {
    assert.equal((await replay('--out', at('small'), '--batch', '1')).code, 0);
    assert.equal((await replay('--out', at('large'), '--batch', '1000')).code, 0);
    assert.deepEqual(readFileSync(at('small')), readFileSync(at('large')));
  });

  test('the first line that differs is shown, and the test fails', async () => {
    assert.equal((await replay('--out', at('good'))).code, 0);
    const lines = readFileSync(at('good'), 'utf8').split('\n');
    writeFileSync(
      at('changed'),
      [...lines.slice(0, 4), lines[4]!.replace('"q":0', '"q":1'), ...lines.slice(5)].join('\n'),
    );
    const { code, stdout } = await replay('--expect', at('changed'));
    assert.equal(code, 1);
    assert.ok(
      stdout.includes(`differs at line 5\n  - ${lines[4]!.replace('"q":0', '"q":1')}\n  + ${lines[4]}`),
      stdout,
    );
  });

  test('what was played and what it cost is counted', async () => {
    const { document } = await authorJson(['test', folder, '--replay', recording]);
    const { isGood, recording: sum } = document as Tested;
    assert.equal(isGood, true);
    const { rowsIn, ticks, series, state } = sum;
    assert.deepEqual(
      { rowsIn, ticks, series, state },
      { rowsIn: 2000, ticks: 20, series: 5, state: { isSame: true, difference: null } },
    );
    assert.ok(sum.moves > 0 && sum.fuel > 0);
    assert.equal(sum.rowsOut, 1960, 'every good reading has a mean; no limit, no alarm');
  });

  test('a module that forgets something of its state is found out', async () => {
    const forgetful = await makeProject(dir.path, 'forgetful', 'c');
    const source = join(forgetful, 'forgetful.c');
    const text = readFileSync(source, 'utf8');
    writeFileSync(source, text.replace('series->is_high = is_high;\n\tfor', 'for'));
    assert.notEqual(readFileSync(source, 'utf8'), text, 'the source is as this test knows it');
    assert.equal((await author(['build', forgetful])).code, 0);
    const args = ['test', forgetful, '--replay', recording, '--set', 'high=21', '--snapshot-every', '2'];
    const { code, stdout } = await author(args);
    assert.equal(code, 1);
    assert.match(stdout, /state moved \d+ times: differs at line \d+/);
  });

  test('an export of the store is a recording too', async () => {
    const rows = [0, 1, 2].flatMap((series) =>
      Array.from({ length: 40 }, (_, i) => ({
        series: `d${series}/p`,
        lane: 'live',
        timeMs: 1000 * i,
        value: i === 3 ? null : i,
        quality: 4,
      })),
    );
    const computed = { series: 'd0/p.mean', lane: 'aggregate', timeMs: 1, value: 1, quality: 0 };
    writeFileSync(at('export'), [...rows, computed].map((row) => JSON.stringify(row)).join('\n'));
    const args = ['test', folder, '--replay', at('export'), '--by-time', '--tick-every', '10000'];
    const { document } = await authorJson(args);
    const { rowsIn, rowsOut, ticks, series } = (document as Tested).recording;
    assert.deepEqual({ rowsIn, rowsOut, ticks, series }, { rowsIn: 120, rowsOut: 117, ticks: 3, series: 3 });
  });

  test('a recording is never written over', async () => {
    const before = readFileSync(recording);
    const { code, stderr } = await replay('--out', recording);
    assert.equal(code, 2);
    assert.match(stderr, /another file than what is read expected/);
    assert.deepEqual(readFileSync(recording), before);
  });
});
