import { DEFAULT_ORIGIN } from './assemble.ts';
import { childPath, rowPath, snakeCase } from './names.ts';
import type { ParsedConfig } from './parse-config.ts';
import type { Setting, Settings } from './setting.ts';
import { SETTINGS } from './settings.ts';
import { fileValue, writtenValue } from './written-value.ts';

/** One value with where it comes from, for `config show` and the page. */
export interface ShownValue {
  /** `mqtt.listener.port`, `module[0].name`. */
  readonly path: string;
  /** Of its own type, quantities as the file has them (`10s`); `(hidden)` for a secret, null for what is not set. */
  readonly value: unknown;
  /** As the file would have it; `(hidden)`, `(not set)`. */
  readonly text: string;
  readonly origin: string;
}

/** Every value in force, in the order of the table. `[[tables]]` without a row show as `[]`. */
export function shownValues({ config, origins }: ParsedConfig): ShownValue[] {
  return valuesOf(SETTINGS, config, '').map((shown) => ({
    ...shown,
    origin: origins.get(shown.path) ?? DEFAULT_ORIGIN,
  }));
}

function valuesOf(settings: Settings, table: object, path: string): Omit<ShownValue, 'origin'>[] {
  const byName = table as Readonly<Record<string, unknown>>;
  return Object.entries(settings).flatMap(([name, node]) => {
    const at = childPath(path, snakeCase(name));
    const value = byName[name];
    if (node.type === 'section') return valuesOf(node.settings, value as object, at);
    if (node.type !== 'tables') return [{ path: at, ...shown(node, value) }];
    const rows = value as readonly object[];
    if (rows.length === 0) return [{ path: at, value: [], text: '[]' }];
    return rows.flatMap((row, index) => valuesOf(node.settings, row, rowPath(at, index)));
  });
}

function shown(setting: Setting, value: unknown): { value: unknown; text: string } {
  if (value === undefined) return { value: null, text: '(not set)' };
  if ('secret' in setting && setting.secret) return { value: '(hidden)', text: '(hidden)' };
  return { value: fileValue(setting, value), text: writtenValue(setting, value) };
}
