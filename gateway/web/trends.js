/**
 * The small lines of the series list. A row that comes into view asks once for the last quarter of an hour, one row at a time;
 * from then on its line grows by the values the list hears anyway.
 */
import { getSeriesPoints } from './gateway-api.js';
import { createSparkline } from './sparkline.js';

/** @import { SeriesReport } from './api-types.d.ts' */

const SHOWN_MS = 15 * 60_000;
const BUCKETS = 48;
const READINGS_MAX = 240;

/** @typedef {{ id: number, asked: boolean, readings: { atMs: number, value: number }[], draw: (nowMs: number) => void }} Trend */

/** @param {() => number} nowMs by the gateway's clock */
export function createTrends(nowMs) {
  /** @type {WeakMap<Element, Trend>} by its drawing */
  const trends = new WeakMap();
  /** @type {Set<Trend>} in view and not yet asked for */
  const wanted = new Set();
  let underWay = false;

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const trend = trends.get(target);
      if (!trend) continue;
      if (isIntersecting && !trend.asked) wanted.add(trend);
      else wanted.delete(trend);
    }
    askNext();
  });

  const askNext = async () => {
    if (underWay) return;
    underWay = true;
    for (const trend of wanted) {
      wanted.delete(trend);
      trend.asked = true;
      try {
        const toMs = nowMs();
        const past = await getSeriesPoints(trend.id, { fromMs: toMs - SHOWN_MS, toMs, max: BUCKETS });
        const readings = past.timeMs.map((atMs, i) => ({ atMs, value: past.mean[i] ?? Number.NaN }));
        const heardMs = trend.readings[0]?.atMs ?? toMs;
        trend.readings.unshift(...readings.filter(({ atMs, value }) => atMs < heardMs && Number.isFinite(value)));
        trend.draw(nowMs());
      } catch {
        // Only the line's beginning is missing; it grows from what is heard from now on.
      }
    }
    underWay = false;
  };

  return {
    /** @param {SeriesReport} series */
    create(series) {
      const spark = createSparkline();
      /** @type {Trend} */
      const trend = {
        id: series.id,
        asked: false,
        readings: [],
        draw: (toMs) => spark.draw(trend.readings, toMs - SHOWN_MS, toMs),
      };
      trends.set(spark.root, trend);
      observer.observe(spark.root);
      return spark.root;
    },
    /** @param {Element} root made by `create` @param {SeriesReport} series as just heard */
    hear(root, { lastMs, lastValue }) {
      const trend = trends.get(root);
      if (!trend) return;
      const fromMs = nowMs() - SHOWN_MS;
      if (lastMs !== null && lastValue !== null && lastMs > (trend.readings.at(-1)?.atMs ?? fromMs)) {
        trend.readings.push({ atMs: lastMs, value: lastValue });
      }
      trend.readings = trend.readings.filter(({ atMs }) => atMs >= fromMs).slice(-READINGS_MAX);
      trend.draw(nowMs());
    },
  };
}
