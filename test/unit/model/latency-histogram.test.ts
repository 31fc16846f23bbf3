import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import {
  allocateLatencies,
  LatencyHistogram,
  RecentLatency,
} from '../../../gateway/src/core/model/latency-histogram.ts';

test('a percentile is never below the true one and at most 9 % above it', () => {
  const histogram = new LatencyHistogram(allocateLatencies(), 'commit');
  const random = seededRandom(7);
  const values = Array.from({ length: 10_000 }, () => 0.1 * 10 ** (random.next() * 5));
  for (const value of values) histogram.record(value);
  values.sort((a, b) => a - b);
  const { p50Ms, p99Ms, batches } = new RecentLatency(histogram, 10).percentiles();
  assert.equal(batches, 10_000);
  for (const [found, exact] of [
    [p50Ms!, values[4999]!],
    [p99Ms!, values[9899]!],
  ] as const) {
    assert.ok(found >= exact && found <= exact * 1.091, `${exact}..${exact * 1.091} expected, ${found} found`);
  }
});

test('only the batches since the oldest kept sample count', () => {
  const histogram = new LatencyHistogram(allocateLatencies(), 'module');
  const recent = new RecentLatency(histogram, 2);
  histogram.record(1000);
  recent.sample();
  recent.sample();
  histogram.record(1);
  assert.deepEqual(recent.percentiles(), { p50Ms: 1, p99Ms: 1, batches: 1 });
  recent.sample();
  recent.sample();
  assert.deepEqual(recent.percentiles(), { p50Ms: null, p99Ms: null, batches: 0 });
});

test('what lies outside the range, or is not a number, falls into the outermost buckets', () => {
  const shared = allocateLatencies();
  const histogram = new LatencyHistogram(shared, 'moduleAge');
  for (const ms of [-5, 0, Number.NaN, 1e-9]) histogram.record(ms);
  histogram.record(1e12);
  assert.equal(histogram.counts[0], 4);
  assert.equal(histogram.counts.at(-1), 1);
  assert.ok(new LatencyHistogram(shared, 'module').counts.every((count) => count === 0));
});
