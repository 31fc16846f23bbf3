import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { parseIsoTime } from '../../../gateway/src/core/ingest/iso-time.ts';

const parse = (text: string) => {
  const octets = new TextEncoder().encode(`"${text}"`);
  return parseIsoTime(octets, 1, octets.length - 1);
};

test('dates and times with and without zone are read', () => {
  const noon = Date.UTC(2025, 5, 15, 12, 0, 0);
  for (const [text, expected] of [
    ['2025-06-15', Date.UTC(2025, 5, 15)],
    ['2025-06-15T12:00', noon],
    ['2025-06-15T12:00Z', noon],
    ['2025-06-15 12:00:00', noon],
    ['2025-06-15t12:00:00z', noon],
    ['2025-06-15T14:00:00+02:00', noon],
    ['2025-06-15T14:00:00+0200', noon],
    ['2025-06-15T14:00:00+02', noon],
    ['2025-06-15T06:30:00-05:30', noon],
    ['2025-06-15T12:00:00.5Z', noon + 500],
    ['2025-06-15T12:00:00,123Z', noon + 123],
    ['2025-06-15T12:00:00.123456Z', noon + 123.456],
    ['2025-06-15T12:00:00.1234567891234Z', noon + 123.456789],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['1969-12-31T23:59:59Z', -1000],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ] as const) {
    assert.equal(parse(text), expected, text);
  }
});

test('what is no moment is NaN', () => {
  for (const text of [
    '',
    '2025',
    '2025-6-15',
    '2025-13-01',
    '2025-00-10',
    '2025-02-29',
    '1900-02-29',
    '2025-04-31',
    '2025-06-15T',
    '2025-06-15T12',
    '2025-06-15T24:00',
    '2025-06-15T12:60',
    '2025-06-15T12:00:61',
    '2025-06-15T12:00:00.',
    '2025-06-15T12:00:00ZZ',
    '2025-06-15T12:00:00+2',
    '2025-06-15T12:00:00+02:0',
    '2025-06-15T12:00:00+02:00 ',
    '2025-06-15T12:00:00+24:00',
    '2025-06-15X12:00',
    '20250615T120000Z',
    'yesterday',
  ]) {
    assert.ok(Number.isNaN(parse(text)), `"${text}" gave ${parse(text)}`);
  }
});

test('random moments are read as the Date object reads them, seed 11', () => {
  const random = seededRandom(11);
  for (let i = 0; i < 5000; i++) {
    const ms = Math.floor((random.next() - 0.4) * 8e13);
    const text = new Date(ms).toISOString();
    if (text.length === 24) assert.equal(parse(text), ms, text);
  }
});
