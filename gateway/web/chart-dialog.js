import { chartColumns, createChart, loadChartLibrary } from './chart.js';
import { byId, element, setText } from './dom.js';
import { ago, counted, measured, moment, plainText } from './format.js';
import { getSeriesPoints } from './gateway-api.js';

/** @import { SeriesPoints } from './api-types.d.ts' */

const RANGES = [
  { name: '5 min', spanMs: 5 * 60_000, everyMs: 2000 },
  { name: '1 h', spanMs: 3_600_000, everyMs: 10_000 },
  { name: '24 h', spanMs: 24 * 3_600_000, everyMs: 60_000 },
  { name: '7 d', spanMs: 7 * 24 * 3_600_000, everyMs: 300_000 },
];

const FAILED_AGAIN_MS = 5000;
/** A bucket for each so many pixels: more would only blur. */
const BUCKET_PIXELS = 2;

/** `#series=ID`: such an address opens the chart, and closing the chart takes it away. */
const ADDRESS = /^#series=(\d{1,10})$/;

/**
 * The large chart of one series, with a choice of how far it looks back.
 * @param {() => number} nowMs by the gateway's clock
 */
export function createChartDialog(nowMs) {
  const dialog = /** @type {HTMLDialogElement} */ (byId('chart'));
  /** @type {ReturnType<typeof createChart> | undefined} */
  let chart;
  let range = /** @type {(typeof RANGES)[number]} */ (RANGES[1]);
  let timer = 0;
  let giveUp = new AbortController();

  /** Asks for the present series and range, and again while the dialog is open. */
  const load = async () => {
    clearTimeout(timer);
    giveUp.abort();
    giveUp = new AbortController();
    const { signal } = giveUp;
    const id = ADDRESS.exec(location.hash)?.[1];
    if (!dialog.open || id === undefined) return;
    let againMs = range.everyMs;
    try {
      const toMs = nowMs();
      const fromMs = toMs - range.spanMs;
      const max = Math.max(100, Math.min(600, Math.floor(byId('chart-plot').clientWidth / BUCKET_PIXELS)));
      const points = await getSeriesPoints(Number(id), { fromMs, toMs, max }, signal);
      if (signal.aborted) return;
      describe(points, toMs);
      const library = await loadChartLibrary();
      if (signal.aborted) return;
      chart ??= createChart(library, byId('chart-plot'));
      chart.show(chartColumns(points), plainText(points.series.unit, 20), fromMs / 1000, toMs / 1000);
    } catch (error) {
      if (signal.aborted) return;
      againMs = FAILED_AGAIN_MS;
      setText(
        byId('chart-note'),
        `Cannot be shown now: ${error instanceof Error ? error.message : error}. Trying again.`,
      );
    }
    timer = window.setTimeout(load, againMs);
  };

  const release = () => {
    chart?.release();
    chart = undefined;
  };

  const follow = () => {
    if (!ADDRESS.test(location.hash)) return dialog.close();
    for (const id of ['chart-last', 'chart-about', 'chart-words']) setText(byId(id), '');
    setText(byId('chart-title'), 'Series');
    setText(byId('chart-note'), 'Asking for the readings…');
    release();
    if (!dialog.open) dialog.showModal();
    load();
  };

  for (const choice of RANGES) {
    const input = element('input', { type: 'radio', name: 'range' });
    input.checked = choice === range;
    input.addEventListener('change', () => {
      range = choice;
      load();
    });
    byId('chart-ranges').append(element('label', {}, input, element('span', {}, choice.name)));
  }
  byId('chart-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    clearTimeout(timer);
    giveUp.abort();
    release();
    if (ADDRESS.test(location.hash)) history.replaceState(null, '', location.pathname + location.search);
  });
  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : load()));
  window.addEventListener('hashchange', follow);
  if (ADDRESS.test(location.hash)) follow();
}

/** The same in words, for those who cannot see the chart. @param {SeriesPoints} points @param {number} toMs */
function describe({ series, timeMs, min, max, mean }, toMs) {
  const figure = (/** @type {number | null | undefined} */ n) => measured(n, series.unit);
  setText(byId('chart-title'), `${plainText(series.device, 120)} / ${plainText(series.point, 120)}`);
  setText(byId('chart-last'), figure(series.lastValue));
  setText(
    byId('chart-about'),
    `${ago(series.lastMs, toMs, 'No reading')}, ${counted(series.count, 'point')} since the start`,
  );
  const present = (/** @type {(number | null)[]} */ column) => column.filter((n) => n !== null);
  const means = present(mean);
  const isEmpty = means.length === 0;
  setText(byId('chart-note'), isEmpty ? 'No readings in this time. Choose a longer one.' : '');
  if (isEmpty) return setText(byId('chart-words'), '');
  const middle = means.reduce((sum, n) => sum + n, 0) / means.length;
  const low = present(min).reduce((a, b) => Math.min(a, b), Infinity);
  const high = present(max).reduce((a, b) => Math.max(a, b), -Infinity);
  setText(
    byId('chart-words'),
    `From ${moment(timeMs[0], toMs)} to ${moment(timeMs.at(-1), toMs)}: lowest ${figure(low)}, about ${figure(middle)} on average, highest ${figure(high)}.`,
  );
}
