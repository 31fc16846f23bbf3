import type { Random } from '../../../gateway/src/base/random.ts';
import { allocatePoints, type PointColumns } from '../../../gateway/src/core/model/points.ts';
import type { Lane, Series } from '../../../gateway/src/core/model/series.ts';

export interface SamplePoint {
  readonly series: number;
  readonly timeMs: number;
  readonly value: number;
  readonly quality: number;
}

export function pointsFrom(rows: readonly SamplePoint[]): PointColumns {
  const points = allocatePoints(rows.length);
  for (const [i, row] of rows.entries()) {
    points.series[i] = row.series;
    points.timeMs[i] = row.timeMs;
    points.value[i] = row.value;
    points.quality[i] = row.quality;
  }
  points.length = rows.length;
  return points;
}

/** The rows, negative zero as zero: what the codec promises to give back. */
export function rowsOf(points: PointColumns): SamplePoint[] {
  return Array.from({ length: points.length }, (_, i) => ({
    series: points.series[i]!,
    timeMs: points.timeMs[i]! + 0,
    value: points.value[i]! + 0,
    quality: points.quality[i]!,
  }));
}

export function bySeries(rows: readonly SamplePoint[]): SamplePoint[] {
  return rows.toSorted((a, b) => a.series - b.series);
}

export function seriesOf(id: number, lane: Lane = 'live'): Series {
  return { id, device: `hall/dev-${id}`, point: 'temperature', unit: '°C', type: 'gauge', lane };
}

const NOW = 1_795_000_000_000;

/** Ways in which values come, each a generator of one series' next value. */
const VALUES: readonly ((random: Random) => number)[] = [
  (random) => 20 + random.below(100) / 10,
  (random) => random.below(1_000_000_000) / 1e9,
  (random) => (random.next() - 0.5) * 10 ** (random.below(600) - 300),
  (random) => random.below(2) * 2 ** 51 + random.below(3) - 1,
  (random) => [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, -1e300][random.below(8)]!,
  (random) => (random.below(2) === 0 ? -0 : 0.1 * random.below(5)),
  () => 42,
  (random) => (random.below(2 ** 30) * 2 ** 21 + random.below(2 ** 21)) / 10 ** random.below(10),
  (random) => random.next(),
];

/** Ways in which times come. */
const TIMES: readonly ((random: Random, i: number) => number)[] = [
  (_random, i) => NOW + i * 1000,
  (random, i) => NOW + i * 1000 + random.below(50) - 25,
  (random) => NOW + random.below(1e9) - 5e8,
  (_random, i) => NOW + i * 0.25,
  (random) => (random.next() - 0.5) * 2 ** 46,
  (random) => (random.below(2) === 0 ? 1 : -1) * (2 ** 45 + random.below(3) - 1),
  () => -0,
];

/** Rows of one series, of some random kind. */
export function randomRows(random: Random, series: number, rows: number): SamplePoint[] {
  const value = VALUES[random.below(VALUES.length)]!;
  const rare = VALUES[random.below(VALUES.length)]!;
  const time = TIMES[random.below(TIMES.length)]!;
  const mixed = random.below(4) === 0;
  return Array.from({ length: rows }, (_, i) => ({
    series,
    timeMs: time(random, i),
    value: mixed && random.below(10) === 0 ? rare(random) : value(random),
    quality: random.below(8) === 0 ? random.below(256) : 0,
  }));
}
