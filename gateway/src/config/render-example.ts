import { childPath, snakeCase, withoutRowNumbers } from './names.ts';
import type { Apply, Setting, Settings, Tables, WrittenRow } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { tomlValue, writtenDefault } from './written-value.ts';

const HEAD = `# Tidegate settings. Every setting stands here, commented out by a "#" right before its name or bracket: with its default,
# or in [[mqtt.user]] and [[series]], of which there are none by default, with an example.
# Take the "#" away and change what differs on this gateway; leave the rest, so that later defaults reach it.
# Prose has a space after the "#". Units are part of a value: "10s", "64KiB". [live]: a change acts without a restart.
# All of it in one table, with ranges: docs/reference/settings.md.
`;

/** The commented example file, `gateway/tidegate.example.toml`. */
export function renderExample(): string {
  return `${[HEAD, ...tableLines(SETTINGS, '', 'restart')]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

/** Plain settings of a table first, as TOML wants it, then what opens a header of its own. */
function tableLines(settings: Settings, path: string, inherited: Apply): string[] {
  const plain: string[] = [];
  const headed: string[] = [];
  for (const [name, node] of Object.entries(settings)) {
    const key = snakeCase(name);
    const at = childPath(path, key);
    const apply = node.apply ?? inherited;
    if (node.type === 'section') {
      headed.push('', `# ${node.help}`, `[${at}]`, ...tableLines(node.settings, at, apply));
    } else if (node.type === 'tables') {
      headed.push('', `# ${withMark(node.help, apply)}`, ...rowsLines(node, at, node.default ?? node.example ?? []));
    } else {
      plain.push(`# ${withMark(node.help, apply)}`, `#${key} = ${writtenDefault(node) ?? ''}`);
    }
  }
  return [...plain, ...headed];
}

/** The first row shows all its settings, each with its help; further rows only what they set. */
function rowsLines(node: Tables, path: string, rows: readonly WrittenRow[]): string[] {
  return rows.flatMap((row, index) => [...(index === 0 ? [] : ['']), ...rowLines(node, path, row, index === 0)]);
}

function rowLines(node: Tables, path: string, row: WrittenRow, isFull: boolean): string[] {
  const lines = [`#[[${withoutRowNumbers(path)}]]`];
  const below: string[] = [];
  for (const [name, child] of Object.entries(node.settings)) {
    const key = snakeCase(name);
    if (child.type === 'section') continue; // No rows have sections: the types allow it, the table has none.
    if (child.type === 'tables') {
      const rows = (row[key] ?? []) as readonly WrittenRow[];
      const nested = rows.flatMap((nestedRow, index) =>
        rowLines(child, childPath(path, key), nestedRow, isFull && index === 0),
      );
      below.push(...(isFull ? [`# ${child.help}`] : []), ...nested);
    } else {
      lines.push(...settingLines(child, key, row[key], isFull));
    }
  }
  return [...lines, ...below];
}

function settingLines(setting: Setting, key: string, value: unknown, isFull: boolean): string[] {
  if (!isFull) return value === undefined ? [] : [`#${key} = ${tomlValue(value)}`];
  const written = value === undefined ? writtenDefault(setting) : tomlValue(value);
  return written === undefined ? [`# ${setting.help}`] : [`# ${setting.help}`, `#${key} = ${written}`];
}

function withMark(help: string, apply: Apply): string {
  return apply === 'live' ? `${help} [live]` : help;
}
