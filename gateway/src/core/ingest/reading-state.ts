/**
 * What has been found of one reading so far. A JSON object may name its parts in any order and more than once, so values are noted
 * here with their faults, the last of a key winning, and judged when the object ends.
 */
import { GRADE } from '../model/quality.ts';
import { DECODE_FAULTS } from './decode-faults.ts';
import { type DecoderPlan, ROLE } from './decoder-plan.ts';
import { parseIsoTime } from './iso-time.ts';
import { type NameTable, NO_NAME } from './name-table.ts';
import { readNumberText } from './number-text.ts';
import { timeOfNumber, toMicrosecond } from './source-time.ts';

/** Kinds of a noted value or time; a fault of `decode-faults.ts` is a kind too. */
export const KIND = { absent: 0, number: 1, null: 2 } as const;

const NOWHERE = -1;

export class ReadingState {
  /** Per value of the plan. */
  readonly valueKind: Int8Array;
  readonly value: Float64Array;
  /** Per time of the plan, in order of preference. */
  readonly timeKind: Int8Array;
  readonly timeMs: Float64Array;
  /** Where in the message the number of a value or time begins; `NOWHERE` when it was no plain number. */
  readonly valueAt: Int32Array;
  readonly timeAt: Int32Array;
  grade: number = GRADE.good;
  /** A slot of the name table, `NO_NAME`, or a fault below that. */
  device = NO_NAME;
  point = NO_NAME;
  /** Whether an array of readings was met: a kind. */
  readings: number = KIND.absent;
  readonly #names: NameTable;
  readonly #timeFormat: DecoderPlan['timeFormat'];
  readonly #number = new Float64Array(1);

  constructor(plan: DecoderPlan, names: NameTable) {
    this.valueKind = new Int8Array(plan.valueCount);
    this.value = new Float64Array(plan.valueCount);
    this.timeKind = new Int8Array(plan.timeCount);
    this.timeMs = new Float64Array(plan.timeCount);
    this.valueAt = new Int32Array(plan.valueCount);
    this.timeAt = new Int32Array(plan.timeCount);
    this.#names = names;
    this.#timeFormat = plan.timeFormat;
  }

  reset(): void {
    // Loops beat fill() at these lengths.
    for (let i = 0; i < this.valueKind.length; i++) this.valueKind[i] = KIND.absent;
    for (let i = 0; i < this.timeKind.length; i++) this.timeKind[i] = KIND.absent;
    this.grade = GRADE.good;
    this.device = NO_NAME;
    this.point = NO_NAME;
    this.readings = KIND.absent;
  }

  /** A null says that there is none: of a value that is a reading in itself. */
  takeNull(role: number, ordinal: number): void {
    this.forget(role, ordinal);
    if (role !== ROLE.value) return;
    this.valueKind[ordinal] = KIND.null;
    this.valueAt[ordinal] = NOWHERE;
  }

  forget(role: number, ordinal: number): void {
    if (role === ROLE.value) this.valueKind[ordinal] = KIND.absent;
    else if (role === ROLE.time) this.timeKind[ordinal] = KIND.absent;
    else if (role === ROLE.quality) this.grade = GRADE.good;
    else if (role === ROLE.device) this.device = NO_NAME;
    else if (role === ROLE.point) this.point = NO_NAME;
    else if (role === ROLE.readings) this.readings = KIND.absent;
  }

  /** `buf[from..to)` is the number as written: whole ones may name a device, others are a mistake that would make ever new names. */
  takeNumber(role: number, ordinal: number, n: number, buf: Uint8Array, from: number, to: number): void {
    if (role === ROLE.value) {
      this.value[ordinal] = n;
      this.valueAt[ordinal] = from;
      this.valueKind[ordinal] = n - n === 0 ? KIND.number : DECODE_FAULTS.nan;
    } else if (role === ROLE.time) {
      this.#takeTime(ordinal, n, from);
    } else if ((role === ROLE.device || role === ROLE.point) && isDigits(buf, from, to))
      this.takeText(role, ordinal, buf, from, to);
    else this.takeOther(role, ordinal);
  }

