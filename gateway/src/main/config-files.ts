import * as fs from 'node:fs';
import { join } from 'node:path';
import { cronProblem } from '../adapters/cron/cron-schedule.ts';
import { GatewayError } from '../base/errors.ts';
import { examineConfig, parseConfig } from '../config/parse-config.ts';
import type { ConfigText } from '../config/read-layer.ts';

/** Where configuration is looked for when no file is named: the image's, then the device's, then the device's drop-ins in order of name. */
export const CONFIG_PLACES = [
  '/usr/lib/tidegate/tidegate.toml',
  '/etc/tidegate/tidegate.toml',
  '/etc/tidegate/conf.d/',
] as const;

/** A larger file is no configuration. */
const FILE_BYTES_MAX = 256 * 1024;

/** Reads the layers, weakest first. @param named files given on the command line, which then stand alone. */
export function readConfigLayers(named: readonly string[]): ConfigText[] {
  const paths =
    named.length > 0
      ? named.flatMap((path) => expand(path, true))
      : CONFIG_PLACES.flatMap((path) => expand(path, false));
  return paths.map((path) => ({ origin: path, text: readBounded(path) }));
}

/** @throws ConfigError naming every fault; GatewayError `not_found` for a file that is not there. */
export function loadConfig(
  named: readonly string[],
  overrides: readonly ConfigText[] = [],
): ReturnType<typeof parseConfig> {
  return parseConfig([...readConfigLayers(named), ...overrides], cronProblem);
}

/** The same for who looks for every fault. @throws GatewayError `not_found` for a file that is not there. */
export function examineFiles(named: readonly string[]): ReturnType<typeof examineConfig> {
  return examineConfig(readConfigLayers(named), cronProblem);
}

function expand(path: string, mustExist: boolean): string[] {
  if (!fs.existsSync(path)) {
    if (!mustExist) return [];
    throw new GatewayError('not_found', `configuration ${path}: no such file`);
  }
  if (!fs.statSync(path).isDirectory()) return [path];
  const names = fs.readdirSync(path).filter((name) => name.endsWith('.toml'));
  return names.sort().map((name) => join(path, name));
}

function readBounded(path: string): string {
  const { size } = fs.statSync(path);
  if (size > FILE_BYTES_MAX) {
    throw new GatewayError(
      'invalid',
      `configuration ${path}: at most ${FILE_BYTES_MAX} octets expected, ${size} found`,
    );
  }
  return fs.readFileSync(path, 'utf8');
}
