import { Assembler, DEFAULT_ORIGIN } from './assemble.ts';
import { ConfigError, type ConfigFault } from './fault.ts';
import { isWithin } from './names.ts';
import { type ConfigText, type GivenByPath, type Place, placeIn, readDefaultLayer, readLayer } from './read-layer.ts';
import { type CronProblem, RULES, type RuleContext } from './rules.ts';
import { type Config, SETTINGS } from './settings.ts';

export interface ParsedConfig {
  readonly config: Config;
  /** By path in the file (`mqtt.listener.port`, `module[0].name`): the origin of the layer that gave it, or `default`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Where a path stands, or what is around it, for those who find faults later: also of a key within a table of numbers. */
  readonly placeOf: (path: string) => Place;
}

/**
 * Reads layers of TOML, weakest first, into one frozen configuration. Tables merge key by key; any other value, and all
 * `[[tables]]` of one name together, are replaced as a whole by a stronger layer. `route = []` therefore means none at all.
 * @param cronProblem without it cron expressions are judged by their form only.
 * @throws ConfigError (`invalid`) with every fault of every layer, also of values that a stronger layer replaces.
 */
export function parseConfig(layers: readonly ConfigText[], cronProblem?: CronProblem): ParsedConfig {
  const { faults, ...parsed } = examineConfig(layers, cronProblem);
  if (faults.length > 0) throw new ConfigError(faults);
  return parsed;
}

/** The same with its faults, and in place of what is refused the default, for those who look for further faults. */
export function examineConfig(
  layers: readonly ConfigText[],
  cronProblem: CronProblem = () => null,
): ParsedConfig & { readonly faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const given = readDefaultLayer(DEFAULT_ORIGIN, faults);
  for (const layer of layers) overlay(given, readLayer(layer, faults));
  const assembler = new Assembler(given);
  // The table that types `Config` is the table that is walked here, so the shape is right by construction.
  const config = assembler.assembleTable(SETTINGS, '') as unknown as Config;
  faults.push(...assembler.faults);
  const { origins } = assembler;
  const isGiven = (path: string) => (origins.get(path) ?? DEFAULT_ORIGIN) !== DEFAULT_ORIGIN;
  faults.push(...brokenRules(config, { isGiven, cronProblem }, given, faults));
  const placeOf = (path: string) => placeIn(given, path) ?? { origin: DEFAULT_ORIGIN };
  return { config, origins, placeOf, faults };
}

/** The configuration of a gateway without any file. */
export function defaultConfig(): Config {
  return parseConfig([]).config;
}

function overlay(weaker: GivenByPath, stronger: GivenByPath): void {
  const replaced = [...stronger.keys()].filter((path) => weaker.has(`${path}[0]`));
  for (const path of weaker.keys()) {
    if (replaced.some((list) => path.startsWith(`${list}[`))) weaker.delete(path);
  }
  for (const [path, entry] of stronger) weaker.set(path, entry);
}

/** What rules find, except where a setting they speak of has a fault of its own: that one comes first. */
function brokenRules(
  config: Config,
  context: RuleContext,
  given: GivenByPath,
  faults: readonly ConfigFault[],
): ConfigFault[] {
  const broken: ConfigFault[] = [];
  for (const rule of RULES) {
    for (const { paths, message, hint } of rule.check(config, context)) {
      if (faults.some((fault) => paths.some((path) => isWithin(fault.path, path)))) continue;
      broken.push({
        path: paths[0],
        message,
        ...(hint === undefined ? {} : { hint }),
        ...(placeIn(given, paths[0]) ?? { origin: DEFAULT_ORIGIN }),
      });
    }
  }
  return broken;
}
