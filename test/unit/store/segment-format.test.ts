import assert from 'node:assert/strict';
import test from 'node:test';
import { zstd } from '../../../gateway/src/adapters/files/zstd.ts';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { DERIVED_SERIES_BASE, type Lane } from '../../../gateway/src/core/model/series.ts';
import { encodeSegment, SegmentReader } from '../../../gateway/src/core/store/segment-format.ts';
import { bySeries, pointsFrom, randomRows, rowsOf, type SamplePoint, seriesOf } from './sample-points.ts';

function sealed(rows: readonly SamplePoint[], lane: Lane = 'live', sequence = 5) {
  const steps = encodeSegment(lane, sequence, pointsFrom(rows), (id) => seriesOf(id, lane), zstd);
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done) return { octets: step.value.octets.slice(), summary: step.value.summary, steps: count };
  }
}

/** Everything a reader can say of a segment. */
function contentOf(octets: Uint8Array) {
  const reader = new SegmentReader(octets, zstd, 'segment');
  reader.verify();
  const { lane, sequence, firstMs, lastMs } = reader;
  return {
    ...{ lane, sequence, firstMs, lastMs },
    series: reader.entries.map((entry) => entry.series),
    rows: rowsOf(reader.readAll()),
  };
}

function rowsOfSeries(random: ReturnType<typeof seededRandom>, count: number, base: number) {
  return Array.from({ length: count }, (_, i) => randomRows(random, base + i, 1 + random.below(40))).flat();
}

test('random segments come back whole, all at once and series by series', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = seededRandom(seed);
    const lane: Lane = random.below(2) === 0 ? 'live' : 'aggregate';
    const rows = rowsOfSeries(random, 1 + random.below(30), lane === 'live' ? 0 : DERIVED_SERIES_BASE);
    rows.sort(() => random.next() - 0.5);
    const { octets, summary } = sealed(rows, lane, seed);
    const expected = bySeries(rowsOf(pointsFrom(rows)));
    const content = contentOf(octets);
    assert.deepEqual(content.rows, expected, `seed ${seed}`);
    assert.equal(summary.points, rows.length);
    assert.equal(summary.firstMs, Math.min(...rows.map((row) => row.timeMs)));
    assert.equal(summary.lastMs, Math.max(...rows.map((row) => row.timeMs)));
    assert.deepEqual([content.lane, content.sequence, content.firstMs], [lane, seed, summary.firstMs]);
    const reader = new SegmentReader(octets, zstd, 'segment');
    assert.equal(reader.points, rows.length);
    for (const { series } of reader.entries) {
      assert.deepEqual(
        rowsOf(reader.readSeries(series.id)!),
        expected.filter((row) => row.series === series.id),
      );
      assert.deepEqual(series, seriesOf(series.id, lane));
    }
    assert.equal(reader.readSeries(999_999), null);
  }
});

test('a segment of many blocks is made in as many steps', () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => ({
    ...{ series: i % 100, timeMs: i, quality: 0 },
    value: Math.sin(i),
  }));
  const { octets, steps } = sealed(rows);
  assert.ok(steps > 5, `${steps} steps`);
  assert.deepEqual(contentOf(octets).rows, bySeries(rows));
});

test('every single octet changed in every bit is found, or changes nothing', () => {
  const { octets } = sealed(rowsOfSeries(seededRandom(3), 3, 0).slice(0, 40));
  const expected = contentOf(octets);
  for (let at = 0; at < octets.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = octets.slice();
      damaged[at]! ^= 1 << bit;
      expectCorruptOr(expected, damaged, `octet ${at}, bit ${bit}`);
    }
  }
});

test('a segment cut short at any length is corrupt', () => {
  const { octets } = sealed(rowsOfSeries(seededRandom(5), 3, 0).slice(0, 40));
  for (let length = 0; length < octets.length; length++) {
    assert.throws(() => contentOf(octets.subarray(0, length)), { code: 'corrupt' }, `${length} octets`);
  }
});

test('octets put in front, behind or between are corrupt', () => {
  const { octets } = sealed(rowsOfSeries(seededRandom(6), 2, 0));
  for (const at of [0, 4, 32, 50, octets.length - 12, octets.length]) {
    const longer = Uint8Array.from([...octets.subarray(0, at), 0, ...octets.subarray(at)]);
    assert.throws(() => contentOf(longer), { code: 'corrupt' }, `at ${at}`);
  }
});

test('random octets and a file of zeros are corrupt', () => {
  const random = seededRandom(8);
  assert.throws(() => contentOf(new Uint8Array(4096)), { code: 'corrupt' });
  for (let i = 0; i < 500; i++) {
    const octets = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    assert.throws(() => contentOf(octets), { code: 'corrupt' });
  }
});

function expectCorruptOr(expected: unknown, octets: Uint8Array, what: string): void {
  let content: unknown;
  try {
    content = contentOf(octets);
  } catch (error) {
    assert.ok(error instanceof GatewayError && error.code === 'corrupt', `${what}: ${error}`);
    return;
  }
  assert.deepEqual(content, expected, `${what}: other content, and no error`);
}
