import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trendOf } from '../../bench/support/trend.ts';

test('a straight line is found, without error', () => {
  const trend = trendOf([0, 1, 2, 5].map((x) => [x, 3 - 2 * x]))!;
  assert.ok(Math.abs(trend.slope + 2) < 1e-12 && trend.error < 1e-12);
});

test('slope and standard error are those of the textbook', () => {
  // Sxx = 10, Sxy = 6, residuals 2.4 over 3 degrees of freedom: 0.6 and sqrt(0.08).
  const trend = trendOf([
    [1, 2],
    [2, 4],
    [3, 5],
    [4, 4],
    [5, 5],
  ])!;
  assert.ok(Math.abs(trend.slope - 0.6) < 1e-12);
  assert.ok(Math.abs(trend.error - Math.sqrt(0.08)) < 1e-12, String(trend.error));
});

test('too few points, or all of one moment, have no trend', () => {
  assert.equal(
    trendOf([
      [0, 1],
      [1, 2],
    ]),
    null,
  );
  assert.equal(
    trendOf([
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
    null,
  );
});
