import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreProgress } from '../../../gateway/src/main/service/store-progress.ts';

test('a store that has nothing to do gets on, however long', () => {
  const progress = new StoreProgress();
  for (let ms = 0; ms < 1e6; ms += 5000) assert.equal(progress.look(ms, 0, 0), 0);
});

test('one that only fails is told by the time since it began to, whether it is looked at often or seldom', () => {
  for (const [every, retriesEach] of [
    [250, 0.5],
    [5000, 10],
  ] as const) {
    const progress = new StoreProgress();
    progress.look(0, 7, 0);
    let stuck = 0;
    for (let i = 1; i * every <= 30_000; i++) stuck = progress.look(i * every, 7, Math.floor(i * retriesEach));
    assert.ok(stuck >= 24_000 && stuck < 30_000, String(stuck));
  }
});

test('a commit in between, and a failure that is not repeated, end it', () => {
  const progress = new StoreProgress();
  progress.look(0, 7, 0);
  progress.look(1000, 7, 2);
  assert.equal(progress.look(2000, 7, 4), 1000);
  assert.equal(progress.look(3000, 8, 5), 0);
  progress.look(4000, 8, 6);
  assert.equal(progress.look(20_000, 8, 6), 0);
});
