/** Quantities as people read them. Every function takes what the gateway sent and never throws. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const reading = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

const NO_VALUE = 'no value';
const MINUTE = 60_000;

/** `1,234,567` @param {number} n */
export const count = (n) => whole.format(n);

/** One decimal while small: `0.4`, `8,412` @param {number} n */
export const rate = (n) => (n < 100 ? tenths : whole).format(n);

/** `1 point`, `2,000 points` @param {number} n @param {string} one @param {string} [many] */
export const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** A sensor's value without its unit. @param {number | null | undefined} n */
export function value(n) {
  if (n === null || n === undefined || !Number.isFinite(n)) return NO_VALUE;
  const size = Math.abs(n);
  if (size !== 0 && (size >= 1e12 || size < 1e-4)) return n.toExponential(3);
  return size >= 1e6 ? whole.format(n) : reading.format(n);
}

/** `61.4 °C` @param {number | null | undefined} n @param {string} [unit] */
export function measured(n, unit = '') {
  const text = value(n);
  return unit === '' || text === NO_VALUE ? text : `${text} ${plainText(unit, 20)}`;
}

/** `1.2 MiB` @param {number} n */
export function octets(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let left = n;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at++;
  }
  return `${(at === 0 || left >= 100 ? whole : tenths).format(left)} ${units[at]}`;
}

/** Its largest part: `4 d`, `12 min`, `8 s` @param {number} ms */
export function span(ms) {
  const min = Math.floor(ms / MINUTE);
  if (min < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (min < 60) return `${min} min`;
  return min < 48 * 60 ? `${Math.floor(min / 60)} h` : `${count(Math.floor(min / 1440))} d`;
}

/** `0.4 ms`, `120 ms` @param {number | null | undefined} ms */
export function tookMs(ms) {
  if (ms === null || ms === undefined) return NO_VALUE;
  if (ms > 0 && ms < 0.01) return 'under 0.01 ms';
  return `${ms < 10 ? reading.format(Math.round(ms * 100) / 100) : whole.format(ms)} ms`;
}

/** `8 s ago` @param {number | null | undefined} atMs @param {number} nowMs @param {string} [otherwise] of a moment that is not known */
export function ago(atMs, nowMs, otherwise = 'never') {
  if (!atMs) return otherwise;
  return nowMs - atMs < 1500 ? 'just now' : `${span(nowMs - atMs)} ago`;
}

/** The time to the second today, date and time on other days. @param {number | null | undefined} atMs @param {number} nowMs */
export function moment(atMs, nowMs) {
  if (!atMs) return 'never';
  const at = new Date(atMs);
  return (at.toDateString() === new Date(nowMs).toDateString() ? clock : date).format(at);
}

/** @param {number} days */
export function days(days) {
  if (days < 1) return 'less than a day';
  if (days > 3650) return 'over 10 years';
  return counted(Math.floor(days), 'day');
}

/**
 * Text of unknown origin, made plain: control characters and those that turn the direction of writing are shown as `�`, not obeyed.
 * @param {unknown} text
 * @param {number} [lengthMax] in UTF-16 units
 */
export function plainText(text, lengthMax = 400) {
  const plain = String(text ?? '').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, (c) => (/[\n\t]/.test(c) ? ' ' : '�'));
  return plain.length > lengthMax ? `${plain.slice(0, lengthMax)}…` : plain;
}

/** `ship-segment` → `Ship segment` @param {string} name */
export function spaced(name) {
  const text = plainText(name, 80).replace(/[-_]+/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
