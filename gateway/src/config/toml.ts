import { parse, TomlError } from 'smol-toml';

/** Tables have no prototype; values are text, numbers, booleans, `Date`s, arrays and tables. */
export type TomlTable = Readonly<Record<string, unknown>>;

export type TomlReading =
  | { readonly table: TomlTable }
  | { readonly problem: string; readonly line: number; readonly column: number };

/** Deep enough for every setting, shallow enough for any reader of the tree. */
const NESTING_MAX = 16;

/** Reads TOML 1.0. A text that is not TOML is a problem with its place, without a copy of the text: it may hold a secret. */
export function readToml(text: string): TomlReading {
  try {
    return { table: parse(text, { maxDepth: NESTING_MAX }) };
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const firstLine = thrown.message.split('\n', 1)[0] ?? '';
    return { problem: firstLine.replace('Invalid TOML document: ', ''), line: thrown.line, column: thrown.column };
  }
}

export function isTomlTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
