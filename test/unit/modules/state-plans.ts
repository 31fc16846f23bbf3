/** The modules that keep state, with random configurations and readings that reach every corner of it. */
import type { Random } from '../../../gateway/src/base/random.ts';
import type { Row } from './gw1-module.ts';

export type Config = (number | null)[][];

export interface StatePlan {
  readonly id: string;
  config(random: Random): Config;
  /** Configurations under which state kept by `config` has to be refused, and one under which it is still good. */
  refusedUnder(config: Config): Config[];
  acceptedUnder(config: Config): Config;
}

const change = (config: Config, input: number, field: number, to: (before: number) => number | null): Config =>
  config.map((row, i) => row.map((value, k) => (i === input && k === field ? to(value ?? Number.NaN) : value)));

const some = (random: Random, value: number): number | null => (random.below(3) === 0 ? null : value);

export const STATE_PLANS: readonly StatePlan[] = [
  {
    id: 'window-aggregate',
    config: (random) =>
      twice(() => {
        const slideMs = 1 + random.below(1000);
        const windowMs = slideMs * (1 + random.below(9));
        return [windowMs, slideMs, random.below(2 * windowMs), 0.01 + 0.9 * random.next(), 1 + random.below(3000)];
      }),
    refusedUnder: (config) => [
      change(config, 1, 0, (windowMs) => windowMs * 2),
      change(config, 0, 2, (latenessMs) => latenessMs + 1),
      config.slice(1),
    ],
    acceptedUnder: (config) => change(config, 0, 3, (alpha) => alpha / 2),
  },
  {
    id: 'threshold-alarm',
    config: (random) =>
      twice(() => {
        const low = random.below(20);
        return [low + 5, some(random, low), random.below(4), some(random, 3), some(random, 500), 500];
      }),
    refusedUnder: (config) => [change(config, 1, 5, () => null), change(config, 0, 0, () => null), config.slice(1)],
    acceptedUnder: (config) => change(config, 1, 0, (high) => high + 1),
  },
  {
    id: 'anomaly',
    config: (random) =>
      twice(() => [1 + random.below(5), 8 + random.below(30), 2 + random.below(7), 1 + random.below(9), null]),
    refusedUnder: (config) => [change(config, 1, 1, (window) => window + 1), config.slice(1)],
    acceptedUnder: (config) => change(config, 0, 0, (threshold) => threshold + 1),
  },
  {
    id: 'deadband',
    config: (random) => twice(() => [random.below(3), 1 + random.below(5000)]),
    refusedUnder: () => [],
    acceptedUnder: (config) => change(config, 0, 0, (band) => band + 1),
  },
];

function twice(row: () => (number | null)[]): Config {
  return [row(), row()];
}

/** Batches and ticks: jittered, with gaps, bad readings, clocks set forth and back, values that hold still, drift and jump. */
export function randomSteps(random: Random, count: number, seriesCount: number): (Row[] | number)[] {
  let wallMs = 1_700_000_000_000;
  let eventMs = wallMs;
  return Array.from({ length: count }, () => {
    if (random.below(3) === 0) {
      wallMs += random.below(40) === 0 ? (random.next() - 0.5) * 1e9 : random.below(900);
      return wallMs;
    }
    return Array.from({ length: random.below(250) }, () => {
      eventMs += random.below(600) === 0 ? random.below(40_000) : random.below(30);
      const id = random.below(seriesCount);
      const level = random.below(30) === 0 ? random.next() * 60 : random.below(6);
      return {
        ts: eventMs - (random.below(60) === 0 ? random.below(9000) : random.below(200)),
        v: random.below(300) === 0 ? (random.next() - 0.5) * 1e308 : level + (id % 2) * random.next(),
        id,
        quality: random.below(20) === 0 ? random.below(3) : 0,
        channel: id % 2,
      };
    });
  });
}
