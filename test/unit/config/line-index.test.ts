import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineIndex } from '../../../gateway/src/config/line-index.ts';
import { pathAndAncestors } from '../../../gateway/src/config/names.ts';

const TEXT = `[web]
port = 1

[[module]]
name = "a"
  [[module.input]]
  series = """
port = 2
"""
[[module.input]]
config = { windowMs = 1 }
[[module]]
mqtt.listener.port = 3
[[module.input]]
series = "x"
`;

test('a setting has the line of its key, a row the line of its header, and what is unseen that of what is around it', () => {
  const index = new LineIndex(TEXT);
  const expected: [string, number | undefined][] = [
    ['web.port', 2],
    ['web.unseen', 1],
    ['module', 4],
    ['module[0].input[0].series', 7],
    ['module[0].input[1].config', 11],
    ['module[0].input[1].config.windowMs', 11],
    ['module[1].mqtt.listener.port', 13],
    ['module[1].input[0].series', 15],
    ['port', undefined],
  ];
  for (const [path, line] of expected) assert.equal(index.lineOf(path), line, path);
});

test('a path goes up through its rows and tables to nothing', () => {
  assert.deepEqual(
    [...pathAndAncestors('module[1].input[0].series')],
    ['module[1].input[0].series', 'module[1].input[0]', 'module[1].input', 'module[1]', 'module'],
  );
});
