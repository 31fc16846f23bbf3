import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inOrderOfTime, readRecording, withTicks } from '../../../gateway/src/main/author/recording.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function read(text: string) {
  using dir = temporaryFolder();
  const path = join(dir.path, 'r.ndjson');
  writeFileSync(path, text);
  return [...readRecording(path)];
}

test('rows, ticks and exports of the store are read alike', () => {
  assert.deepEqual(
    read(
      '{"series":"a/b","ts":1,"v":2,"q":1}\n\n{"tick":5}\n{"series":"a/b","lane":"live","timeMs":7,"value":null,"quality":6}',
    ),
    [
      { line: 1, series: 'a/b', ts: 1, v: 2, quality: 1 },
      { line: 3, tick: 5 },
      { line: 4, series: 'a/b', ts: 7, v: Number.NaN, quality: 2 },
    ],
  );
});

test('what modules computed is left out', () => {
  assert.deepEqual(
    read(
      '{"series":"a/b.m","lane":"aggregate","timeMs":7,"value":1,"quality":0}\n{"series":"a/b!m","lane":"alarm","timeMs":7,"value":1,"quality":1}',
    ),
    [],
  );
});

test('a fault is said with its line', () => {
  for (const [line, fault] of [
    ['{', /:2: a JSON object expected/],
    ['{"series":"ab","ts":1,"v":1}', /:2: tick, or series "device\/point" expected/],
    ['{"series":"a/b","v":1}', /:2: ts: a number expected/],
    ['{"series":"a/b","ts":1,"v":"x"}', /:2: v: a number expected/],
    ['{"tick":"now"}', /:2: tick: a number expected/],
    ['null', /:2: tick, or series/],
  ] as const) {
    assert.throws(() => read(`{"tick":1}\n${line}\n`), fault);
  }
});

test('a line longer than 1 MiB is refused, and one over a piece of the file is read whole', () => {
  const long = `{"series":"a/${'x'.repeat(200_000)}","ts":1,"v":1}`;
  assert.equal((read(`${long}\n${long}`)[1] as { series: string }).series.length, 200_002);
  assert.throws(() => read('x'.repeat(2 << 20)), /lines of at most/);
});

test('in order of time, rows of one time keep their order', () => {
  const items = read(
    '{"series":"a/1","ts":2,"v":0}\n{"series":"b/1","ts":1,"v":0}\n{"series":"c/1","ts":2,"v":0}\n{"tick":1}',
  );
  assert.deepEqual(
    inOrderOfTime(items).map(({ line }) => line),
    [2, 4, 1, 3],
  );
});

test('ticks come where the time of the readings passes them, one for a gap', () => {
  const items = [900, 1900, 2000, 2100, 9500].map((ts, i) => ({ line: i, series: 'a/b', ts, v: 0, quality: 0 }));
  const times = [...withTicks(items, 1000)].map((item) => ('tick' in item ? `tick ${item.tick}` : item.ts));
  assert.deepEqual(times, [900, 'tick 1000', 1900, 'tick 2000', 2000, 2100, 'tick 9000', 9500]);
});
