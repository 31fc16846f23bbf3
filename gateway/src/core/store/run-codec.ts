/**
 * A run: the points of one series, in order of arrival, as octets. Used by the journal and by segments alike.
 *
 *   varint rows · u8 mode · times · values · quality
 *
 * Times that are whole milliseconds are written as the difference of differences (a steady sensor costs one octet a point).
 * Values that are decimals of up to nine digits after the point, as sensors send them, are scaled to whole numbers and written
 * as differences; this is exact, because a double nearest to such a decimal comes back from `m / 10^k` (one correctly rounded
 * division). Anything else is written as its eight octets, plane by plane, for the compressor that follows. Negative zero
 * comes back as zero.
 */
import type { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { GatewayError } from '../../base/errors.ts';
import type { PointColumns } from '../model/points.ts';

const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const RAW = 15;
/** Below these, differences and their zigzag forms stay exact in a double. */
const SCALED_MAX = 2 ** 51;
const WHOLE_TIME_MAX = 2 ** 45;

const scratchDouble = new Float64Array(1);
const scratchOctets = new Uint8Array(scratchDouble.buffer);

/** Appends rows `order[from..to-1]` of `points`, all of one series. */
export function encodeRun(out: ByteWriter, points: PointColumns, order: Uint32Array, from: number, to: number): void {
  const wholeTimes = hasWholeTimes(points.timeMs, order, from, to);
  const digits = decimalDigits(points.value, order, from, to);
  out.varint(to - from);
  out.u8((wholeTimes ? 0 : RAW) | (digits << 4));
  if (wholeTimes) encodeWholeTimes(out, points.timeMs, order, from, to);
  else encodePlanes(out, points.timeMs, order, from, to);
  if (digits === RAW) encodePlanes(out, points.value, order, from, to);
  else encodeScaled(out, points.value, POWERS[digits]!, order, from, to);
  encodeQuality(out, points.quality, order, from, to);
}

/**
 * Appends one run to `into`, all rows marked as `series`; grows nothing: the caller has made room.
 * @returns the number of rows.
 */
export function decodeRun(input: ByteReader, series: number, into: PointColumns): number {
  const rows = input.varint();
  const mode = input.u8();
  const start = into.length;
  const end = start + rows;
  if (end > into.series.length) {
    throw new GatewayError(
      'corrupt',
      `run of series ${series}: ${rows} rows found, room for ${into.series.length - start}`,
    );
  }
  if ((mode & 15) === RAW) decodePlanes(input, into.timeMs, start, end);
  else decodeWholeTimes(input, into.timeMs, start, end);
  const digits = mode >> 4;
  if (digits === RAW) decodePlanes(input, into.value, start, end);
  else decodeScaled(input, into.value, digits, start, end);
  decodeQuality(input, into.quality, start, end);
  into.series.fill(series, start, end);
  into.length = end;
  return rows;
}

function hasWholeTimes(times: Float64Array, order: Uint32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const t = times[order[i]!]!;
    if (t !== Math.floor(t) || t > WHOLE_TIME_MAX || t < -WHOLE_TIME_MAX) return false;
  }
  return true;
}

/** Fewest digits after the point that give every value back exactly, or RAW. */
function decimalDigits(values: Float64Array, order: Uint32Array, from: number, to: number): number {
  let digits = 0;
  let power = 1;
  for (let i = from; i < to; i++) {
    const v = values[order[i]!]!;
    while (true) {
      const scaled = Math.round(v * power);
      if (!(scaled <= SCALED_MAX && scaled >= -SCALED_MAX)) return RAW;
      if (scaled / power === v) break;
      if (++digits === POWERS.length) return RAW;
      power = POWERS[digits]!;
    }
  }
  // A value accepted at few digits may leave the exact range at the final scale.
  for (let i = from; i < to && digits > 0; i++) if (Math.abs(values[order[i]!]! * power) > SCALED_MAX) return RAW;
  return digits;
}

function encodeWholeTimes(out: ByteWriter, times: Float64Array, order: Uint32Array, from: number, to: number): void {
  let previous = 0;
  let step = 0;
  for (let i = from; i < to; i++) {
    const t = times[order[i]!]!;
    const delta = t - previous;
    out.zigzag(delta - step);
    // The first difference is the whole time: it says nothing about the step.
    step = i === from ? 0 : delta;
    previous = t;
  }
}

function decodeWholeTimes(input: ByteReader, times: Float64Array, start: number, end: number): void {
  let previous = 0;
  let step = 0;
  for (let i = start; i < end; i++) {
    const delta = input.zigzag() + step;
    previous += delta;
    step = i === start ? 0 : delta;
    times[i] = previous;
  }
}

function encodeScaled(
  out: ByteWriter,
  values: Float64Array,
  power: number,
  order: Uint32Array,
  from: number,
  to: number,
): void {
  let previous = 0;
  for (let i = from; i < to; i++) {
    const scaled = Math.round(values[order[i]!]! * power);
    out.zigzag(scaled - previous);
    previous = scaled;
  }
}

function decodeScaled(input: ByteReader, values: Float64Array, digits: number, start: number, end: number): void {
  const power = POWERS[digits];
  if (power === undefined)
    throw new GatewayError('corrupt', `run: value mode 0..9 or ${RAW} expected, ${digits} found`);
  let previous = 0;
  for (let i = start; i < end; i++) {
    previous += input.zigzag();
    values[i] = previous / power;
  }
}

function encodePlanes(out: ByteWriter, values: Float64Array, order: Uint32Array, from: number, to: number): void {
  for (let plane = 0; plane < 8; plane++) {
    out.reserve(to - from);
    for (let i = from; i < to; i++) {
      scratchDouble[0] = values[order[i]!]!;
      out.u8(scratchOctets[plane]!);
    }
  }
}

function decodePlanes(input: ByteReader, values: Float64Array, start: number, end: number): void {
  const rows = end - start;
  const planes = input.raw(rows * 8);
  for (let i = 0; i < rows; i++) {
    for (let plane = 0; plane < 8; plane++) scratchOctets[plane] = planes[plane * rows + i]!;
    values[start + i] = scratchDouble[0]!;
  }
}

/** Stretches of equal quality: rows, octet. */
function encodeQuality(out: ByteWriter, quality: Uint8Array, order: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; ) {
    const octet = quality[order[i]!]!;
    let end = i + 1;
    while (end < to && quality[order[end]!] === octet) end++;
    out.varint(end - i);
    out.u8(octet);
    i = end;
  }
}

function decodeQuality(input: ByteReader, quality: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; ) {
    const rows = input.varint();
    if (rows === 0 || i + rows > end) {
      throw new GatewayError('corrupt', `run: a quality stretch of 1..${end - i} rows expected, ${rows} found`);
    }
    quality.fill(input.u8(), i, i + rows);
    i += rows;
  }
}
