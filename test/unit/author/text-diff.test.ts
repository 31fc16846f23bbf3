import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from '../../../gateway/src/main/author/text-diff.ts';

test('equal lists differ in nothing', () => {
  assert.deepEqual(differences(['a', 'b'], ['a', 'b']), []);
  assert.deepEqual(differences([], []), []);
});

test('one line too many or too few shows as one line', () => {
  assert.deepEqual(differences(['a', 'b', 'c'], ['a', 'x', 'b', 'c']), ['    a', '  + x', '    b', '    c']);
  assert.deepEqual(differences(['a', 'b', 'c'], ['a', 'c']), ['    a', '  - b', '    c']);
  assert.deepEqual(differences(['a', 'a'], ['a']), ['    a', '  - a']);
});

test('a changed line shows as expected and found', () => {
  assert.deepEqual(differences(['a', 'b', 'c'], ['a', 'x', 'c']), ['    a', '  - b', '  + x', '    c']);
});

test('a long difference is cut, and says so', () => {
  const lines = differences(
    Array.from({ length: 100 }, (_, i) => `e${i}`),
    [],
  );
  assert.equal(lines.length, 41);
  assert.match(lines.at(-1)!, /60 more lines/);
});
