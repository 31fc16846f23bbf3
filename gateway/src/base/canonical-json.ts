/**
 * JSON whose text can be signed. `parseStrictJson` reads only documents that every reader understands in the same way, so that what was
 * verified is what is used; `canonicalJson` gives each value its one form.
 * @see https://www.rfc-editor.org/rfc/rfc8785 (JSON Canonicalization Scheme), https://www.rfc-editor.org/rfc/rfc7493 (I-JSON)
 */
import { GatewayError } from './errors.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Octets of a document, as UTF-8. */
export const JSON_OCTETS_MAX = 256 * 1024;
/** Lists and objects inside one another; a number alone has depth 0. */
export const JSON_DEPTH_MAX = 32;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WHITE_SPACE = /[ \t\n\r]*/y;
const LITERALS = { null: null, true: true, false: false } as const;

/**
 * Reads what `JSON.parse` reads, to the same value, but refuses what leaves room for doubt: keys that come twice, numbers that are not
 * finite or are written as minus zero, lone surrogates, a byte order mark, documents too large or too deep.
 * @param what names the document in errors. @throws GatewayError `invalid` with the character at which it fails.
 */
export function parseStrictJson(text: string, what: string): JsonValue {
  const octets = text.length > JSON_OCTETS_MAX ? text.length : new TextEncoder().encode(text).length;
  if (octets > JSON_OCTETS_MAX)
    throw new GatewayError('invalid', `${what}: at most ${JSON_OCTETS_MAX} octets expected, ${octets} found`);
  const reader = new StrictReader(text, what);
  const value = reader.value(0);
  reader.end();
  return value;
}

/**
 * The canonical text of a value: members in order of their UTF-16 code units, numbers as ECMAScript writes them, no white space.
 * @throws GatewayError `invalid` for what JSON cannot say: numbers that are not finite, lone surrogates, `undefined`; or too deep.
 */
export function canonicalJson(value: JsonValue, depth = 0): string {
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number' && Number.isFinite(value)) return Object.is(value, -0) ? '0' : String(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') throw new GatewayError('invalid', `canonical JSON: ${String(value)} has no form`);
  if (depth === JSON_DEPTH_MAX)
    throw new GatewayError('invalid', `canonical JSON: at most ${JSON_DEPTH_MAX} levels expected`);
  if (isList(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  // Array.prototype.sort without a comparison orders by UTF-16 code units, as RFC 8785 §3.2.3 wants.
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${canonicalText(key)}:${canonicalJson(value[key]!, depth + 1)}`).join(',')}}`;
}

/** `Array.isArray` does not narrow read-only lists. */
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function canonicalText(text: string): string {
  if (!text.isWellFormed()) throw new GatewayError('invalid', 'canonical JSON: a lone surrogate has no form');
  return JSON.stringify(text);
}

class StrictReader {
  readonly #text: string;
  readonly #what: string;
  #at = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  value(depth: number): JsonValue {
    this.#match(WHITE_SPACE);
    const first = this.#text[this.#at];
    if (first === '{' || first === '[') {
      if (depth === JSON_DEPTH_MAX) throw this.#fault(`at most ${JSON_DEPTH_MAX} levels`, 'one more');
      return first === '{' ? this.#object(depth + 1) : this.#list(depth + 1);
    }
    if (first === '"') return this.#string();
    for (const [word, literal] of Object.entries(LITERALS)) if (this.#take(word)) return literal;
    return this.#number();
  }

  end(): void {
    this.#match(WHITE_SPACE);
    if (this.#at < this.#text.length) throw this.#fault('the end');
  }

  #object(depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    this.#items('}', () => {
      const key = this.#string();
      if (members.has(key)) throw this.#fault('each key once', JSON.stringify(key));
      if (!this.#take(':')) throw this.#fault('a colon');
      members.set(key, this.value(depth));
    });
    return Object.fromEntries(members);
  }

  #list(depth: number): JsonValue {
    const list: JsonValue[] = [];
    this.#items(']', () => list.push(this.value(depth)));
    return list;
  }

  #items(close: string, readItem: () => void): void {
    this.#at++;
    if (this.#take(close)) return;
    do readItem();
    while (this.#take(','));
    if (!this.#take(close)) throw this.#fault(`a comma or ${close}`);
  }

  #string(): string {
    this.#match(WHITE_SPACE);
    if (this.#text[this.#at] !== '"') throw this.#fault('a string');
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    let value: string;
    try {
      // The token alone: escapes and control characters are as the platform judges them.
      value = JSON.parse(this.#text.slice(this.#at, end + 1)) as string;
    } catch {
      throw this.#fault('a string', 'one that does not end, a control character or a wrong escape');
    }
    if (!value.isWellFormed()) throw this.#fault('a string of whole characters', 'a lone surrogate');
    this.#at = end + 1;
    return value;
  }

  /** Minus zero, and what rounds to it, would be signed as zero and used as minus zero. */
  #number(): number {
    const token = this.#match(NUMBER);
    if (token === '') throw this.#fault('a value');
    const value = Number(token);
    if (!Number.isFinite(value) || Object.is(value, -0)) throw this.#fault('a finite number, not minus zero', token);
    return value;
  }

  /** Whether `token` comes next, after white space; goes behind it. */
  #take(token: string): boolean {
    this.#match(WHITE_SPACE);
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += token.length;
    return token;
  }

  #fault(expected: string, found = JSON.stringify(this.#text[this.#at]) ?? 'the end'): GatewayError {
    return new GatewayError(
      'invalid',
      `${this.#what}: at character ${this.#at}: ${expected} expected, ${found.slice(0, 80)} found`,
    );
  }
}
