import { formatBytesExact, formatDuration } from '../base/units.ts';
import type { Setting } from './setting.ts';

/** A value as the file would give it (`10s`, a list, a number) from a value as the program uses it. */
export function fileValue(setting: Setting, value: unknown): unknown {
  if (setting.type === 'duration') return formatDuration(Number(value));
  if (setting.type === 'size') return formatBytesExact(Number(value));
  return value;
}

/** The same in the file's own words (`"10s"`, `["a"]`, `{ windowMs = 10000 }`). */
export function writtenValue(setting: Setting, value: unknown): string {
  return tomlValue(fileValue(setting, value));
}

/** The default as the file would have it; undefined when the setting has none. */
export function writtenDefault(setting: Setting): string | undefined {
  return setting.default === undefined ? undefined : tomlValue(setting.default);
}

/** TOML of plain values. A text without control characters is written alike in JSON and TOML. */
export function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => `${name} = ${tomlValue(member)}`);
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  return JSON.stringify(value);
}
