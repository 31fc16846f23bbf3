import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestWord } from '../../../gateway/src/base/nearest-word.ts';

const OPTIONS = ['seconds', 'rows', 'series', 'set', 'state', 'database'];

test('the only word that begins so is meant, however much is missing', () => {
  assert.equal(nearestWord('sec', OPTIONS), 'seconds');
  assert.equal(nearestWord('d', OPTIONS), 'database');
  assert.equal(nearestWord('se', OPTIONS), 'set', 'of several that begin so, the nearest');
});

test('a short word may have one slip, one of up to 7 letters two, a longer one three', () => {
  assert.equal(nearestWord('secs', OPTIONS), undefined);
  assert.equal(nearestWord('rwos', OPTIONS), 'rows', 'two letters that changed places are one slip');
  assert.equal(nearestWord('sereis', OPTIONS), 'series');
  assert.equal(nearestWord('sreeis', OPTIONS), 'series');
  assert.equal(nearestWord('srieexs', OPTIONS), undefined);
  assert.equal(nearestWord('dtabses', OPTIONS), undefined);
  assert.equal(nearestWord('ddtabses', OPTIONS), 'database');
  assert.equal(nearestWord('xdtabsess', OPTIONS), undefined);
});

test('nothing is meant by nothing, and nothing of nothing', () => {
  assert.equal(nearestWord('', OPTIONS), undefined);
  assert.equal(nearestWord('rows', []), undefined);
});
