/** The programs of others that integration tests run against: Debian packages, or whatever stands in the PATH. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Daemons stand where an ordinary user's PATH does not look. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Path of an executable, or undefined when this machine has none of that name. */
export function findBinary(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS].filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** For the `skip` of a test: why it cannot run here, or false when every program is there. */
export function skipWithout(...names: string[]): string | false {
  const missing = names.filter((name) => findBinary(name) === undefined);
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
