import { isDeepStrictEqual } from 'node:util';
import { childPath, snakeCase } from './names.ts';
import type { Apply, Settings } from './setting.ts';
import { type Config, SETTINGS } from './settings.ts';

/** One setting whose value differs. `[[tables]]` of one name differ as a whole, as they are replaced as a whole. */
export interface ConfigChange {
  /** Path in the file: `log.level`, `module`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly apply: Apply;
}

/** What would change, in the order of the table of settings; empty when the two say the same. */
export function configDifference(before: Config, after: Config): ConfigChange[] {
  return tableDifference(SETTINGS, before, after, '', 'restart');
}

/** True when every change can act without a new start. */
export function canApplyLive(changes: readonly ConfigChange[]): boolean {
  return changes.every((change) => change.apply === 'live');
}

function tableDifference(
  settings: Settings,
  before: object,
  after: object,
  path: string,
  inherited: Apply,
): ConfigChange[] {
  const beforeByName = before as Readonly<Record<string, unknown>>;
  const afterByName = after as Readonly<Record<string, unknown>>;
  return Object.entries(settings).flatMap(([name, node]) => {
    const at = childPath(path, snakeCase(name));
    const apply = node.apply ?? inherited;
    const [from, to] = [beforeByName[name], afterByName[name]];
    if (node.type === 'section') return tableDifference(node.settings, from as object, to as object, at, apply);
    return isDeepStrictEqual(from, to) ? [] : [{ path: at, before: from, after: to, apply }];
  });
}
