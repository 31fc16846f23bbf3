import { byId, inner, setAttribute, setText } from './dom.js';
import { ago, count, counted, measured, plainText } from './format.js';
import { createTable } from './table.js';
import { createTrends } from './trends.js';

/** @import { SeriesReport } from './api-types.d.ts' */

/** Rows in the document at once: a phone stays quick, whatever the gateway holds. */
const ROWS_MAX = 40;

/** Every series has had a point once; perhaps long ago. */
const NOT_HEARD = 'not since the start';

/**
 * All series under their devices, a page at a time, narrowed by where they come from and by a filter of words that must all occur.
 * @param {() => number} nowMs by the gateway's clock
 */
export function createSeriesList(nowMs) {
  const filter = /** @type {HTMLInputElement} */ (byId('series-filter'));
  const lane = /** @type {HTMLSelectElement} */ (byId('series-lane'));
  const trends = createTrends(nowMs);
  /** @type {SeriesReport[] | undefined} nothing is said about the list before the first answer */
  let all;
  let from = 0;

  const table = createTable({
    label: 'Series',
    style: 'series',
    key: (/** @type {SeriesReport} */ series) => String(series.id),
    group: (series) => plainText(series.device, 120),
    columns: [
      {
        name: 'point',
        label: 'Point',
        fill: (cell, series) => {
          const link = inner(cell, 'a');
          setAttribute(link, 'href', `#series=${series.id}`);
          setText(link, plainText(series.point, 120));
        },
      },
      {
        name: 'last',
        label: 'Last value',
        numeric: true,
        text: (series) => measured(series.lastValue, series.unit),
      },
      {
        name: 'trend',
        label: 'Last 15 minutes',
        fill: (cell, series) => {
          if (!cell.firstElementChild) cell.append(trends.create(series));
          trends.hear(inner(cell), series);
        },
      },
      { name: 'age', label: 'Age', numeric: true, text: (series) => ago(series.lastMs, nowMs(), NOT_HEARD) },
      { name: 'count', label: 'Since the start', numeric: true, text: (series) => count(series.count) },
    ],
  });
  byId('series-list').append(table.root);

  const draw = () => {
    if (!all) return;
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const ofLane = lane.value === '' ? all : all.filter((series) => series.lane === lane.value);
    const matching = words.length === 0 ? ofLane : ofLane.filter((series) => matches(series, words));
    from = Math.min(from, Math.max(0, Math.ceil(matching.length / ROWS_MAX) - 1) * ROWS_MAX);
    const shown = matching.slice(from, from + ROWS_MAX);
    const devices = new Set(matching.map((series) => series.device)).size;
    table.update(shown);
    table.root.hidden = shown.length === 0;
    const total = `${counted(matching.length, 'series', 'series')} of ${counted(devices, 'device')}`;
    setText(byId('series-count'), shown.length === 0 ? '' : words.length > 0 ? `${total} match` : total);
    const empty = byId('series-empty');
    empty.hidden = shown.length > 0;
    setText(
      empty,
      all.length > 0
        ? 'No series matches this choice.'
        : 'No reading has arrived yet. Sensors publish to the address under Gateway.',
    );
    byId('series-pages').hidden = matching.length <= ROWS_MAX;
    setText(byId('series-page'), `${count(from + 1)} to ${count(from + shown.length)} of ${count(matching.length)}`);
    setAttribute(byId('series-previous'), 'aria-disabled', String(from === 0));
    setAttribute(byId('series-next'), 'aria-disabled', String(from + ROWS_MAX >= matching.length));
  };

  /** @param {number} rows */
  const turn = (rows) => {
    if (from + rows < 0) return;
    from += rows;
    draw();
    byId('series').scrollIntoView();
  };
  byId('series-previous').addEventListener('click', () => turn(-ROWS_MAX));
  byId('series-next').addEventListener('click', () => turn(ROWS_MAX));
  for (const choice of [filter, lane]) {
    choice.addEventListener('input', () => {
      from = 0;
      draw();
    });
  }

  return {
    /** @param {SeriesReport[]} series sorted by device */
    update(series) {
      all = series;
      draw();
    },
    /** @param {Error} error why the list is as old as it is */
    showFailure(error) {
      setText(byId('series-count'), `This list could not be brought up to date: ${error.message}.`);
    },
  };
}

/** @param {SeriesReport} series @param {string[]} words in lower case */
function matches(series, words) {
  const text = `${series.device}/${series.point} ${series.unit}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
