import { join } from 'node:path';
import { GuardCacheFolder } from '../../adapters/files/guard-cache.ts';
import { ModuleStateFolder } from '../../adapters/files/module-states.ts';
import type { Database } from '../../adapters/sqlite/database.ts';
import { readModuleUses } from '../../adapters/sqlite/module-store.ts';
import { describeError } from '../../base/errors.ts';
import type { Config } from '../../config/settings.ts';
import type { Log } from '../service/log.ts';
import type { StatePaths } from '../state-paths.ts';
import { type ModuleLoader, moduleLoader } from './load-module.ts';
import { ModuleHost, type ModuleHostParts } from './module-host.ts';
import { ModuleLibrary } from './module-library.ts';
import { usesOf } from './module-uses.ts';

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
  const host = new ModuleHost({ ...parts, log, loader, folderOf, quarantineAfter: config.modules.quarantineAfter });
  const uses = usesOf(config.module, readModuleUses(database), library, (text) => log('warn', text));
  const known = states.takeAll((name) => log('warn', `module ${name}: its state is damaged: it begins empty`));
  await host.start(uses, known);
  return {
    ...{ host, library, loader, folderOf },
    async [Symbol.asyncDispose]() {
      states.save(await host.stop());
    },
  };
}
