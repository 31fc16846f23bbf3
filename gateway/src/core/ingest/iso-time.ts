/**
 * ISO 8601 moments out of octets: `2025-06-15`, `2025-06-15T12:00`, `…:30`, `…:30.123456`, each with `Z`, an offset
 * (`+02:00`, `+0200`, `+02`) or nothing, which is read as UTC. A space, `t` and `z` are taken too (RFC 3339 §5.6), and a comma for the point.
 * Week dates, day-of-year dates and the form without separators are not.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Unix epoch milliseconds, with what the text has of fractions, to the nanosecond before rounding; NaN when it is no such moment. */
export function parseIsoTime(buf: Uint8Array, start: number, end: number): number {
  if (octet(buf, start + 4, end) !== 0x2d || octet(buf, start + 7, end) !== 0x2d) return NaN;
  const year = digits(buf, start, 4, end);
  const month = digits(buf, start + 5, 2, end);
  const day = digits(buf, start + 8, 2, end);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN;
  const date = daysSinceEpoch(year, month, day) * DAY_MS;
  let at = start + 10;
  if (at === end) return date;

  const separator = octet(buf, at, end);
  if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return NaN;
  const hour = digits(buf, at + 1, 2, end);
  const minute = digits(buf, at + 4, 2, end);
  if (octet(buf, at + 3, end) !== 0x3a || hour < 0 || hour > 23 || minute < 0 || minute > 59) return NaN;
  at += 6;
  let secondMs = 0;
  if (octet(buf, at, end) === 0x3a) {
    const second = digits(buf, at + 1, 2, end);
    // 60 is a leap second: Unix time has none, it is read as the second that follows.
    if (second < 0 || second > 60) return NaN;
    secondMs = second * 1000;
    at += 3;
    const mark = octet(buf, at, end);
    if (mark === 0x2e || mark === 0x2c) {
      const first = ++at;
      let nanos = 0;
      for (; isDigit(octet(buf, at, end)); at++) if (at - first < 9) nanos = nanos * 10 + buf[at]! - 0x30;
      if (at === first) return NaN;
      secondMs += (nanos * 10 ** (9 - Math.min(9, at - first))) / 1e6;
    }
  }
  const offset = offsetMs(buf, at, end);
  return date + hour * HOUR_MS + minute * MINUTE_MS + secondMs - offset;
}

/** What follows the time of day, to the end: milliseconds east of UTC, NaN when it is no zone. */
function offsetMs(buf: Uint8Array, at: number, end: number): number {
  if (at === end) return 0;
  const sign = octet(buf, at, end);
  if (sign === 0x5a || sign === 0x7a) return at + 1 === end ? 0 : NaN;
  if (sign !== 0x2b && sign !== 0x2d) return NaN;
  const hours = digits(buf, at + 1, 2, end);
  if (hours < 0 || hours > 23) return NaN;
  let minutes = 0;
  if (at + 3 < end) {
    const from = octet(buf, at + 3, end) === 0x3a ? at + 4 : at + 3;
    minutes = digits(buf, from, 2, end);
    if (minutes < 0 || minutes > 59 || from + 2 !== end) return NaN;
  }
  const offset = hours * HOUR_MS + minutes * MINUTE_MS;
  return sign === 0x2d ? -offset : offset;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; years counted from March, so that the leap day is the last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : DAYS_IN_MONTH[month - 1]!;
}

/** The number of exactly `count` digits, or -1. */
function digits(buf: Uint8Array, at: number, count: number, end: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = octet(buf, i, end);
    if (!isDigit(digit)) return -1;
    value = value * 10 + digit - 0x30;
  }
  return value;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

function octet(buf: Uint8Array, at: number, end: number): number {
  return at < end ? buf[at]! : 0;
}
