import { unreachable } from '../base/assert.ts';
import { parseBytes, parseDuration } from '../base/units.ts';
import { describeFound, describeWanted } from './describe.ts';
import { formNamed } from './forms.ts';
import type {
  NumberSetting,
  NumberTableSetting,
  QuantitySetting,
  Setting,
  StringListSetting,
  TextSetting,
} from './setting.ts';
import { isTomlTable } from './toml.ts';

export type ValueReading =
  | { readonly value: unknown }
  | { readonly message: string; readonly hint?: string | undefined };

/** Longest text, entries in a list, and names in a table of numbers: far above any use, so that every value has a bound. */
export const TEXT_LENGTH_MAX = 4096;
export const LIST_LENGTH_MAX = 1000;

/** Reads one value as the file has it into the value that the program uses, or says what is wrong with it. */
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
  return { message: `expected ${describeWanted(setting)}, found ${describeFound(raw, isSecret)}`, hint };
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
  const pattern = setting.form === undefined ? undefined : formNamed(setting.form).pattern;
  const faulty = raw.find((entry) => !isPlainText(entry) || (pattern !== undefined && !pattern.test(entry)));
  if (faulty !== undefined) return refuse(setting, faulty, formHint(setting));
  if (raw.length > LIST_LENGTH_MAX) return refuse(setting, raw);
  return { value: Object.freeze([...raw]) };
}

function readNumberTable(setting: NumberTableSetting, raw: unknown): ValueReading {
  if (!isTomlTable(raw) || Object.keys(raw).length > LIST_LENGTH_MAX) return refuse(setting, raw);
  for (const [name, value] of Object.entries(raw)) {
    if (!/^[A-Za-z]\w{0,63}$/.test(name)) return refuse(setting, name);
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return { message: `expected ${name} to be a finite number, found ${describeFound(value)}` };
    }
  }
  return { value: Object.freeze({ ...raw }) };
}
