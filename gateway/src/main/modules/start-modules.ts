import { join } from 'node:path';
import { GuardCacheFolder } from '../../adapters/files/guard-cache.ts';
import { ModuleStateFolder } from '../../adapters/files/module-states.ts';
import type { Database } from '../../adapters/sqlite/database.ts';
import { readModuleUses } from '../../adapters/sqlite/module-store.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Config } from '../../config/settings.ts';
import type { ModuleUse } from '../../core/modules/use.ts';
import type { Log } from '../service/log.ts';
import type { StatePaths } from '../state-paths.ts';
import { type LoadedModule, type ModuleLoader, moduleLoader } from './load-module.ts';
import { ModuleHost, type ModuleHostParts } from './module-host.ts';
import { ModuleLibrary } from './module-library.ts';
import { usesOf } from './module-uses.ts';
import { clearOrphanedAlarms } from './orphaned-alarms.ts';

export interface ModulesParts extends Omit<ModuleHostParts, 'loader' | 'quarantineAfter' | 'folderOf'> {
  readonly config: Config;
  readonly paths: StatePaths;
  /** Read-only. */
  readonly database: Database;
  readonly log: Log;
}

export interface Modules extends AsyncDisposable {
  readonly host: ModuleHost;
  readonly library: ModuleLibrary;
  readonly loader: ModuleLoader;
  /** Private folder of a module. */
  readonly folderOf: (name: string) => string;
}

/** Starts every module, each where it was when the gateway was stopped. Releasing it keeps what each knows. */
export async function startModules({ config, paths, database, log, ...parts }: ModulesParts): Promise<Modules> {
  const library = new ModuleLibrary({ stateFolder: paths.folder, developerMode: config.modules.developerMode });
  if (library.developerMode) log('warn', 'modules.developer_mode is on: modules that nobody has signed may run');
  const cache = GuardCacheFolder.open(join(paths.modules, 'guarded'), (error) => log('warn', describeError(error)));
  const loader = moduleLoader(library, cache);
  const states = new ModuleStateFolder(join(paths.modules, 'states'));
  const folderOf = (name: string) => join(paths.modules, 'folders', name);
  const host = new HostWithStates(states, {
    ...parts,
    log,
    loader,
    folderOf,
    quarantineAfter: config.modules.quarantineAfter,
  });
  const uses = usesOf(config.module, readModuleUses(database), library, (text) => log('warn', text));
  const known = states.read((name) => log('warn', `module ${name}: its state is damaged: it begins empty`));
  await host.start(uses, known);
  // Nothing has been fed to a module yet, so no state is given out that its module has gone on from.
  const reports = host.reports();
  const idle = reports.filter(({ state }) => state === 'disabled' || state === 'refused');
  const orphaned = await clearOrphanedAlarms({
    running: new Set(reports.filter((report) => !idle.includes(report)).map(({ name }) => name)),
    raised: await parts.raisedAlarms(),
    series: parts.series(),
    connectStore: parts.connectStore,
    nowMs: systemClock.now(),
  });
  for (const name of orphaned) log('info', `module ${name}: does not run: its alarms are cleared`);
  // A module that goes on from its state would not say again what has been cleared.
  states.keepOnly(new Set(idle.map(({ name }) => name).filter((name) => !orphaned.includes(name))));
  return {
    ...{ host, library, loader, folderOf },
    async [Symbol.asyncDispose]() {
      states.save(await host.stop());
    },
  };
}

/** A module that is started, or removed, while the gateway runs goes on from what was kept of it no more. */
class HostWithStates extends ModuleHost {
  readonly #states: ModuleStateFolder;

  constructor(states: ModuleStateFolder, parts: ModuleHostParts) {
    super(parts);
    this.#states = states;
  }

  override async put(use: ModuleUse, loaded?: LoadedModule): Promise<string | null> {
    if (use.enabled) this.#states.remove(use.name);
    return super.put(use, loaded);
  }

  override async remove(name: string): Promise<void> {
    await super.remove(name);
    this.#states.remove(name);
  }
}
