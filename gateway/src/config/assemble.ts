import { assert } from '../base/assert.ts';
import { describeWanted } from './describe.ts';
import type { ConfigFault } from './fault.ts';
import { childPath, pathAndAncestors, rowPath, snakeCase, withoutRowNumbers } from './names.ts';
import { type Given, type GivenByPath, placeIn } from './read-layer.ts';
import { readValue } from './read-value.ts';
import type { Setting, Settings, Tables } from './setting.ts';

/** The origin of a value that no layer gives. */
export const DEFAULT_ORIGIN = 'default';

/** Turns what the layers give, merged, into one frozen object, with defaults for what they leave out. */
export class Assembler {
  /** Which layer each value comes from, by its path in the file; of `[[tables]]` also of the rows as a whole. */
  readonly origins = new Map<string, string>();
  readonly faults: ConfigFault[] = [];
  readonly #given: GivenByPath;

  constructor(given: GivenByPath) {
    this.#given = given;
  }

  assembleTable(settings: Settings, path: string): Readonly<Record<string, unknown>> {
    const table: Record<string, unknown> = {};
    for (const [name, node] of Object.entries(settings)) {
      const at = childPath(path, snakeCase(name));
      if (node.type === 'section') table[name] = this.assembleTable(node.settings, at);
      else if (node.type === 'tables') table[name] = this.#assembleRows(node, at);
      else table[name] = this.#assembleValue(node, at);
    }
    return Object.freeze(table);
  }

  #assembleRows(node: Tables, path: string): readonly unknown[] {
    const given = this.#given.get(path);
    this.origins.set(path, given?.origin ?? DEFAULT_ORIGIN);
    const length = given?.isValid ? Number(given.value) : 0;
    if (length < (node.rowsMin ?? 0) && given?.isValid !== false) {
      this.#miss(path, `expected at least ${node.rowsMin} [[${withoutRowNumbers(path)}]], found ${length}`);
    }
    const rows: unknown[] = [];
    for (let index = 0; index < length; index++) {
      rows.push(this.assembleTable(node.settings, rowPath(path, index)));
    }
    return Object.freeze(rows);
  }

  #assembleValue(setting: Setting, path: string): unknown {
    const given = this.#given.get(path);
    this.origins.set(path, given?.origin ?? DEFAULT_ORIGIN);
    if (given?.value !== undefined) return given.value;
    if ('required' in setting && setting.required) {
      // A refused value, or one of a row that was refused as a whole, has its fault already.
      if (given === undefined && this.#nearest(path)?.isValid !== false) {
        this.#miss(path, `expected ${describeWanted(setting)}, found nothing`);
      }
      return '';
    }
    return defaultValue(setting, path);
  }

  #miss(path: string, message: string): void {
    this.faults.push({ path, message, ...(placeIn(this.#given, path) ?? { origin: DEFAULT_ORIGIN }) });
  }

  #nearest(path: string): Given | undefined {
    for (const candidate of pathAndAncestors(path)) {
      const given = this.#given.get(candidate);
      if (given !== undefined) return given;
    }
    return undefined;
  }
}

/** The default of a setting as the program uses it; `undefined` when it has none and may be absent. */
function defaultValue(setting: Setting, path: string): unknown {
  if (setting.default === undefined) return undefined;
  const reading = readValue(setting, setting.default);
  assert('value' in reading, `the table of settings gives ${path} a default that it refuses`);
  return reading.value;
}
