/**
 * Judges a finished reading and writes its rows; and gives rows what the document around their array says of all of them.
 */
import { GatewayError } from '../../base/errors.ts';
import { packQuality, QUALITY_TIME_FROM_GATEWAY } from '../model/quality.ts';
import { DECODE_FAULTS, decodeFaultName } from './decode-faults.ts';
import { allocateDecodedRows, type DecodedRows, type DecodeLimits } from './decoded-rows.ts';
import type { DecoderPlan } from './decoder-plan.ts';
import { type NameTable, NO_NAME } from './name-table.ts';
import { KIND, type ReadingState } from './reading-state.ts';

const SENSOR_FAULT = packQuality('bad', 'sensor_fault');

export class RowWriter {
  rows: DecodedRows = allocateDecodedRows(0);
  /** Where the rows of this message begin, and where they must end. */
  first = 0;
  end = 0;
  nowMs = 0;
  timeMinMs = 0;
  timeMaxMs = 0;
  readonly #names: NameTable;
  /** Per value of the plan the slot of its point, where fields name the points. */
  readonly #fieldPoints: Int32Array;
  readonly #hasFields: boolean;
  readonly #timeCount: number;

  /** @throws GatewayError `invalid` when a field cannot be a name. */
  constructor(plan: DecoderPlan, names: NameTable) {
    const encoder = new TextEncoder();
    this.#names = names;
    this.#hasFields = plan.fields.length > 0;
    this.#timeCount = plan.timeCount;
    this.#fieldPoints = Int32Array.from(plan.fields, (field) => {
      const octets = encoder.encode(field);
      const slot = names.point(octets, 0, octets.length);
      if (slot >= 0) return slot;
      throw new GatewayError(
        'invalid',
        `field "${field}" of a route: a name expected, ${decodeFaultName(slot)} found`,
        {
          hint: 'Shorten its path, name fewer fields, or raise ingest.series_max.',
        },
      );
    });
  }

  open(rows: DecodedRows, nowMs: number, limits: DecodeLimits): void {
    this.rows = rows;
    this.first = rows.length;
    this.end = Math.min(rows.length + limits.readingsMax, rows.value.length);
    this.nowMs = nowMs;
    this.timeMinMs = limits.timeMinMs;
    this.timeMaxMs = limits.timeMaxMs;
  }

  /** Appends a row with its value and name only; `finish` gives it the rest. Negative when there is no room. */
  append(value: number, name: number): number {
    const rows = this.rows;
    const row = rows.length;
    if (row >= this.end) return DECODE_FAULTS.too_many_readings;
    rows.value[row] = value;
    rows.name[row] = name;
    rows.length = row + 1;
    return row;
  }

  /**
   * Writes the rows of a reading that has come to its end. Rows from `from` on were appended for its numeric members, with the slots of
   * points for names.
   * @returns the number of its rows, or a fault.
   */
  finish(reading: ReadingState, from: number): number {
    if (reading.device < NO_NAME) return reading.device;
    if (reading.point < NO_NAME) return reading.point;
    const time = this.#timeOf(reading);
    if (time < 0) return time;
    const timeMs = time < this.#timeCount ? reading.timeMs[time]! : this.nowMs;
    const quality = time < this.#timeCount ? reading.grade : reading.grade | QUALITY_TIME_FROM_GATEWAY;
    const rows = this.rows;
    for (let row = from; row < rows.length; row++) {
      const name = this.#names.pair(reading.device, rows.name[row]!);
      if (name < NO_NAME) return name;
      rows.timeMs[row] = timeMs;
      rows.quality[row] = quality;
      rows.name[row] = name;
    }
    for (let i = 0; i < reading.valueKind.length; i++) {
      const kind = reading.valueKind[i]!;
      if (kind === KIND.absent) continue;
      if (kind < 0) return kind;
      const point = this.#hasFields ? this.#fieldPoints[i]! : reading.point;
      const name = this.#names.pair(reading.device, point);
      if (name < NO_NAME) return name;
      const row = this.append(kind === KIND.null ? NaN : reading.value[i]!, name);
      if (row < 0) return row;
      rows.timeMs[row] = timeMs;
      rows.quality[row] = kind === KIND.null ? SENSOR_FAULT | (quality & QUALITY_TIME_FROM_GATEWAY) : quality;
      // Without fields all values are aliases of one, the best first.
      if (!this.#hasFields) break;
    }
    return rows.length - from;
  }

  /** What stands beside an array of readings holds for those that do not say it themselves. @returns 0 or a fault. */
  applyOuter(outer: ReadingState): number {
    if (outer.device < NO_NAME) return outer.device;
    if (outer.point < NO_NAME) return outer.point;
    const time = this.#timeOf(outer);
    if (time < 0) return time;
    const rows = this.rows;
    for (let row = this.first; row < rows.length; row++) {
      if (time < this.#timeCount && (rows.quality[row]! & QUALITY_TIME_FROM_GATEWAY) !== 0) {
        rows.timeMs[row] = outer.timeMs[time]!;
        rows.quality[row]! &= ~QUALITY_TIME_FROM_GATEWAY;
      }
      if (outer.device === NO_NAME && outer.point === NO_NAME) continue;
      const name = this.#names.completed(rows.name[row]!, outer.device, outer.point);
      if (name < NO_NAME) return name;
      rows.name[row] = name;
    }
    return 0;
  }

  /** Which of its times a reading has: the first that is there; `timeCount` for none; or a fault. */
  #timeOf(reading: ReadingState): number {
    for (let i = 0; i < this.#timeCount; i++) {
      const kind = reading.timeKind[i]!;
      if (kind === KIND.absent) continue;
      if (kind < 0) return kind;
      const timeMs = reading.timeMs[i]!;
      return timeMs >= this.timeMinMs && timeMs <= this.timeMaxMs ? i : DECODE_FAULTS.absurd_time;
    }
    return this.#timeCount;
  }
}
