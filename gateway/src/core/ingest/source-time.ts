import type { DecoderSpec } from './decoder-plan.ts';

/** Numbers below these sizes are seconds, milliseconds, microseconds; above, nanoseconds. The first three end in the year 5138. */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;
const MICROSECONDS_BELOW = 1e17;

/**
 * Unix epoch milliseconds of a time sent as a number, by its size where the format is `auto`; NaN where a number is no time (`iso`).
 * Infinite for an infinite number.
 */
export function timeOfNumber(format: DecoderSpec['timeFormat'], n: number): number {
  if (format === 'auto') {
    const size = n < 0 ? -n : n;
    if (size < SECONDS_BELOW) return toMicrosecond(n * 1000);
    if (size < MILLISECONDS_BELOW) return toMicrosecond(n);
    return toMicrosecond(size < MICROSECONDS_BELOW ? n / 1e3 : n / 1e6);
  }
  if (format === 'iso') return NaN;
  return toMicrosecond(format === 's' ? n * 1000 : n);
}

/** Whole milliseconds stay what they are; 1750000000.1 seconds become 1750000000100 ms, not 1750000000099.9999. */
export function toMicrosecond(timeMs: number): number {
  return timeMs === Math.floor(timeMs) ? timeMs : Math.round(timeMs * 1000) / 1000;
}
