/** Strict reading of small records: exactly the fields that are known, each of them right. */
import type { JsonValue } from '../../../base/canonical-json.ts';

/** What a field must be: the test, and the words for it in a fault. */
export type FieldRule = readonly [isRight: (value: unknown) => boolean, expected: string];

/** Base64 of as many octets as a signature or a key has is far shorter. */
const SHOWN_CHARACTERS_MAX = 60;

/** Every fault of a record, or none. @param where names it: `keys[3]`; empty for the document itself. */
export function faultsOf(value: JsonValue | undefined, where: string, rules: Record<string, FieldRule>): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${where || 'document'}: an object expected, ${shown(value)} found`];
  const record = value as Record<string, unknown>;
  const nameOf = (key: string) => (where === '' ? key : `${where}.${key}`);
  const unknown = Object.keys(record).filter((key) => !Object.hasOwn(rules, key));
  const wrong = Object.entries(rules).filter(([key, [isRight]]) => !isRight(record[key]));
  return [
    ...unknown.map((key) => `${nameOf(key)}: no such field`),
    ...wrong.map(([key, [, expected]]) => `${nameOf(key)}: ${expected} expected, ${shown(record[key])} found`),
  ];
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, SHOWN_CHARACTERS_MAX);
}

/** The moment that `2026-11-24T10:00:00Z` or `…10:00:00.000Z` names, in Unix epoch milliseconds; undefined for any other form or day. */
export function momentOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(value)) return undefined;
  const ms = Date.parse(value);
  // The platform takes the 30th of February for the 2nd of March.
  const isRealDay = !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === value.slice(0, 19);
  return isRealDay ? ms : undefined;
}

/** Octets of canonical base64 (RFC 4648 §4, padded, no stray bits), or undefined when the text or the length is another. */
export function octetsOfBase64(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length !== Math.ceil(length / 3) * 4) return undefined;
  const octets = Buffer.from(value, 'base64');
  return octets.length === length && octets.toString('base64') === value ? octets : undefined;
}

/** Text for people, of one line: letters, digits, punctuation, symbols and blanks; no control or direction characters. */
export function isPlainText(value: unknown, charactersMax: number): value is string {
  return (
    typeof value === 'string' && value.length <= charactersMax && /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]+$/u.test(value)
  );
}
