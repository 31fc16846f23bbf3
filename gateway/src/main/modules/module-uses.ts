import type { Config } from '../../config/settings.ts';
import type { ModuleUse } from '../../core/modules/use.ts';
import type { ModuleLibrary } from './module-library.ts';

/**
 * What is to run: the modules of the configuration file, each in the version that it has come to, and those that were installed.
 * @param stored as the last life of the gateway left them. A name in the file goes before one that was installed.
 */
export function usesOf(
  config: Config['module'],
  stored: readonly ModuleUse[],
  library: ModuleLibrary,
  onNotice: (text: string) => void,
): ModuleUse[] {
  const fromFile = config.map((entry) => {
    const before = stored.find(({ name, module }) => name === entry.name && module === entry.module);
    return available(
      {
        ...{ name: entry.name, module: entry.module, enabled: entry.enabled, origin: 'file' as const },
        version: before?.version ?? null,
        previous: before?.previous ?? null,
        inputs: entry.input.map(({ series, config: numbers }) => ({ series, config: numbers })),
      },
      library,
      onNotice,
    );
  });
  const names = new Set(fromFile.map(({ name }) => name));
  const installed = stored.filter(({ name, origin }) => origin === 'installed' && !names.has(name));
  return [...fromFile, ...installed];
}

/** A version that is gone, such as one that came with an older program, gives way to the one that is there. */
function available(use: ModuleUse, library: ModuleLibrary, onNotice: (text: string) => void): ModuleUse {
  if (use.version === null) return use;
  const versions = library.versionsOf(use.module);
  if (versions.includes(use.version) || versions.length === 0) return use;
  onNotice(`module ${use.name}: version ${use.version} of ${use.module} is not here any more: ${versions[0]} runs`);
  return { ...use, version: null, previous: null };
}
