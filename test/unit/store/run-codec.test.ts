import assert from 'node:assert/strict';
import test from 'node:test';
import { ByteReader, ByteWriter } from '../../../gateway/src/base/bytes.ts';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { allocatePoints } from '../../../gateway/src/core/model/points.ts';
import { decodeRun, encodeRun } from '../../../gateway/src/core/store/run-codec.ts';
import { pointsFrom, randomRows, rowsOf, type SamplePoint } from './sample-points.ts';

function encoded(rows: readonly SamplePoint[]): Uint8Array {
  const out = new ByteWriter(16);
  const order = Uint32Array.from(rows, (_, i) => i);
  encodeRun(out, pointsFrom(rows), order, 0, rows.length);
  return out.view().slice();
}

function roundTrip(rows: readonly SamplePoint[]): SamplePoint[] {
  const into = allocatePoints(rows.length);
  const input = new ByteReader(encoded(rows), 'run');
  decodeRun(input, rows[0]?.series ?? 0, into);
  assert.equal(input.remaining, 0, 'octets are left over');
  return rowsOf(into);
}

function steady(value: (i: number) => number, time: (i: number) => number = (i) => 1_795_000_000_000 + i * 1000) {
  return Array.from({ length: 10_000 }, (_, i) => ({ series: 3, timeMs: time(i), value: value(i), quality: 0 }));
}

test('random series of every kind come back exactly', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seededRandom(seed);
    const rows = randomRows(random, 3, 1 + random.below(60));
    const expected = rows.map((row) => ({ ...row, timeMs: row.timeMs + 0, value: row.value + 0 }));
    assert.deepEqual(roundTrip(rows), expected, `seed ${seed}`);
  }
});

test('decimals of each number of digits come back exactly at the edge of the exact range', () => {
  for (let digits = 0; digits <= 9; digits++) {
    for (const scaled of [1, 2 ** 51, 2 ** 51 - 1, 2 ** 51 + 1, 2 ** 52, 2 ** 53, 123_456_789_012_345]) {
      for (const sign of [1, -1]) {
        const value = (sign * scaled) / 10 ** digits;
        const rows = [value, 0.1, value, -value].map((v, i) => ({ series: 1, timeMs: i, value: v, quality: 0 }));
        assert.deepEqual(roundTrip(rows), rows, `${value}`);
      }
    }
  }
});

test('largest steps in time from one end of the whole range to the other come back exactly', () => {
  const ends = [2 ** 45, -(2 ** 45), 2 ** 45, -(2 ** 45), 0, 2 ** 45];
  const rows = ends.map((timeMs) => ({ series: 1, timeMs, value: 0, quality: 0 }));
  assert.deepEqual(roundTrip(rows), rows);
});

test('negative zero comes back as zero, beside values that are scaled', () => {
  const into = allocatePoints(2);
  const rows = [-0, 1.5].map((value, i) => ({ series: 1, timeMs: i, value, quality: 0 }));
  decodeRun(new ByteReader(encoded(rows), 'run'), 1, into);
  assert.ok(Object.is(into.value[0], 0));
});

test('every way of cutting a run short is corrupt, never more or other rows', () => {
  const random = seededRandom(7);
  for (let i = 0; i < 20; i++) {
    const octets = encoded(randomRows(random, 1, 12));
    for (let length = 0; length < octets.length; length++) {
      const cut = new ByteReader(octets.subarray(0, length), 'run');
      assert.throws(() => decodeRun(cut, 1, allocatePoints(12)), { name: 'GatewayError', code: 'corrupt' });
    }
  }
});

test('random octets end in rows or in corrupt, never in another error, never beyond the room given', () => {
  const random = seededRandom(11);
  for (let i = 0; i < 20_000; i++) {
    const octets = Uint8Array.from({ length: random.below(40) }, () => random.below(256));
    const into = allocatePoints(8);
    try {
      decodeRun(new ByteReader(octets, 'run'), 1, into);
    } catch (error) {
      assert.ok(error instanceof GatewayError && error.code === 'corrupt', String(error));
    }
    assert.ok(into.length <= 8);
  }
});

test('more rows than there is room for are refused and leave the columns as they were', () => {
  const octets = encoded(randomRows(seededRandom(1), 1, 5));
  const into = allocatePoints(4);
  assert.throws(() => decodeRun(new ByteReader(octets, 'run'), 1, into), /5 rows found, room for 4/);
  assert.equal(into.length, 0);
});

test('octets a point of steady sensors, for the record', (t) => {
  const shapes: Record<string, SamplePoint[]> = {
    'constant, every second': steady(() => 21.5),
    'tenths, slow wave': steady((i) => Math.round(200 + 50 * Math.sin(i / 300)) / 10),
    'tenths, time jitter of 20 ms': steady(
      (i) => Math.round(200 + 50 * Math.sin(i / 300)) / 10,
      (i) => 1_795_000_000_000 + i * 1000 + ((i * 7919) % 41) - 20,
    ),
    'counter by one': steady((i) => i),
    'full doubles': steady((i) => Math.sin(i)),
  };
  for (const [name, rows] of Object.entries(shapes)) {
    t.diagnostic(`${name}: ${(encoded(rows).length / rows.length).toFixed(3)} octets a point before compression`);
  }
});
