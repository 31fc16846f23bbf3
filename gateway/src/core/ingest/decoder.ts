/**
 * Messages of one route into rows. A decoder makes no object, text or closure for a reading, unless the reading brings a name that is
 * new; it keeps nothing between messages but its names.
 */
import { QUALITY_TIME_FROM_GATEWAY } from '../model/quality.ts';
import { DECODE_FAULTS } from './decode-faults.ts';
import { type DecodedRows, type DecodeLimits, TOPIC_NAME } from './decoded-rows.ts';
import { compilePlan, type DecoderSpec } from './decoder-plan.ts';
import { JsonDecoder } from './json-decoder.ts';
import type { DecodedName } from './name-table.ts';
import { readNumberText } from './number-text.ts';

export interface Decoder {
  /** What `DecodedRows.name` points into; grows at its end only, up to the bound given to `compileDecoder`. */
  readonly names: readonly DecodedName[];
  /**
   * Appends the readings of the message `buf[start..end)` to `rows`, all or none.
   * @param nowMs the gateway's time, for readings that bring none.
   * @returns the number of rows appended, or a negative code of `DECODE_FAULTS`; never throws for what a message holds.
   */
  decode(buf: Uint8Array, start: number, end: number, nowMs: number, limits: DecodeLimits, rows: DecodedRows): number;
}

/**
 * @param namesMax most different names (pairs of device and point) that messages may bring.
 * @throws GatewayError `invalid` when the paths of the route contradict each other.
 */
export function compileDecoder(spec: DecoderSpec, namesMax = 10_000): Decoder {
  return spec.decoder === 'number' ? new NumberDecoder() : new JsonDecoder(compilePlan(spec), namesMax);
}

/** A payload that is one number as text, with white space around it. */
class NumberDecoder implements Decoder {
  readonly names: readonly DecodedName[] = [];

  decode(buf: Uint8Array, start: number, end: number, nowMs: number, limits: DecodeLimits, rows: DecodedRows): number {
    const row = rows.length;
    if (limits.readingsMax < 1 || row >= rows.value.length) return DECODE_FAULTS.too_many_readings;
    const fault = readNumberText(buf, start, end, rows.value, row);
    if (fault < 0) return fault;
    rows.timeMs[row] = nowMs;
    rows.quality[row] = QUALITY_TIME_FROM_GATEWAY;
    rows.name[row] = TOPIC_NAME;
    rows.length = row + 1;
    return 1;
  }
}
