/** What window-aggregate should say of one series, the slow and plain way: every reading kept, every window worked out from them. */
import type { Row } from './gw1-module.ts';

export interface WindowRule {
  windowMs: number;
  slideMs: number;
  latenessMs: number;
  ewmaAlpha: number;
}

export interface WindowFigures {
  endMs: number;
  count: number;
  min: number;
  max: number;
  mean: number;
  variance: number | undefined;
  ewma: number;
  p50: number;
  p95: number;
  late: number;
}

interface Reading {
  ts: number;
  v: number;
  ewma: number;
}

/** The windows that `rows` (all of one series, in order of arrival) close by their own time. */
export function referenceWindows(rows: readonly Row[], rule: WindowRule): WindowFigures[] {
  const { windowMs, slideMs, latenessMs, ewmaAlpha } = rule;
  const said: WindowFigures[] = [];
  const readings: Reading[] = [];
  let closedMs = Number.NaN;
  let ewma = Number.NaN;
  let late = 0;
  for (const { ts, v } of rows) {
    const watermarkMs = Math.floor((ts - latenessMs) / slideMs) * slideMs;
    if (Number.isNaN(closedMs)) closedMs = watermarkMs;
    const lastEndMs = Math.floor(ts / slideMs) * slideMs + windowMs;
    if (lastEndMs <= closedMs) {
      late++;
      continue;
    }
    for (; closedMs < watermarkMs; closedMs += slideMs) {
      const endMs = closedMs + slideMs;
      const inside = readings.filter((reading) => reading.ts >= endMs - windowMs && reading.ts < endMs);
      if (inside.length === 0) continue;
      said.push({ endMs, ...figuresOf(inside, slideMs), late });
      late = 0;
    }
    ewma = Number.isNaN(ewma) ? v : ewma + ewmaAlpha * (v - ewma);
    readings.push({ ts, v, ewma });
  }
  return said;
}

function figuresOf(inside: readonly Reading[], slideMs: number) {
  const sorted = inside.map((reading) => reading.v).sort((a, b) => a - b);
  const count = sorted.length;
  const mean = sorted.reduce((sum, v) => sum + v, 0) / count;
  const squares = sorted.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const newestSlide = Math.max(...inside.map((reading) => Math.floor(reading.ts / slideMs)));
  return {
    count,
    min: sorted[0]!,
    max: sorted[count - 1]!,
    mean,
    variance: count > 1 ? squares / (count - 1) : undefined,
    ewma: inside.findLast((reading) => Math.floor(reading.ts / slideMs) === newestSlide)!.ewma,
    p50: quantileOf(sorted, 0.5),
    p95: quantileOf(sorted, 0.95),
  };
}

/** Type 7 of Hyndman and Fan. */
export function quantileOf(sorted: readonly number[], q: number): number {
  const rank = (sorted.length - 1) * q;
  const low = sorted[Math.floor(rank)]!;
  const high = sorted[Math.ceil(rank)]!;
  return low + (high - low) * (rank - Math.floor(rank));
}