  takeBoolean(role: number, ordinal: number, isTrue: boolean): void {
    if (role === ROLE.value) {
      this.value[ordinal] = isTrue ? 1 : 0;
      this.valueAt[ordinal] = NOWHERE;
      this.valueKind[ordinal] = KIND.number;
    } else this.takeOther(role, ordinal);
  }

  /** A text of a role, escapes already resolved. A number in quotes is a value: much firmware prints all it has as text. */
  takeText(role: number, ordinal: number, buf: Uint8Array, from: number, to: number): void {
    if (role === ROLE.value) {
      const fault = readNumberText(buf, from, to, this.value, ordinal);
      this.valueAt[ordinal] = NOWHERE;
      this.valueKind[ordinal] =
        fault === 0 ? KIND.number : fault === DECODE_FAULTS.empty ? DECODE_FAULTS.not_a_number : fault;
    } else if (role === ROLE.time) {
      this.#takeTimeText(ordinal, buf, from, to);
    } else if (role === ROLE.quality) this.grade = gradeOf(buf, from, to);
    else if (role === ROLE.device) this.device = this.#names.device(buf, from, to);
    else if (role === ROLE.point) this.point = this.#names.point(buf, from, to);
    else this.takeOther(role, ordinal);
  }

  /** Something that cannot be what the role wants. */
  takeOther(role: number, ordinal: number): void {
    if (role === ROLE.value) this.valueKind[ordinal] = DECODE_FAULTS.wrong_type;
    else if (role === ROLE.time) this.timeKind[ordinal] = DECODE_FAULTS.bad_time;
    else if (role === ROLE.quality) this.grade = GRADE.uncertain;
    else if (role === ROLE.device) this.device = DECODE_FAULTS.wrong_type;
    else if (role === ROLE.point) this.point = DECODE_FAULTS.wrong_type;
    else if (role === ROLE.readings) this.readings = DECODE_FAULTS.wrong_type;
  }

  /** An ISO moment where the format allows one, else a number in quotes. */
  #takeTimeText(ordinal: number, buf: Uint8Array, from: number, to: number): void {
    const format = this.#timeFormat;
    const isoMs = format === 'auto' || format === 'iso' ? parseIsoTime(buf, from, to) : NaN;
    if (isoMs - isoMs === 0) {
      this.timeMs[ordinal] = toMicrosecond(isoMs);
      this.timeAt[ordinal] = NOWHERE;
      this.timeKind[ordinal] = KIND.number;
    } else if (readNumberText(buf, from, to, this.#number, 0) === 0) this.#takeTime(ordinal, this.#number[0]!, NOWHERE);
    else this.timeKind[ordinal] = DECODE_FAULTS.bad_time;
  }

  #takeTime(ordinal: number, n: number, at: number): void {
    const timeMs = timeOfNumber(this.#timeFormat, n);
    this.timeMs[ordinal] = timeMs;
    this.timeAt[ordinal] = at;
    this.timeKind[ordinal] = timeMs - timeMs === 0 ? KIND.number : DECODE_FAULTS.bad_time;
  }
}

/** `good`, `uncertain` and `bad` in any case of letters; of any other text nobody knows what it means. */
function gradeOf(buf: Uint8Array, from: number, to: number): number {
  if (isWord(buf, from, to, 'good')) return GRADE.good;
  return isWord(buf, from, to, 'bad') ? GRADE.bad : GRADE.uncertain;
}

function isDigits(buf: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (buf[i]! < 0x30 || buf[i]! > 0x39) return false;
  return true;
}

function isWord(buf: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if ((buf[from + i]! | 0x20) !== word.charCodeAt(i)) return false;
  return true;
}
