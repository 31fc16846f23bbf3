import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentTotal } from '../../../gateway/src/main/recent-total.ts';

const MINUTE = 60_000;

test('what came within the span is counted, what came before is not, whatever the rate of looks', () => {
  const recent = new RecentTotal(10 * MINUTE);
  recent.add(1000, 0);
  assert.equal(recent.add(2000, 17), 17, 'also before a mark is due');
  for (let ms = 3000; ms <= 9 * MINUTE; ms += 1000) assert.equal(recent.add(ms, 17), 17);
  for (let ms = 9 * MINUTE; ms <= 12 * MINUTE; ms += 1000) recent.add(ms, 20);
  assert.equal(recent.add(12 * MINUTE, 20), 3);
  for (let ms = 12 * MINUTE; ms <= 25 * MINUTE; ms += 1000) recent.add(ms, 20);
  assert.equal(recent.add(25 * MINUTE, 20), 0);
  assert.equal(recent.add(25 * MINUTE, 21), 1);
});
