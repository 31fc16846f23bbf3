/**
 * One pass over a JSON document, which is checked and read at once: keys lead through the tree of the plan, values are noted in the state
 * of their reading, and a reading becomes rows where its object ends. Only an object without a value, where numeric members may be the
 * points, is gone over a second time.
 */
import { DECODE_FAULTS } from './decode-faults.ts';
import type { DecodedRows, DecodeLimits } from './decoded-rows.ts';
import type { Decoder } from './decoder.ts';
import { type DecoderPlan, ROLE } from './decoder-plan.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  COMMA,
  DEPTH_MAX,
  faultAt,
  isDigitOrMinus,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  octetAt,
  QUOTE,
  skipLiteral,
  skipPlainText,
  skipSpace,
  skipString,
  skipValue,
} from './json-cursor.ts';
import { unescapeText } from './json-unescape.ts';
import { type DecodedName, NAME_BYTES_MAX, NameTable } from './name-table.ts';
import { parseNumber } from './number-parse.ts';
import { KIND, ReadingState } from './reading-state.ts';
import { ReadingTemplate } from './reading-template.ts';
import { RowWriter } from './row-writer.ts';
import { StarMembers } from './star-members.ts';

export class JsonDecoder implements Decoder {
  readonly names: readonly DecodedName[];
  readonly #plan: DecoderPlan;
  readonly #writer: RowWriter;
  readonly #star: StarMembers;
  readonly #template: ReadingTemplate;
  readonly #inner: ReadingState;
  readonly #outer: ReadingState;
  readonly #number = new Float64Array(1);
  readonly #text = new Uint8Array(NAME_BYTES_MAX);
  #buf: Uint8Array = new Uint8Array(0);
  #end = 0;
  /** The state that roles are noted in: of a reading, or of the document around them. */
  #state: ReadingState;
  #isStar = false;

  constructor(plan: DecoderPlan, namesMax: number) {
    const names = new NameTable(namesMax);
    this.names = names.names;
    this.#plan = plan;
    this.#writer = new RowWriter(plan, names);
    this.#star = new StarMembers(names, this.#writer);
    this.#template = new ReadingTemplate(plan);
    this.#inner = new ReadingState(plan, names);
    this.#outer = new ReadingState(plan, names);
    this.#state = this.#inner;
  }

  decode(buf: Uint8Array, start: number, end: number, nowMs: number, limits: DecodeLimits, rows: DecodedRows): number {
    this.#buf = buf;
    this.#end = end;
    this.#writer.open(rows, nowMs, limits);
    const result = this.#document(start);
    if (result >= 0) return rows.length - this.#writer.first;
    rows.length = this.#writer.first;
    return result;
  }

