import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareFiles } from '../../../gateway/src/main/author/file-compare.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function compare(expected: string, found: string) {
  using dir = temporaryFolder();
  writeFileSync(join(dir.path, 'a'), expected);
  writeFileSync(join(dir.path, 'b'), found);
  return compareFiles(join(dir.path, 'a'), join(dir.path, 'b'));
}

test('the same octets do not differ, also when they are many', () => {
  const many = 'line\n'.repeat(50_000);
  assert.equal(compare(many, many), null);
  assert.equal(compare('', ''), null);
});

test('the first line that differs is found, and an end that comes too early', () => {
  assert.deepEqual(compare('a\nb\n', 'a\nc\n'), { line: 2, expected: 'b', found: 'c' });
  assert.deepEqual(compare('a\nb\n', 'a\n'), { line: 2, expected: 'b', found: null });
  assert.deepEqual(compare('a\n', 'a\nb\n'), { line: 2, expected: null, found: 'b' });
  assert.equal(compare(`${'x\n'.repeat(50_000)}y\n`, `${'x\n'.repeat(50_000)}z\n`)?.line, 50_001);
});

test('a missing end of the last line is a difference', () => {
  assert.notEqual(compare('a\n', 'a'), null);
});
