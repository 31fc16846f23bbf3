/**
 * Sensors say the same thing again and again with other numbers. The template is the last reading with its numbers cut out: when the
 * octets between the numbers of the next one are the same, its keys, names and structure are the same too, and only the numbers are
 * read. What does not fit (other keys, a name, a null, a fault) is left to the full decoder, so a template decides nothing but the way.
 */
import { QUALITY_TIME_FROM_GATEWAY } from '../model/quality.ts';
import type { DecoderPlan } from './decoder-plan.ts';
import { ROLE } from './decoder-plan.ts';
import { parseNumber } from './number-parse.ts';
import { KIND, type ReadingState } from './reading-state.ts';
import type { RowWriter } from './row-writer.ts';
import { timeOfNumber } from './source-time.ts';

/** Bounds of what is worth learning: the longest reading of one device seen in the field has 400 octets and 30 numbers. */
const OCTETS_MAX = 1024;
const NUMBERS_MAX = 48;
/** After so many readings in a row that did not fit, learning is tried at every `RETRY_EVERY`th only. */
const PATIENCE = 4;
const RETRY_EVERY = 64;
const NONE = -1;

export class ReadingTemplate {
  readonly #format: DecoderPlan['timeFormat'];
  /** Numbers of the reading being decoded in full: where they begin and end, and their roles. More than fit: not learnt. */
  readonly #from = new Int32Array(NUMBERS_MAX);
  readonly #to = new Int32Array(NUMBERS_MAX);
  readonly #role = new Uint8Array(NUMBERS_MAX);
  #noted = 0;
  #noteDepth = 0;
  #misses = 0;

  /** The octets around the numbers, one run after the other; `#runEnd[i]` is where the run in front of number `i` ends. */
  readonly #octets = new Uint8Array(OCTETS_MAX);
  readonly #runEnd = new Int32Array(NUMBERS_MAX + 1);
  readonly #number = new Float64Array(NUMBERS_MAX);
  /** Numbers of the template, `NONE` while there is no template. */
  #count = NONE;
  /** Per row which number it is, and its name. */
  readonly #rowNumber = new Int32Array(NUMBERS_MAX);
  readonly #rowName = new Int32Array(NUMBERS_MAX);
  #rowCount = 0;
  #timeNumber = NONE;
  /** Containers around the reading: elsewhere the same octets might be nested too deep. */
  #depth = 0;
  #grade = 0;

  constructor(plan: DecoderPlan) {
    this.#format = plan.timeFormat;
  }

  /** Reads an object that fits the template, writes its rows and returns the position after it; else -1, and nothing is written. */
  read(buf: Uint8Array, at: number, end: number, depth: number, writer: RowWriter): number {
    const count = this.#count;
    if (count < 0 || depth !== this.#depth) return -1;
    const octets = this.#octets;
    let pos = at;
    let run = 0;
    for (let i = 0; i <= count; i++) {
      const runEnd = this.#runEnd[i]!;
      if (pos + runEnd - run > end) return -1;
      while (run < runEnd) if (buf[pos++] !== octets[run++]) return -1;
      if (i === count) break;
      pos = parseNumber(buf, pos, end, this.#number, i);
      if (pos < 0) return -1;
    }
    if (!this.#write(writer)) return -1;
    this.#misses = 0;
    return pos;
  }

  #write(writer: RowWriter): boolean {
    const rows = writer.rows;
    const first = rows.length;
    if (first + this.#rowCount > writer.end) return false;
    let timeMs = writer.nowMs;
    let quality = this.#grade | QUALITY_TIME_FROM_GATEWAY;
    if (this.#timeNumber >= 0) {
      timeMs = timeOfNumber(this.#format, this.#number[this.#timeNumber]!);
      if (!(timeMs >= writer.timeMinMs && timeMs <= writer.timeMaxMs)) return false;
      quality = this.#grade;
    }
    for (let i = 0; i < this.#rowCount; i++) {
      const value = this.#number[this.#rowNumber[i]!]!;
      if (value - value !== 0) return false;
      rows.timeMs[first + i] = timeMs;
      rows.value[first + i] = value;
      rows.quality[first + i] = quality;
      rows.name[first + i] = this.#rowName[i]!;
    }
    rows.length = first + this.#rowCount;
    return true;
  }

  /** The full decoder begins a reading. */
  begin(depth: number): void {
    this.#noted = 0;
    this.#noteDepth = depth;
  }

  /** The full decoder has met the number `from..to-1`. */
  note(from: number, to: number, role: number): void {
    const i = this.#noted++;
    if (i >= NUMBERS_MAX) return;
    this.#from[i] = from;
    this.#to[i] = to;
    this.#role[i] = role;
  }

  /**
   * Makes a template of the object `buf[at..after)`, whose rows from `first` on have just been written. Learns nothing unless each row
   * and the time are known to come from a number of their own.
   * @param isStar whether rows are the numbers of role `value` in order; else they are those of `reading`.
   */
  learn(
    buf: Uint8Array,
    at: number,
    after: number,
    reading: ReadingState,
    writer: RowWriter,
    first: number,
    isStar: boolean,
  ): void {
    const misses = ++this.#misses;
    if (misses > PATIENCE) {
      this.#count = NONE;
      if (misses % RETRY_EVERY !== 0) return;
    }
    this.#count = NONE;
    const noted = this.#noted;
    const rows = writer.rows;
    if (noted > NUMBERS_MAX || after - at > OCTETS_MAX || rows.length - first > NUMBERS_MAX) return;
    for (let i = 0; i < noted; i++) if (this.#role[i] === ROLE.device || this.#role[i] === ROLE.point) return;
    if (!this.#learnTime(reading) || !this.#learnRows(reading, rows.length - first, isStar)) return;
    for (let i = 0; i < this.#rowCount; i++) this.#rowName[i] = rows.name[first + i]!;
    this.#grade = reading.grade;
    this.#depth = this.#noteDepth;
    let length = 0;
    let pos = at;
    for (let i = 0; i <= noted; i++) {
      const to = i < noted ? this.#from[i]! : after;
      while (pos < to) this.#octets[length++] = buf[pos++]!;
      this.#runEnd[i] = length;
      if (i < noted) pos = this.#to[i]!;
    }
    this.#count = noted;
  }

  #learnTime(reading: ReadingState): boolean {
    this.#timeNumber = NONE;
    const time = reading.timeKind.findIndex((kind) => kind !== KIND.absent);
    if (time < 0) return true;
    this.#timeNumber = this.#numberAt(reading.timeAt[time]!);
    return this.#timeNumber >= 0;
  }

  #learnRows(reading: ReadingState, rowCount: number, isStar: boolean): boolean {
    let found = 0;
    if (isStar) {
      for (let i = 0; i < this.#noted; i++) {
        if (this.#role[i] !== ROLE.value) continue;
        if (found === rowCount) return false;
        this.#rowNumber[found++] = i;
      }
    } else {
      for (let i = 0; i < reading.valueKind.length && found < rowCount; i++) {
        if (reading.valueKind[i] === KIND.absent) continue;
        const number = this.#numberAt(reading.valueAt[i]!);
        if (number < 0) return false;
        this.#rowNumber[found++] = number;
      }
    }
    this.#rowCount = found;
    return found === rowCount;
  }

  #numberAt(position: number): number {
    for (let i = 0; i < this.#noted; i++) if (this.#from[i] === position) return i;
    return NONE;
  }
}
