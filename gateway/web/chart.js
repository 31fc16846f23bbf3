/** One series over time, drawn by uPlot: the band from lowest to highest in each bucket, and the mean as a line over it. */
import { measured, moment, value } from './format.js';

/** @import { SeriesPoints } from './api-types.d.ts' */

/** @import UPlotClass, { Options, Series } from 'uplot' */

/** Served by the gateway beside the page, from its own package. */
const CHART_LIBRARY = '/vendor/uPlot.js';

/** A silence this many times the usual distance between buckets is shown as a gap, not bridged by a line. */
const GAP_FACTOR = 4;

const DAY_S = 86_400;

/** @typedef {{ timeS: number[], mean: (number | null)[], max: (number | null)[], min: (number | null)[] }} Columns */

/** @param {SeriesPoints} points @returns {Columns} times in seconds, gaps as nulls */
export function chartColumns({ timeMs, mean, max, min }) {
  const steps = timeMs.slice(1).map((atMs, i) => atMs - /** @type {number} */ (timeMs[i]));
  const usual = steps.toSorted((a, b) => a - b)[steps.length >> 1] ?? 0;
  /** @type {Columns} */
  const columns = { timeS: [], mean: [], max: [], min: [] };
  timeMs.forEach((atMs, i) => {
    const step = steps[i - 1] ?? 0;
    if (usual > 0 && step > usual * GAP_FACTOR) push(columns, atMs - step / 2, null, null, null);
    push(columns, atMs, mean[i] ?? null, max[i] ?? null, min[i] ?? null);
  });
  return columns;
}

/** @param {Columns} to @param {number} atMs @param {number | null} mean @param {number | null} max @param {number | null} min */
function push(to, atMs, mean, max, min) {
  to.timeS.push(atMs / 1000);
  to.mean.push(mean);
  to.max.push(max);
  to.min.push(min);
}

/** @returns {Promise<typeof UPlotClass>} @throws TypeError when the gateway does not hand it out */
export const loadChartLibrary = async () => (await import(CHART_LIBRARY)).default;

/** @param {typeof UPlotClass} UPlot @param {HTMLElement} parent decides the width */
export function createChart(UPlot, parent) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  /** @type {InstanceType<typeof UPlot> | undefined} */
  let plot;
  /** @type {[Columns, string, number, number] | undefined} */
  let shown;
  let shownUnit = '';

  const size = () => ({
    width: Math.max(200, parent.clientWidth),
    height: Math.min(380, Math.max(200, innerHeight * 0.42)),
  });

  const draw = () => {
    if (!shown) return;
    const [columns, unit, fromS, toS] = shown;
    if (!plot || shownUnit !== unit) {
      plot?.destroy();
      shownUnit = unit;
      plot = new UPlot({ ...size(), ...options(unit) }, [[], [], [], []], parent);
    }
    plot.setData([columns.timeS, columns.max, columns.min, columns.mean], false);
    plot.setScale('x', { min: fromS, max: toS });
  };
  const redraw = () => {
    plot?.destroy();
    plot = undefined;
    draw();
  };
  const resized = new ResizeObserver(() => plot?.setSize(size()));
  resized.observe(parent);
  dark.addEventListener('change', redraw);

  return {
    /** @param {Columns} columns @param {string} unit @param {number} fromS @param {number} toS */
    show(columns, unit, fromS, toS) {
      shown = [columns, unit, fromS, toS];
      draw();
    },
    release() {
      resized.disconnect();
      dark.removeEventListener('change', redraw);
      plot?.destroy();
    },
  };
}

/**
 * Colours come from the style sheet, so that the chart follows light and dark.
 * @param {string} unit
 * @returns {Omit<Options, 'width' | 'height'>}
 */
function options(unit) {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--quiet'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { show: false },
  };
  /** @returns {Series} */
  const line = (/** @type {string} */ label, /** @type {string} */ stroke, /** @type {number} */ width) => ({
    label,
    stroke: colour(stroke),
    width,
    points: { size: 5 },
    value: (_plot, n) => (n === null ? '–' : measured(n, unit)),
  });
  return {
    cursor: { drag: { x: false, y: false } },
    series: [
      { label: 'Time', value: (_plot, atS) => (atS === null ? '–' : moment(atS * 1000, Date.now())) },
      line('Highest', '--band-edge', 1),
      line('Lowest', '--band-edge', 1),
      line('Mean', '--accent', 2),
    ],
    bands: [{ series: [1, 2], fill: colour('--band') }],
    axes: [
      { ...axis, space: 72, values: (_plot, splits, _axis, _space, stepS) => splits.map((atS) => time(atS, stepS)) },
      {
        ...axis,
        values: (_plot, splits) => splits.map((n) => value(n)),
        size: (_plot, labels) => Math.max(40, 7.5 * Math.max(0, ...(labels ?? []).map((label) => label.length)) + 16),
      },
    ],
  };
}

/** Only as exact as the distance between two marks asks for. @param {number} atS @param {number} stepS */
function time(atS, stepS) {
  const at = new Date(atS * 1000);
  const startsDay = at.getHours() === 0 && at.getMinutes() === 0;
  if (stepS >= DAY_S || (stepS >= 60 && startsDay))
    return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return at.toLocaleTimeString('en-GB', { timeStyle: stepS < 60 ? 'medium' : 'short' });
}
