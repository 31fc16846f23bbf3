import * as fs from 'node:fs';
import type { Database } from '../../adapters/sqlite/database.ts';
import { openForReading } from '../../adapters/sqlite/database.ts';
import type { ConfigText } from '../../config/read-layer.ts';
import { assets } from '../assets.ts';
import { loadConfig } from '../config-files.ts';
import { type StatePaths, statePaths } from '../state-paths.ts';
import { listOf, type OptionSpecs, type OptionValues } from './command.ts';

/** Options of every verb that looks into a state folder. */
export const STATE_OPTIONS: OptionSpecs = { config: { type: 'string', multiple: true }, state: { type: 'string' } };

/** `--state DIR` as the strongest layer of the configuration. */
export function stateOverride(state: OptionValues[string]): ConfigText[] {
  if (typeof state !== 'string') return [];
  return [{ origin: '--state', text: `[gateway]\nstate_dir = ${JSON.stringify(state)}\n` }];
}

export function pathsFrom(options: OptionValues): StatePaths {
  const { config } = loadConfig(listOf(options.config), stateOverride(options.state));
  return statePaths(config.gateway.stateDir);
}

/** The gateway's database, read-only; works whether or not the gateway runs. */
export function openState(options: OptionValues): { paths: StatePaths; database: Database } & Disposable {
  const paths = pathsFrom(options);
  const database = openForReading(paths.database, {
    nativeBinding: assets.nativeBinding('better_sqlite3', paths.folder),
  });
  return { paths, database, [Symbol.dispose]: () => void database.close() };
}

/** Where the running gateway listens; null when none has written it, or the one that did is gone. */
export function runningGateway(paths: StatePaths): { pid: number; web: string; mqtt: string } | null {
  try {
    const running = JSON.parse(fs.readFileSync(paths.running, 'utf8')) as { pid: number; web: string; mqtt: string };
    process.kill(running.pid, 0);
    return running;
  } catch {
    // No file, or no such process: both mean that nothing runs here.
    return null;
  }
}
