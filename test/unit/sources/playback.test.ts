import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { epochMs } from '../../../gateway/src/base/units.ts';
import { Playback } from '../../../gateway/src/core/sources/playback.ts';
import { parseRecording } from '../../../gateway/src/core/sources/recording.ts';

const SMALL = parseRecording('date,pressure,wind\nd1,1000.5,1\nd2,1001,2.0\nd3,1002,3\n', 'small.csv');
const NOW = 1_795_000_000_000;

interface Reading {
  value: number;
  time: number;
}

function readings(payload: string): Reading[] {
  const parsed = JSON.parse(payload) as Reading | Reading[];
  return Array.isArray(parsed) ? parsed : [parsed];
}

test('the recorded year is read whole', () => {
  const url = new URL('../data/seattle-weather-hourly-normals.csv', import.meta.resolve('vega-datasets'));
  const year = parseRecording(readFileSync(url, 'utf8'), 'seattle');
  assert.deepEqual([...year.columns.keys()], ['pressure', 'temperature', 'wind']);
  assert.ok(year.rows > 8700 && year.rows <= 8760, `${year.rows} rows`);
});

test('a cell that is not a number is refused with its line and column', () => {
  for (const cell of ['', 'NaN', '1e', '0x1', ' 1', '"}']) {
    assert.throws(() => parseRecording(`date,wind\nd,1\nd,${cell},\n`, 'f.csv'), /f\.csv, line 3: .*wind/);
  }
  assert.throws(() => parseRecording('date,wind\n', 'f.csv'), /none found/);
  assert.throws(() => parseRecording('', 'f.csv'), /none found/);
});

test('below 2,000 points a second each message is one flat reading, stamped with now', () => {
  const playback = new Playback(SMALL, 1999);
  const message = playback.next(epochMs(NOW));
  assert.deepEqual(message, {
    topic: 'sensors/seattle-1/pressure',
    payload: `{"value":1000.5,"time":${NOW}}`,
    points: 1,
    device: 1,
  });
});

test('stations begin at different rows and the recording begins again at its end', () => {
  const playback = new Playback(SMALL, 10);
  const values = new Map<string, number[]>();
  for (let i = 0; i < playback.stations * 2 * 4; i++) {
    const { topic, payload } = playback.next(epochMs(NOW + i));
    values.set(topic, [...(values.get(topic) ?? []), readings(payload)[0]!.value]);
  }
  assert.equal(values.size, 8);
  assert.deepEqual(values.get('sensors/seattle-1/wind'), [1, 2, 3, 1]);
  assert.deepEqual(values.get('sensors/seattle-3/wind'), [2, 3, 1, 2]);
});

test('at high rates an array spreads its times evenly over the time since the series had its last', () => {
  const playback = new Playback(SMALL, 4000);
  const series = playback.stations * 2;
  const spanMs = (series * 100 * 1000) / 4000;
  let last: Reading[] = [];
  for (let i = 0; i <= series; i++) last = readings(playback.next(epochMs(NOW + (i * spanMs) / series)).payload);
  assert.equal(last.length, 100);
  assert.equal(last.at(-1)!.time, NOW + spanMs);
  const gaps = last.slice(1).map((reading, i) => reading.time - last[i]!.time);
  assert.ok(Math.max(...gaps) - Math.min(...gaps) <= 1, `gaps ${Math.min(...gaps)}..${Math.max(...gaps)} ms`);
});

for (const rate of [200, 1999, 2000, 50_000]) {
  test(`at ${rate} points a second the times of a series always increase, also when the clock stalls or goes back`, () => {
    const random = seededRandom(rate);
    const playback = new Playback(SMALL, rate);
    const latest = new Map<string, number>();
    let now = NOW;
    for (let i = 0; i < playback.stations * 2 * 20; i++) {
      now += random.below(50) === 0 ? -random.below(5000) : random.below(3);
      const { topic, payload, points } = playback.next(epochMs(now));
      const batch = readings(payload);
      assert.equal(batch.length, points);
      for (const { time } of batch) {
        assert.ok(Number.isSafeInteger(time) && time > (latest.get(topic) ?? 0), `${topic}: ${time}`);
        latest.set(topic, time);
      }
    }
  });
}

test('no series is asked for more than one reading every 2 ms', () => {
  for (const rate of [1, 200, 2000, 50_000, 1_000_000]) {
    const { stations } = new Playback(SMALL, rate);
    assert.ok(rate / (stations * 2) <= 500, `${rate}/s over ${stations} stations`);
  }
});
