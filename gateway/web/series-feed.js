import { getSeries } from './gateway-api.js';
import { startPolling } from './poller.js';

/** @import { SeriesReport } from './api-types.d.ts' */

/** Long lists are asked for less often: a second more for each thousand series. */
const EVERY_MS = 5000;

/**
 * The registry of series as last heard, sorted by device and point.
 * @param {(series: SeriesReport[]) => void} onChange
 * @param {(error: Error) => void} onFailure
 */
export function startSeriesFeed(onChange, onFailure) {
  /** @type {Map<string, SeriesReport>} by identifier and by `device/point` */
  let byName = new Map();
  const order = new Intl.Collator('en', { numeric: true });

  const polling = startPolling({
    ask: () => getSeries(),
    everyMs: (answer) => EVERY_MS + (answer?.length ?? 0),
    onAnswer: (series) => {
      series.sort((a, b) => order.compare(a.device, b.device) || order.compare(a.point, b.point) || a.id - b.id);
      byName = new Map();
      for (const one of series) {
        byName.set(`${one.device}/${one.point}`, one);
        byName.set(String(one.id), one);
      }
      onChange(series);
    },
    onFailure,
  });

  return {
    /** @param {string | number} name an identifier or `device/point` */
    find: (name) => byName.get(String(name)),
    askNow: polling.askNow,
  };
}
