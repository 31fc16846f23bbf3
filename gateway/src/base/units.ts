/** Quantities that are easily confused are branded: a number of one unit cannot be passed for another. */

declare const unit: unique symbol;
type Quantity<U extends string> = number & { readonly [unit]: U };

/** A span of time in milliseconds: finite, never negative, possibly fractional. */
export type Millis = Quantity<'ms'>;
/** A moment: Unix epoch milliseconds by some wall clock; finite. */
export type EpochMs = Quantity<'epoch-ms'>;
/** A count of octets: a whole number, never negative. */
export type Bytes = Quantity<'bytes'>;

/** @throws RangeError when `n` is negative or not finite. */
export function millis(n: number): Millis {
  if (!(n >= 0 && n < Infinity)) throw new RangeError(`not a span of time: ${n} ms`);
  return n as Millis;
}

/** @throws RangeError when `n` is not finite. */
export function epochMs(n: number): EpochMs {
  if (!Number.isFinite(n)) throw new RangeError(`not a moment: ${n} ms since the epoch`);
  return n as EpochMs;
}

/** @throws RangeError when `n` is not a whole number of octets. */
export function bytes(n: number): Bytes {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not a count of octets: ${n}`);
  return n as Bytes;
}

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** Reads `"250ms"`, `"1.5s"`, `"10m"`, `"2h"`, `"7d"`; undefined when the text is not a duration. */
export function parseDuration(text: string): Millis | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return undefined;
  return millis(Number(match[1]) * DURATION_UNITS[match[2] as keyof typeof DURATION_UNITS]);
}

/** Reads `"512B"`, `"64KiB"`, `"1.5GiB"`; undefined when the text is not a size. */
export function parseBytes(text: string): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text.trim());
  if (!match) return undefined;
  return bytes(Math.floor(Number(match[1]) * SIZE_UNITS[match[2] as keyof typeof SIZE_UNITS]));
}

/** The largest unit that divides without remainder, so that parsing gives the same value back. */
export function formatDuration(ms: number): string {
  for (const [name, size] of Object.entries(DURATION_UNITS).reverse()) {
    if (ms >= size && ms % size === 0) return `${ms / size}${name}`;
  }
  return `${ms}ms`;
}

/** The largest unit that divides without remainder. */
export function formatBytesExact(n: number): string {
  for (const [name, size] of Object.entries(SIZE_UNITS).reverse()) {
    if (n >= size && n % size === 0) return `${n / size}${name}`;
  }
  return `${n}B`;
}

/** Rounded for people: `1.2 MiB`. */
export function formatBytes(n: number): string {
  for (const [name, size] of Object.entries(SIZE_UNITS).reverse()) {
    if (n >= size) return size === 1 ? `${n} B` : `${(n / size).toFixed(1)} ${name}`;
  }
  return '0 B';
}
