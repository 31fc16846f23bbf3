import * as fs from 'node:fs';
import type { Database } from '../../adapters/sqlite/database.ts';
import { hasTables, openForReading } from '../../adapters/sqlite/database.ts';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import type { ConfigText } from '../../config/read-layer.ts';
import { assets } from '../assets.ts';
import { loadConfig } from '../config-files.ts';
import { type StatePaths, statePaths } from '../state-paths.ts';
import { refuseUnlisted, refuseWithoutDatabase } from '../unlisted-state.ts';
import { listOf, type OptionSpecs, type OptionValues } from './command.ts';
import { expectReadable, notAllowed } from './state-access.ts';

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

/**
 * The gateway's database, read-only; works whether or not the gateway runs.
 * @throws GatewayError `not_found` when there is none yet, `corrupt` when it is damaged, or gone from beside its segments.
 */
export function openState(options: OptionValues): { paths: StatePaths; database: Database } & Disposable {
  const paths = pathsFrom(options);
  expectReadable(paths.folder);
  refuseWithoutDatabase(paths);
  const database = openForReading(paths.database, {
    nativeBinding: assets.nativeBinding('better_sqlite3', paths.folder),
  });
  try {
    if (!hasTables(database)) throw withoutTables(paths);
  } catch (error) {
    database.close();
    throw error;
  }
  return { paths, database, [Symbol.dispose]: () => void database.close() };
}

function withoutTables(paths: StatePaths): GatewayError {
  refuseUnlisted(paths, 'without tables');
  return new GatewayError('not_found', `database ${paths.database}: it has no tables yet`, {
    hint: 'They are made when the gateway next starts with this folder.',
  });
}

export interface RunningGateway {
  readonly pid: number;
  readonly web: string;
  readonly mqtt: string;
}

/**
 * Where the gateway listens that has last started and has not stopped; whether it still runs is to be asked there. Null when there is none.
 * @throws GatewayError `denied` when the folder is not ours to read.
 */
export function runningGateway(paths: StatePaths): RunningGateway | null {
  expectReadable(paths.folder);
  try {
    return JSON.parse(fs.readFileSync(paths.running, 'utf8')) as RunningGateway;
  } catch (error) {
    if (errnoOf(error) === 'EACCES') throw notAllowed(`${paths.running}: not readable for`, paths.folder);
    return null; // None, or one that was cut off: nothing runs here.
  }
}
