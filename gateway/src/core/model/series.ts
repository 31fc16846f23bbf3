/** How values behave: a level, a count that only grows (until it starts anew), or one of a few states. */
export const SERIES_TYPES = ['gauge', 'counter', 'state'] as const;
export type SeriesType = (typeof SERIES_TYPES)[number];

/** One measured quantity of one device. */
export interface Series {
  /** Stable for the life of the local store (one epoch). */
  readonly id: number;
  readonly device: string;
  readonly point: string;
  /** As configured, or empty when nothing is known. */
  readonly unit: string;
  readonly type: SeriesType;
  readonly lane: Lane;
}

/**
 * Priority classes of what is stored and sent. The index is stored: append only.
 * `live` is what sensors sent, `aggregate` what modules computed, `alarm` the raising and clearing of alarms.
 */
export const LANES = ['alarm', 'aggregate', 'live'] as const;
export type Lane = (typeof LANES)[number];

/**
 * Identifiers below this belong to series that sensors sent, given out by the ingest worker; those from here on to series that
 * modules computed, given out by the module worker. Each range has one writer, so no two threads can give out the same one.
 */
export const DERIVED_SERIES_BASE = 1 << 24;

/** `device/point`: how people, globs and pages name a series. Slashes within a device name are kept. */
export function seriesName(series: { device: string; point: string }): string {
  return `${series.device}/${series.point}`;
}
