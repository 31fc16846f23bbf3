/**
 * Recorded weather (the npm package vega-datasets) with anomalies put in at known places, for want of a labelled set that may be
 * passed on. Nine series: a year of hours of temperature, pressure and wind; four years of days of two places' temperatures and wind.
 *
 * Every 60 to 200 readings stands an event: a spike of one reading (three in five), or three to eight readings that are off by a
 * constant (one in four) or to and fro (the rest), by 1.5 to 3.5 times the distance between the quartiles of the series.
 */
import { readFileSync } from 'node:fs';
import { seededRandom } from '../../../gateway/src/base/random.ts';

export interface LabelledSeries {
  readonly values: readonly number[];
  /** First and last reading of each anomaly, in order. */
  readonly events: readonly (readonly [number, number])[];
}

const DATA = new URL('../data/', import.meta.resolve('vega-datasets'));

/** Every recorded series by name, as it was recorded. */
export function recordedSeries(): ReadonlyMap<string, number[]> {
  const series = new Map<string, number[]>();
  const hours = table('seattle-weather-hourly-normals.csv');
  for (const name of ['temperature', 'pressure', 'wind'])
    series.set(
      `hourly ${name}`,
      hours.map((row) => Number(row[name])),
    );
  const days = table('weather.csv');
  for (const place of ['Seattle', 'New York']) {
    const here = days.filter((row) => row.location === place);
    for (const name of ['temp_max', 'temp_min', 'wind'])
      series.set(
        `${place} ${name}`,
        here.map((row) => Number(row[name])),
      );
  }
  return series;
}

/** The series with anomalies; the same for the same seed. */
export function withAnomalies(recorded: readonly number[], seed: number): LabelledSeries {
  const random = seededRandom(seed);
  const values = [...recorded];
  const sorted = recorded.toSorted((a, b) => a - b);
  const quartile = (q: number) => sorted[Math.floor(q * (sorted.length - 1))]!;
  const distance = quartile(0.75) - quartile(0.25);
  const events: [number, number][] = [];
  for (let at = 150 + random.below(80); at < values.length - 20; at += 60 + random.below(140)) {
    const kind = random.next();
    const size = (1.5 + 2 * random.next()) * distance * (random.below(2) === 0 ? 1 : -1);
    const length = kind < 0.6 ? 1 : 3 + random.below(6);
    for (let i = 0; i < length; i++) values[at + i]! += kind >= 0.85 && i % 2 === 1 ? -size : size;
    events.push([at, at + length - 1]);
    at += length;
  }
  return { values, events };
}

function table(file: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(new URL(file, DATA), 'utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])));
}
