import { unreachable } from '../base/assert.ts';
import { formNamed } from './forms.ts';
import type { NumberSetting, Setting, StringListSetting } from './setting.ts';

/** Characters of a found text that a message repeats. */
const FOUND_LENGTH_MAX = 60;

/** Completes "expected …": kind, form and range of what a setting takes. */
export function describeWanted(setting: Setting): string {
  switch (setting.type) {
    case 'string':
      return setting.form === undefined ? 'text without control characters' : formNamed(setting.form).expected;
    case 'path':
      return 'the path of a file or folder';
    case 'integer':
      return `a whole number${describeNumberRange(setting)}`;
    case 'number':
      return `a number${describeNumberRange(setting)}`;
    case 'boolean':
      return 'true or false';
    case 'duration':
      return `a duration from ${setting.min} to ${setting.max} in ms, s, m, h or d`;
    case 'size':
      return `a size from ${setting.min} to ${setting.max} in B, KiB, MiB or GiB`;
    case 'enum':
      return `one of ${setting.values.join(', ')}`;
    case 'string-list':
      return setting.form === undefined ? 'a list of texts' : `a list, each ${describeEntry(setting)}`;
    case 'number-table':
      return 'a table of names with numbers, such as { windowMs = 10000 }';
    default:
      return unreachable(setting);
  }
}

/** The same of one entry of a list. */
export function describeEntry(setting: StringListSetting): string {
  return setting.form === undefined ? 'text without control characters' : formNamed(setting.form).expected;
}

function describeNumberRange({ min, max }: NumberSetting): string {
  if (min !== undefined && max !== undefined) return min === max ? `, ${min}` : ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}

/** Completes "found …". Of a secret only its kind and length; of a URL not what stands before its `@`, which may be a password. */
export function describeFound(raw: unknown, isSecret = false): string {
  if (typeof raw === 'string') {
    if (isSecret) return `a text of ${raw.length} characters`;
    const shown = withoutCredentials(raw);
    return JSON.stringify(shown.length > FOUND_LENGTH_MAX ? `${shown.slice(0, FOUND_LENGTH_MAX)}…` : shown);
  }
  if (typeof raw === 'number' || typeof raw === 'boolean') return isSecret ? `a ${typeof raw}` : String(raw);
  if (raw === undefined) return 'nothing';
  if (raw instanceof Date) return 'a date';
  return Array.isArray(raw) ? `a list of ${raw.length}` : 'a table';
}

function withoutCredentials(text: string): string {
  const end = text.lastIndexOf('@');
  if (end < 0) return text;
  const scheme = text.indexOf('://');
  return `${scheme >= 0 && scheme < end ? text.slice(0, scheme + 3) : ''}…${text.slice(end)}`;
}
