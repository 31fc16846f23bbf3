import { setAttribute } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 96;
const HEIGHT = 24;
const MARGIN = 2;

/** A small line without axes. It repeats what the numbers beside it say, so it is hidden from screen readers. */
export function createSparkline() {
  const root = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'polyline');
  root.setAttribute('class', 'spark');
  root.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  root.setAttribute('preserveAspectRatio', 'none');
  root.setAttribute('aria-hidden', 'true');
  root.append(line);
  return {
    root,
    /**
     * @param {readonly { atMs: number, value: number }[]} readings in order of time
     * @param {number} fromMs the left edge
     * @param {number} toMs the right edge
     */
    draw(readings, fromMs, toMs) {
      let low = Infinity;
      let high = -Infinity;
      for (const { value } of readings) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      const flat = high === low;
      const points = readings.map(({ atMs, value }) => {
        const x = ((atMs - fromMs) / (toMs - fromMs)) * WIDTH;
        const y = flat ? HEIGHT / 2 : MARGIN + ((high - value) / (high - low)) * (HEIGHT - 2 * MARGIN);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      });
      setAttribute(line, 'points', points.length > 1 ? points.join(' ') : '');
    },
  };
}
