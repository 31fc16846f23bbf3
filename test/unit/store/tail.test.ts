import assert from 'node:assert/strict';
import test from 'node:test';
import { endPoints } from '../../../gateway/src/core/model/points.ts';
import { Tail } from '../../../gateway/src/core/store/tail.ts';
import { pointsFrom, rowsOf } from './sample-points.ts';

const rows = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => ({ series: 1, timeMs: first + i, value: 0.5, quality: 3 }));

test('points are kept in order through growth', () => {
  const tail = new Tail(5000);
  for (let first = 0; first < 5000; first += 125) tail.append(pointsFrom(rows(125, first)), first);
  assert.deepEqual(rowsOf(tail.points), rows(5000));
  assert.equal(tail.hasRoomFor(0), true);
  assert.equal(tail.hasRoomFor(1), false);
});

test('more points than fit are refused, and those there stay', () => {
  const tail = new Tail(10);
  tail.append(pointsFrom(rows(8)), 0);
  assert.throws(() => tail.append(pointsFrom(rows(3)), 0), {
    code: 'exhausted',
    message: /3 more do not fit beside 8/,
  });
  assert.deepEqual(rowsOf(tail.points), rows(8));
});

test('what is frozen is not touched by what comes after, and ends with its memory', () => {
  const tail = new Tail(100);
  tail.append(pointsFrom(rows(3)), 0);
  const first = tail.freeze();
  tail.append(pointsFrom(rows(2, 50)), 0);
  assert.deepEqual(rowsOf(first), rows(3));
  endPoints(first);
  assert.equal(first.timeMs.buffer.byteLength + first.quality.buffer.byteLength, 0);
  const second = tail.freeze();
  assert.deepEqual(rowsOf(second), rows(2, 50));
  tail.append(pointsFrom(rows(4, 70)), 0);
  assert.deepEqual(rowsOf(tail.points), rows(4, 70));
  assert.deepEqual(rowsOf(second), rows(2, 50));
});

test('the age is that of the oldest point, and begins anew after a freeze', () => {
  const tail = new Tail(100);
  tail.append(pointsFrom(rows(1)), 10);
  tail.append(pointsFrom(rows(1)), 20);
  assert.equal(tail.sinceMs, 10);
  tail.freeze();
  tail.append(pointsFrom([]), 25);
  tail.append(pointsFrom(rows(1)), 30);
  assert.equal(tail.sinceMs, 30);
});
