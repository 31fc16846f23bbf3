import { childPath, snakeCase } from './names.ts';
import type { Apply, Setting, Settings } from './setting.ts';
import { SETTINGS } from './settings.ts';

/** One row of the flat table: a setting with its path in the file, `[]` where a path goes through `[[tables]]`. */
export interface SettingRow {
  /** `mqtt.listener.port`, `module[].input[].series`. */
  readonly path: string;
  readonly setting: Setting;
  readonly apply: Apply;
}

/** All settings as flat rows, in the order of the table: for pages, forms and suggestions. */
export function allSettingRows(): readonly SettingRow[] {
  rows ??= rowsOf(SETTINGS, '', 'restart');
  return rows;
}

let rows: readonly SettingRow[] | undefined;

function rowsOf(settings: Settings, path: string, inherited: Apply): SettingRow[] {
  return Object.entries(settings).flatMap(([name, node]) => {
    const at = childPath(path, snakeCase(name));
    const apply = node.apply ?? inherited;
    if (node.type === 'section') return rowsOf(node.settings, at, apply);
    if (node.type === 'tables') return rowsOf(node.settings, `${at}[]`, apply);
    return [{ path: at, setting: node, apply }];
  });
}
