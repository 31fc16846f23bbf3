import assert from 'node:assert/strict';
import test from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { DERIVED_SERIES_BASE, LANES } from '../../../gateway/src/core/model/series.ts';
import type { Contribution } from '../../../gateway/src/core/store/contribution.ts';
import { decodeJournalRecord, JournalRecordEncoder } from '../../../gateway/src/core/store/journal-record.ts';
import { bySeries, pointsFrom, randomRows, rowsOf, seriesOf } from './sample-points.ts';

function randomContribution(random: Random): Contribution {
  const lane = LANES[random.below(3)]!;
  const base = lane === 'live' ? 0 : DERIVED_SERIES_BASE;
  const rows = Array.from({ length: random.below(5) }, (_, i) => randomRows(random, base + i * 3, 1 + random.below(9)));
  const quarantine = Array.from({ length: random.below(3) }, (_, i) => ({
    atMs: 1_795_000_000_000.5 + i,
    topic: 'ä/😀/x'.repeat(random.below(4)),
    reason: 'not_json',
    sample: Uint8Array.from({ length: random.below(64) }, () => random.below(256)),
  }));
  return {
    lane,
    points: pointsFrom(rows.flat()),
    received: rows.flat().length + quarantine.length + random.below(2 ** 40),
    shed: { series_limit: random.below(100), module_output: random.below(2 ** 33) },
    newSeries: rows.map((_, i) => seriesOf(base + i * 3, lane)),
    quarantinedCount: quarantine.length + random.below(5),
    quarantine,
  };
}

/** A contribution as plain values, its points series after series: the order in which they come back. */
function plain({ points, ...rest }: Contribution) {
  return { ...rest, rows: bySeries(rowsOf(points)) };
}

test('random records come back whole', () => {
  const encoder = new JournalRecordEncoder();
  for (let seed = 1; seed <= 500; seed++) {
    const random = seededRandom(seed);
    const contributions = Array.from({ length: random.below(5) }, () => randomContribution(random));
    const number = random.below(2 ** 31) * 2 ** 20;
    const back = decodeJournalRecord(encoder.encode({ number, contributions }));
    assert.equal(back.number, number);
    assert.deepEqual(back.contributions.map(plain), contributions.map(plain), `seed ${seed}`);
  }
});

test('a sample and a topic do not alias the octets that were decoded', () => {
  const octets = new JournalRecordEncoder().encode({ number: 1, contributions: [sampleOf([1, 2, 3])] });
  const back = decodeJournalRecord(octets);
  octets.fill(0);
  assert.deepEqual([...back.contributions[0]!.quarantine[0]!.sample], [1, 2, 3]);
});

test('a record of another version is refused by its number', () => {
  const octets = new JournalRecordEncoder().encode({ number: 1, contributions: [] }).slice();
  octets[0] = 9;
  assert.throws(() => decodeJournalRecord(octets), { code: 'corrupt', message: /version 1 expected, 9 found/ });
});

test('a record cut short anywhere is corrupt', () => {
  const contributions = [randomContribution(seededRandom(4)), sampleOf([9])];
  const octets = new JournalRecordEncoder().encode({ number: 77, contributions }).slice();
  for (let length = 0; length < octets.length; length++) {
    assert.throws(
      () => decodeJournalRecord(octets.subarray(0, length)),
      (error) => error instanceof GatewayError && error.code === 'corrupt',
      `${length} of ${octets.length} octets`,
    );
  }
});

function sampleOf(octets: number[]): Contribution {
  const message = { atMs: 1, topic: 't', reason: 'r', sample: Uint8Array.from(octets) };
  return {
    lane: 'live',
    points: pointsFrom([]),
    received: 1,
    shed: {},
    newSeries: [],
    quarantinedCount: 1,
    quarantine: [message],
  };
}
