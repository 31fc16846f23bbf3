import * as fs from 'node:fs';
import { type Database, openForReading } from '../../adapters/sqlite/database.ts';
import { GatewayError } from '../../base/errors.ts';
import { type ConfigFault, describeFault } from '../../config/fault.ts';
import { childPath, isWithin, rowPath } from '../../config/names.ts';
import type { examineConfig } from '../../config/parse-config.ts';
import type { Config } from '../../config/settings.ts';
import { shownValues } from '../../config/show.ts';
import { ParameterError, type ParameterFault } from '../../core/modules/config-block.ts';
import { assets } from '../assets.ts';
import { examineFiles, loadConfig } from '../config-files.ts';
import { FunctionPackages } from '../functions/function-packages.ts';
import { loadFunction } from '../functions/load-function.ts';
import { configOf, moduleLoader } from '../modules/load-module.ts';
import { ModuleLibrary } from '../modules/module-library.ts';
import { statePaths } from '../state-paths.ts';
import { type Command, EXIT, listOf, print, printJson, table } from './command.ts';
import { configWarnings } from './config-warnings.ts';

const CONFIG_OPTION = { config: { type: 'string', multiple: true } } as const;

export const configShow: Command = {
  verb: 'config show',
  usage: '[--config FILE]...',
  summary: 'Prints every setting with its value and where it comes from.',
  options: CONFIG_OPTION,
  words: [0, 0],
  async run({ options }) {
    const values = shownValues(loadConfig(listOf(options.config)));
    if (options.json) printJson(values.map(({ path, value, origin }) => ({ path, value, origin })));
    else
      print(
        table(
          ['setting', 'value', 'origin'],
          values.map(({ path, text, origin }) => [path, text, origin]),
        ),
      );
    return EXIT.ok;
  },
};

export const configCheck: Command = {
  verb: 'config check',
  usage: '[--config FILE]...',
  summary: 'Checks the configuration, prints every fault at once, and what is doubtful as a warning.',
  options: CONFIG_OPTION,
  words: [0, 0],
  async run({ options }) {
    const examined = examineFiles(listOf(options.config));
    const faults = [...examined.faults, ...(await moduleFaults(examined))];
    const warnings = configWarnings(examined);
    const isRight = faults.length === 0;
    if (options.json) printJson({ ok: isRight, faults, warnings });
    else {
      const lines = [...faults.map(describeFault), ...warnings.map((one) => `warning: ${describeFault(one)}`)];
      print([...lines, ...(isRight ? ['The configuration is right.'] : [])].join('\n'));
    }
    return isRight ? EXIT.ok : EXIT.usage;
  },
};

/** What the gateway would refuse when it starts modules and functions, except of those whose name or module has a fault already. */
async function moduleFaults({
  config,
  faults: known,
  placeOf,
}: ReturnType<typeof examineConfig>): Promise<ConfigFault[]> {
  const isReadable = (path: string) =>
    !known.some((fault) => [path, `${path}.name`, `${path}.module`].some((at) => isWithin(at, fault.path)));
  const { developerMode } = config.modules;
  const library = new ModuleLibrary({ stateFolder: config.gateway.stateDir, developerMode });
  const loader = moduleLoader(library, null);
  const load = (id: string) => loader.load(id, null, { nowMs: 0, atBoot: true });
  using state = openStateOf(config);
  const packages = new FunctionPackages({ library, loader, database: state.database });
  const loadForFunction = (id: string) => packages.load(id, null);
  const faults: Omit<ConfigFault, 'origin'>[] = [];
  for (const [index, { enabled, module, name, input }] of config.module.entries()) {
    const at = rowPath('module', index);
    if (!enabled || !isReadable(at)) continue;
    const look = () =>
      configOf(
        load(module).manifest,
        name,
        input.map((one) => one.config),
      );
    faults.push(...(await faultsOf(at, look, (number) => `${rowPath(`${at}.input`, number)}.config`)));
  }
  for (const [index, entry] of config.function.entries()) {
    const at = rowPath('function', index);
    if (!entry.enabled || !isReadable(at)) continue;
    const look = () => loadFunction(entry, loadForFunction, null);
    faults.push(...(await faultsOf(at, look, () => `${at}.config`)));
  }
  return faults.map((fault) => ({ ...fault, ...placeOf(fault.path) }));
}

/** Null: the gateway of this program has not run with this state folder yet. */
function openStateOf({ gateway }: Config): { database: Database | null } & Disposable {
  const paths = statePaths(gateway.stateDir);
  if (!fs.existsSync(paths.database)) return { database: null, [Symbol.dispose]: () => undefined };
  const database = openForReading(paths.database, {
    nativeBinding: assets.nativeBinding('better_sqlite3', paths.folder),
  });
  const isCurrent = database.pragma('user_version', { simple: true }) === assets.migrations('gateway').length;
  return { database: isCurrent ? database : null, [Symbol.dispose]: () => void database.close() };
}

/** @param configAt where the parameters for an input stand. */
async function faultsOf(
  row: string,
  look: () => unknown,
  configAt: (input: number) => string,
): Promise<Omit<ConfigFault, 'origin'>[]> {
  try {
    await look();
    return [];
  } catch (error) {
    if (error instanceof ParameterError) return error.faults.map((fault) => faultAt(configAt(fault.input), fault));
    if (!(error instanceof GatewayError)) throw error;
    return [{ path: `${row}.module`, message: error.message, ...hintOf(error.hint) }];
  }
}

function faultAt(table: string, { key, expected, found, near }: ParameterFault): Omit<ConfigFault, 'origin'> {
  const hint = near === undefined ? undefined : `Did you mean ${near}?`;
  return { path: childPath(table, key), message: `expected ${expected}, found ${found}`, ...hintOf(hint) };
}

function hintOf(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
