/** What is doubtful of a right configuration, and may be meant so: told, never refused. */
import * as fs from 'node:fs';
import { describeError } from '../../base/errors.ts';
import type { ConfigFault } from '../../config/fault.ts';
import type { ParsedConfig } from '../../config/parse-config.ts';
import type { Config } from '../../config/settings.ts';

type Doubt = Omit<ConfigFault, 'origin'>;

export function configWarnings({ config, placeOf }: ParsedConfig): ConfigFault[] {
  const doubts = [...unreadableFiles(config), ...uncalledFunctions(config)];
  return doubts.map((doubt) => ({ ...doubt, ...placeOf(doubt.path) }));
}

/** Of the parts that are in use: a file may be on the device only, or readable by the service's user only. */
function unreadableFiles({ sync, mqtt: { source, broker } }: Config): Doubt[] {
  const files: [path: string, file: string][] = [];
  if (sync.enabled && sync.servers.length > 0) {
    files.push(
      ['sync.password_file', sync.passwordFile],
      ['sync.nkey_file', sync.nkeyFile],
      ['sync.creds_file', sync.credsFile],
      ['sync.ca_file', sync.caFile],
      ['sync.cert_file', sync.certFile],
      ['sync.key_file', sync.keyFile],
    );
  }
  if (source === 'broker') {
    files.push(
      ['mqtt.broker.password_file', broker.passwordFile],
      ['mqtt.broker.ca_file', broker.caFile],
      ['mqtt.broker.cert_file', broker.certFile],
      ['mqtt.broker.key_file', broker.keyFile],
    );
  }
  return files.flatMap(([path, file]) => {
    const problem = file === '' ? null : readingProblem(file);
    if (problem === null) return [];
    const message = `expected a file that can be read here, found ${problem}`;
    return [{ path, message, hint: "The gateway reads it as its service's user, on its device: is it there?" }];
  });
}

function readingProblem(file: string): string | null {
  try {
    if (!fs.statSync(file).isFile()) return `${file}, which is no file`;
    fs.accessSync(file, fs.constants.R_OK);
    return null;
  } catch (error) {
    return describeError(error);
  }
}

function uncalledFunctions({ function: functions }: Config): Doubt[] {
  return functions.flatMap(({ name, enabled, trigger }, index) => {
    if (!enabled || trigger.length > 0) return [];
    const message = `expected at least one [[function.trigger]] of function ${name}, found none`;
    return [{ path: `function[${index}]`, message, hint: 'It runs only when `tidegate function invoke` calls it.' }];
  });
}