  /** @returns 0 or more, or a fault. */
  #document(start: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const first = skipSpace(buf, skipByteOrderMark(buf, start, end), end);
    if (first === end) return DECODE_FAULTS.empty;
    const after = this.#plan.outerRoot === 0 ? this.#readings(first, 0) : this.#around(first);
    if (after < 0) return after;
    return skipSpace(buf, after, end) === end ? 0 : DECODE_FAULTS.malformed_json;
  }

  /** The object in which, at some path, the readings are. */
  #around(at: number): number {
    const outer = this.#outer;
    if (octetAt(this.#buf, at, this.#end) !== BRACE_OPEN) return this.#wrongType(at, 0);
    outer.reset();
    this.#state = outer;
    this.#isStar = false;
    const after = this.#members(at + 1, this.#plan.outerRoot, 0, 1);
    if (after < 0) return after;
    if (outer.readings === KIND.absent) return DECODE_FAULTS.missing_value;
    if (outer.readings < 0) return outer.readings;
    const fault = this.#writer.applyOuter(outer);
    return fault < 0 ? fault : after;
  }

  /** One reading, or an array of them. */
  #readings(at: number, depth: number): number {
    const buf = this.#buf;
    const end = this.#end;
    if (octetAt(buf, at, end) !== BRACKET_OPEN) return this.#oneReading(at, depth);
    if (depth >= DEPTH_MAX) return DECODE_FAULTS.too_deep;
    let pos = skipSpace(buf, at + 1, end);
    if (octetAt(buf, pos, end) === BRACKET_CLOSE) return pos + 1;
    while (true) {
      pos = this.#oneReading(pos, depth + 1);
      if (pos < 0) return pos;
      pos = skipSpace(buf, pos, end);
      const octet = octetAt(buf, pos, end);
      if (octet === BRACKET_CLOSE) return pos + 1;
      if (octet !== COMMA) return DECODE_FAULTS.malformed_json;
      pos = skipSpace(buf, pos + 1, end);
    }
  }

  #oneReading(at: number, depth: number): number {
    const octet = octetAt(this.#buf, at, this.#end);
    const isObject = octet === BRACE_OPEN;
    if (!isObject && (octet === BRACKET_OPEN || !this.#plan.takesBareValues)) return this.#wrongType(at, depth);
    if (depth >= DEPTH_MAX) return DECODE_FAULTS.too_deep;
    if (isObject) {
      const after = this.#template.read(this.#buf, at, this.#end, depth, this.#writer);
      if (after >= 0) return after;
    }
    return this.#fullReading(at, depth, isObject);
  }

  #fullReading(at: number, depth: number, isObject: boolean): number {
    const state = this.#inner;
    const from = this.#writer.rows.length;
    state.reset();
    this.#template.begin(depth);
    this.#isStar = this.#plan.star === 'always';
    if (this.#isStar) this.#star.begin();
    let after = isObject
      ? this.#members(at + 1, this.#plan.readingRoot, 0, depth + 1)
      : this.#scalar(at, ROLE.value, 0);
    if (after >= 0 && this.#plan.star === 'fallback' && isWithoutValue(state)) {
      state.reset();
      this.#template.begin(depth);
      this.#isStar = true;
      this.#star.begin();
      after = this.#members(at + 1, this.#plan.readingRoot, 0, depth + 1);
    }
    if (after < 0) return after;
    if (this.#isStar) this.#star.finish();
    const count = this.#writer.finish(state, from);
    if (count < 0) return count;
    if (count === 0) return DECODE_FAULTS.missing_value;
    if (isObject && (!this.#isStar || this.#star.isPlain)) {
      this.#template.learn(this.#buf, at, after, state, this.#writer, from, this.#isStar);
    }
    return after;
  }

  /**
   * The members of one object, from behind its brace to behind the closing one. `prefix` is how much of the star's path names this object,
   * its dot included; `depth` counts the containers with this one.
   */
  #members(open: number, node: number, prefix: number, depth: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const { words, next, roles } = this.#plan;
    const row = node * words.size;
    const isStar = this.#isStar;
    let at = skipSpace(buf, open, end);
    if (octetAt(buf, at, end) === BRACE_CLOSE) return at + 1;
    while (true) {
      if (octetAt(buf, at, end) !== QUOTE) return DECODE_FAULTS.malformed_json;
      const key = at + 1;
      at = skipPlainText(buf, key, end);
      let word = -1;
      let pathEnd = prefix;
      if (octetAt(buf, at, end) === QUOTE) {
        word = words.find(buf, key, at);
        if (isStar) pathEnd = copyKey(buf, key, at, this.#star.path, prefix);
        at++;
      } else {
        at = skipString(buf, at, end);
        if (at < 0) return at;
        pathEnd = unescapeText(buf, key, at - 1, this.#star.path, prefix);
        if (pathEnd >= 0) word = words.find(this.#star.path, prefix, pathEnd);
      }
      at = skipSpace(buf, at, end);
      if (octetAt(buf, at, end) !== COLON) return DECODE_FAULTS.malformed_json;
      at = skipSpace(buf, at + 1, end);
      const child = word < 0 ? 0 : next[row + word]!;
      if (child !== 0 && (roles[child] !== ROLE.none || !isStar)) at = this.#known(at, child, pathEnd, depth);
      else if (isStar) at = this.#starMember(at, child, pathEnd, depth);
      else at = this.#unknown(at, depth);
      if (at < 0) return at;
      at = skipSpace(buf, at, end);
      const octet = octetAt(buf, at, end);
      if (octet === BRACE_CLOSE) return at + 1;
      if (octet !== COMMA) return DECODE_FAULTS.malformed_json;
      at = skipSpace(buf, at + 1, end);
    }
  }

  /** The value of a key that is on some path of the plan. */
  #known(at: number, node: number, pathEnd: number, depth: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const role = this.#plan.roles[node]!;
    const ordinal = this.#plan.ordinals[node]!;
    const octet = octetAt(buf, at, end);
    const hasBelow = this.#plan.below[node]!.length > 0;
    if (hasBelow) {
      this.#forgetBelow(node);
      if (this.#isStar) this.#star.forget(pathEnd);
    }
    if (octet !== BRACE_OPEN && octet !== BRACKET_OPEN) return this.#scalar(at, role, ordinal);
    if (role === ROLE.readings) return this.#innerReadings(at, depth);
    if (octet === BRACE_OPEN && hasBelow) {
      if (depth >= DEPTH_MAX) return DECODE_FAULTS.too_deep;
      this.#state.forget(role, ordinal);
      return this.#isStar ? this.#starMember(at, node, pathEnd, depth) : this.#members(at + 1, node, 0, depth + 1);
    }
    this.#state.takeOther(role, ordinal);
    return skipValue(buf, at, end, depth);
  }

  /** A member that means nothing here: a counter, say, which is no part of the template either. */
  #unknown(at: number, depth: number): number {
    const after = skipValue(this.#buf, at, this.#end, depth);
    if (after >= 0 && isDigitOrMinus(this.#buf[at]!)) this.#template.note(at, after, ROLE.none);
    return after;
  }

  #innerReadings(at: number, depth: number): number {
    this.#writer.rows.length = this.#writer.first;
    this.#state = this.#inner;
    const after = this.#readings(at, depth);
    this.#state = this.#outer;
    this.#outer.readings = KIND.number;
    this.#isStar = false;
    return after;
  }

  #scalar(at: number, role: number, ordinal: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const state = this.#state;
    const octet = octetAt(buf, at, end);
    if (isDigitOrMinus(octet)) {
      const after = parseNumber(buf, at, end, this.#number, 0);
      if (after < 0) return faultAt(buf, at, end);
      this.#template.note(at, after, role);
      state.takeNumber(role, ordinal, this.#number[0]!, buf, at, after);
      return after;
    }
    if (octet === QUOTE) return this.#textValue(at + 1, role, ordinal);
    const after = skipLiteral(buf, at, end);
    if (after < 0) return after;
    if (octet === LETTER_N) state.takeNull(role, ordinal);
    else state.takeBoolean(role, ordinal, octet === LETTER_T);
    return after;
  }

  #textValue(from: number, role: number, ordinal: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const to = skipPlainText(buf, from, end);
    if (octetAt(buf, to, end) === QUOTE) {
      this.#state.takeText(role, ordinal, buf, from, to);
      return to + 1;
    }
    const after = skipString(buf, to, end);
    if (after < 0) return after;
    const length = unescapeText(buf, from, after - 1, this.#text, 0);
    // A text too long for the scratch is too long for a name, and with its escapes no number or time.
    if (length < 0) this.#state.takeText(role, ordinal, buf, from, after - 1);
    else this.#state.takeText(role, ordinal, this.#text, 0, length);
    return after;
  }

  /** A member that is a point when it is a number, and has points when it is an object. */
  #starMember(at: number, node: number, pathEnd: number, depth: number): number {
    const buf = this.#buf;
    const end = this.#end;
    const octet = octetAt(buf, at, end);
    if (node !== 0) this.#forgetBelow(node);
    if (isDigitOrMinus(octet)) {
      const after = parseNumber(buf, at, end, this.#number, 0);
      if (after < 0) return faultAt(buf, at, end);
      this.#template.note(at, after, ROLE.value);
      const fault = this.#star.point(this.#number[0]!, pathEnd);
      return fault < 0 ? fault : after;
    }
    if (octet === BRACE_OPEN) {
      if (depth >= DEPTH_MAX) return DECODE_FAULTS.too_deep;
      const group = this.#star.openGroup(pathEnd);
      if (group < 0) return group;
      const after = this.#members(at + 1, node, pathEnd + 1, depth + 1);
      this.#star.closeGroup(group);
      return after;
    }
    const after = skipValue(buf, at, end, depth);
    if (after < 0) return after;
    if (octet !== LETTER_T && octet !== LETTER_F) {
      this.#star.forget(pathEnd);
      return after;
    }
    const fault = this.#star.boolean(octet === LETTER_T, pathEnd);
    return fault < 0 ? fault : after;
  }

  /** A key that comes again takes back all that was below it. */
  #forgetBelow(node: number): void {
    for (const below of this.#plan.below[node]!) {
      const role = this.#plan.roles[below]!;
      if (role === ROLE.readings) this.#writer.rows.length = this.#writer.first;
      this.#state.forget(role, this.#plan.ordinals[below]!);
    }
  }

  /** The fault of a document of the wrong shape; that of its syntax goes first. */
  #wrongType(at: number, depth: number): number {
    const after = skipValue(this.#buf, at, this.#end, depth);
    return after < 0 ? after : DECODE_FAULTS.wrong_type;
  }
}

function isWithoutValue(state: ReadingState): boolean {
  for (let i = 0; i < state.valueKind.length; i++) if (state.valueKind[i] !== KIND.absent) return false;
  return true;
}

/** @returns where the path ends, or -1 when it has no room for the key. */
function copyKey(buf: Uint8Array, from: number, to: number, path: Uint8Array, at: number): number {
  if (at + to - from > NAME_BYTES_MAX) return -1;
  for (let i = from; i < to; i++) path[at + i - from] = buf[i]!;
  return at + to - from;
}

/** Files and payloads made on Windows begin with one. */
function skipByteOrderMark(buf: Uint8Array, at: number, end: number): number {
  return octetAt(buf, at, end) === 0xef && octetAt(buf, at + 1, end) === 0xbb && octetAt(buf, at + 2, end) === 0xbf
    ? at + 3
    : at;
}
