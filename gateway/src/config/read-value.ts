import { unreachable } from '../base/assert.ts';
import { parseBytes, parseDuration } from '../base/units.ts';
import { describeEntry, describeFound, describeWanted } from './describe.ts';
import { formNamed } from './forms.ts';
import { childPath } from './names.ts';
import type {
  NumberSetting,
  NumberTableSetting,
  QuantitySetting,
  Setting,
  StringListSetting,
  TextSetting,
} from './setting.ts';
import { isTomlTable } from './toml.ts';

/** One thing that is wrong with a value. */
export interface ValueProblem {
  /** Entry of a list or name in a table, for the path: `[2]`, `.windowMs`; empty: the value as a whole. */
  readonly at: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** `rest`: what is right of a list or table with faulty entries, so that more can be said of it. */
export type ValueReading =
  | { readonly value: unknown }
  | { readonly problems: readonly ValueProblem[]; readonly rest?: unknown };

/** Longest text, entries in a list, and names in a table of numbers: far above any use, so that every value has a bound. */
export const TEXT_LENGTH_MAX = 4096;
export const LIST_LENGTH_MAX = 1000;

/** Reads one value as the file has it into the value that the program uses, or says everything that is wrong with it. */
export function readValue(setting: Setting, raw: unknown): ValueReading {
  switch (setting.type) {
    case 'string':
    case 'path':
      return isText(setting, raw) ? { value: raw } : refuse(setting, raw, formHint(setting));
    case 'integer':
    case 'number':
      return isNumberInRange(setting, raw) ? { value: raw } : refuse(setting, raw);
    case 'boolean':
      return typeof raw === 'boolean' ? { value: raw } : refuse(setting, raw);
    case 'enum':
      return typeof raw === 'string' && setting.values.includes(raw) ? { value: raw } : refuse(setting, raw);
    case 'duration':
    case 'size':
      return readQuantity(setting, raw);
    case 'string-list':
      return readStringList(setting, raw);
    case 'number-table':
      return readNumberTable(setting, raw);
    default:
      return unreachable(setting);
  }
}

/** The number that a duration or a size stands for, in milliseconds or octets; undefined when the text is neither. */
export function quantityOf(type: QuantitySetting['type'], text: string): number | undefined {
  try {
    return type === 'duration' ? parseDuration(text) : parseBytes(text);
  } catch {
    return undefined; // A RangeError: so many digits that no number holds it exactly, which is no quantity either.
  }
}

function refuse(setting: Setting, raw: unknown, hint?: string): ValueReading {
  const isSecret = 'secret' in setting && setting.secret === true;
  const message = `expected ${describeWanted(setting)}, found ${describeFound(raw, isSecret)}`;
  return { problems: [{ at: '', message, hint }] };
}

function isText(setting: TextSetting, raw: unknown): raw is string {
  if (raw === '') return setting.default === '';
  return isPlainText(raw) && (setting.form === undefined || formNamed(setting.form).pattern.test(raw));
}

function isPlainText(raw: unknown): raw is string {
  return typeof raw === 'string' && raw.length > 0 && raw.length <= TEXT_LENGTH_MAX && !/\p{Cc}/u.test(raw);
}

function formHint(setting: TextSetting | StringListSetting): string | undefined {
  return setting.form === undefined ? undefined : formNamed(setting.form).hint;
}

function isNumberInRange(setting: NumberSetting, raw: unknown): raw is number {
  if (typeof raw !== 'number' || !Number.isFinite(raw)) return false;
  if (setting.type === 'integer' && !Number.isSafeInteger(raw)) return false;
  return raw >= (setting.min ?? -Infinity) && raw <= (setting.max ?? Infinity);
}

function readQuantity(setting: QuantitySetting, raw: unknown): ValueReading {
  const value = typeof raw === 'string' ? quantityOf(setting.type, raw) : undefined;
  const isInRange =
    value !== undefined &&
    value >= quantityOf(setting.type, setting.min)! &&
    value <= quantityOf(setting.type, setting.max)!;
  if (isInRange) return { value };
  const isBareNumber = typeof raw === 'number' || (typeof raw === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(raw));
  return refuse(setting, raw, isBareNumber ? `Write the unit: "${setting.default}".` : undefined);
}

function readStringList(setting: StringListSetting, raw: unknown): ValueReading {
  if (!Array.isArray(raw)) {
    return refuse(setting, raw, typeof raw === 'string' ? 'Put square brackets around it: ["…"].' : undefined);
  }
  if (raw.length > LIST_LENGTH_MAX) return refuse(setting, raw);
  const pattern = setting.form === undefined ? undefined : formNamed(setting.form).pattern;
  const isRight = (entry: unknown) => isPlainText(entry) && (pattern === undefined || pattern.test(entry));
  const problems = raw.flatMap((entry: unknown, index) => {
    if (isRight(entry)) return [];
    const message = `expected ${describeEntry(setting)}, found ${describeFound(entry)}`;
    return [{ at: `[${index}]`, message, hint: formHint(setting) }];
  });
  const value = Object.freeze(raw.filter(isRight));
  return problems.length > 0 ? { problems, rest: value } : { value };
}

function readNumberTable(setting: NumberTableSetting, raw: unknown): ValueReading {
  if (!isTomlTable(raw) || Object.keys(raw).length > LIST_LENGTH_MAX) return refuse(setting, raw);
  const right: Record<string, number> = {};
  const problems: ValueProblem[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const at = childPath('', name);
    if (!/^[A-Za-z]\w{0,63}$/.test(name)) {
      const message = `expected a name of 1 to 64 of A-Z, a-z, 0-9 and _ that begins with a letter, found ${describeFound(name)}`;
      problems.push({ at: `.${at}`, message });
    } else if (typeof value !== 'number' || !Number.isFinite(value)) {
      problems.push({ at: `.${at}`, message: `expected a finite number, found ${describeFound(value)}` });
    } else right[name] = value;
  }
  const value = Object.freeze(right);
  return problems.length > 0 ? { problems, rest: value } : { value };
}
