import { nearestWord } from '../base/nearest-word.ts';
import { describeFound } from './describe.ts';
import type { ConfigFault } from './fault.ts';
import { LineIndex } from './line-index.ts';
import { childPath, pathAndAncestors, rowPath, snakeCase, withoutRowNumbers } from './names.ts';
import { readValue } from './read-value.ts';
import type { Section, Setting, SettingNode, Settings, Tables } from './setting.ts';
import { allSettingRows } from './setting-rows.ts';
import { CONFIG_VERSION, SETTINGS } from './settings.ts';
import { isTomlTable, readToml, type TomlTable } from './toml.ts';

/** A text of settings and its name in messages, such as the path of its file. */
export interface ConfigText {
  readonly origin: string;
  readonly text: string;
}

/** What one layer says at one path. Of `[[tables]]` the value is the number of rows; each row has an entry of its own. */
export interface Given {
  readonly value: unknown;
  readonly origin: string;
  /** Of the layer. */
  readonly lines: LineIndex;
  /** False where the value was refused: its faults are listed already, and `value` is what is right of it, or undefined. */
  readonly isValid: boolean;
}

/** What a layer says, by path. */
export type GivenByPath = Map<string, Given>;

export type Place = Pick<ConfigFault, 'origin' | 'line'>;

/** Where a setting stands, or what is around it. Undefined when no layer says anything of it. */
export function placeIn(given: GivenByPath, path: string): Place | undefined {
  for (const candidate of pathAndAncestors(path)) {
    const around = given.get(candidate);
    if (around === undefined) continue;
    const line = around.lines.lineOf(path);
    return { origin: around.origin, ...(line === undefined ? {} : { line }) };
  }
  return undefined;
}

/** Reads one text against the table of settings. Every fault is pushed to `faults`; what is left out is simply not there. */
export function readLayer({ origin, text }: ConfigText, faults: ConfigFault[]): GivenByPath {
  const reading = readToml(text);
  if ('problem' in reading) {
    const message = `expected TOML, found at column ${reading.column}: ${reading.problem}`;
    faults.push({ path: '', message, origin, line: reading.line });
    return new Map();
  }
  const reader = new LayerReader(origin, new LineIndex(text), faults);
  if (reader.hasReadableVersion(reading.table)) reader.readTable(SETTINGS, reading.table, '');
  return reader.given;
}

/** The rows that the table itself gives where no layer has any, as if they stood in a file. */
export function readDefaultLayer(origin: string, faults: ConfigFault[]): GivenByPath {
  const reader = new LayerReader(origin, new LineIndex(''), faults);
  reader.readTable(SETTINGS, defaultTables(SETTINGS), '');
  return reader.given;
}

function defaultTables(settings: Settings): TomlTable {
  const tables: Record<string, unknown> = {};
  for (const [name, node] of Object.entries(settings)) {
    if (node.type === 'section') tables[snakeCase(name)] = defaultTables(node.settings);
    if (node.type === 'tables' && node.default !== undefined) tables[snakeCase(name)] = node.default;
  }
  return tables;
}

class LayerReader {
  readonly given: GivenByPath = new Map();
  readonly #origin: string;
  readonly #lines: LineIndex;
  readonly #faults: ConfigFault[];

  constructor(origin: string, lines: LineIndex, faults: ConfigFault[]) {
    this.#origin = origin;
    this.#lines = lines;
    this.#faults = faults;
  }

  /** A file of another version is refused with one fault: its other keys may mean something else. */
  hasReadableVersion({ version = CONFIG_VERSION }: TomlTable): boolean {
    if (version === CONFIG_VERSION) return true;
    const message = `expected ${CONFIG_VERSION}, the only version that this program reads, found ${describeFound(version)}`;
    this.#refuse(
      'version',
      message,
      'The file was written for another release, or the line is a slip: it may be left out.',
    );
    return false;
  }

  readTable(settings: Settings, raw: TomlTable, path: string): void {
    const nodes = new Map(Object.entries(settings).map(([name, node]) => [snakeCase(name), node]));
    for (const [key, value] of Object.entries(raw)) {
      const node = nodes.get(key);
      if (node === undefined) this.#refuseUnknown(key, path, nodes.keys());
      else this.#readNode(node, value, childPath(path, key));
    }
  }

  #readNode(node: SettingNode, raw: unknown, path: string): void {
    if (node.type === 'section') this.#readSection(node, raw, path);
    else if (node.type === 'tables') this.#readRows(node, raw, path);
    else this.#readSetting(node, raw, path);
  }

  #readSetting(setting: Setting, raw: unknown, path: string): void {
    const reading = readValue(setting, raw);
    if ('value' in reading) return this.#give(path, reading.value);
    this.#given(path, reading.rest, false);
    for (const { at, message, hint } of reading.problems) this.#fault(`${path}${at}`, message, hint);
  }

  #readSection(section: Section, raw: unknown, path: string): void {
    if (isTomlTable(raw)) {
      this.readTable(section.settings, raw, path);
    } else {
      const hint = Array.isArray(raw) ? `Write [${path}] with single brackets.` : undefined;
      this.#refuse(path, `expected a table, found ${describeFound(raw)}`, hint);
    }
  }

  #readRows(node: Tables, raw: unknown, path: string): void {
    if (!Array.isArray(raw)) {
      const hint = isTomlTable(raw) ? `Write [[${withoutRowNumbers(path)}]] with double brackets.` : undefined;
      this.#refuse(path, `expected a list of tables, found ${describeFound(raw)}`, hint);
      return;
    }
    this.#give(path, raw.length);
    for (const [index, row] of raw.entries()) {
      const at = rowPath(path, index);
      this.#give(at, index);
      if (isTomlTable(row)) this.readTable(node.settings, row, at);
      else this.#refuse(at, `expected a table, found ${describeFound(row)}`);
    }
  }

  #refuseUnknown(key: string, path: string, known: Iterable<string>): void {
    const nearest = nearestWord(key.slice(0, 64), known);
    const elsewhere = allSettingRows().find((row) => row.path.endsWith(`.${key}`));
    let hint: string | undefined;
    if (nearest !== undefined) hint = `Did you mean ${nearest}?`;
    else if (elsewhere !== undefined) hint = `There is ${elsewhere.path}: is it under the right [section]?`;
    this.#refuse(childPath(path, key), 'expected a known setting, found an unknown one', hint);
  }

  #give(path: string, value: unknown): void {
    this.#given(path, value, true);
  }

  #refuse(path: string, message: string, hint?: string): void {
    this.#given(path, undefined, false);
    this.#fault(path, message, hint);
  }

  #given(path: string, value: unknown, isValid: boolean): void {
    this.given.set(path, { value, origin: this.#origin, lines: this.#lines, isValid });
  }

  #fault(path: string, message: string, hint?: string): void {
    const line = this.#lines.lineOf(path);
    this.#faults.push({
      path,
      message,
      ...(hint === undefined ? {} : { hint }),
      origin: this.#origin,
      ...(line === undefined ? {} : { line }),
    });
  }
}
