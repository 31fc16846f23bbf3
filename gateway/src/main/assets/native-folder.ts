import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { fileNameOf, isIntact, type NativePart } from './native-part.ts';

export interface NativePlaces {
  readonly env: NodeJS.ProcessEnv;
  /** Folder beside the executable that an image may ship the addons in. */
  readonly beside: string;
  /** A folder of the gateway's own, such as the state folder. */
  readonly near: string | undefined;
}

export interface NativeFolder {
  readonly path: string;
  /** Says what to change when the folder will not do. */
  readonly from: string;
  /** The part stands there, intact and safe from others: nothing is written. */
  readonly isShipped: boolean;
}

/**
 * Where a native part is loaded from. The first that applies decides; one that will not do is an error, never a reason to try the next:
 * 1. TIDEGATE_NATIVE_DIR; 2. `native` beside the executable, when it holds the part intact and others cannot change it (an executable that was
 * downloaded to /tmp has neighbours that anyone may make); 3. `native` in the gateway's own folder;
 * 4. `native` in the folder that systemd gives a service (STATE_DIRECTORY); 5. the user's cache folder.
 * /run and /tmp are left out: they are memory on an embedded device, often not executable, and others may write to the latter.
 * @throws GatewayError `unavailable` when none applies.
 */
export function chooseNativeFolder(part: NativePart, { env, beside, near }: NativePlaces): NativeFolder {
  const owned = (path: string, from: string): NativeFolder => ({ path, from, isShipped: false });
  if (env.TIDEGATE_NATIVE_DIR) return owned(resolve(env.TIDEGATE_NATIVE_DIR), 'TIDEGATE_NATIVE_DIR');
  const shipped = shippedFolder(beside, part);
  if (shipped !== undefined) return { path: shipped, from: beside, isShipped: true };
  if (near !== undefined) return owned(resolve(near, 'native'), 'the state folder');
  const state = env.STATE_DIRECTORY?.split(':')[0];
  if (state) return owned(join(state, 'native'), 'STATE_DIRECTORY');
  const cache = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache'));
  if (cache) return owned(resolve(cache, 'tidegate', 'native'), env.XDG_CACHE_HOME ? 'XDG_CACHE_HOME' : 'HOME');
  throw new GatewayError('unavailable', `native part ${part.name}: no folder to put it into`, {
    hint: 'Set TIDEGATE_NATIVE_DIR to a private folder on a writable file system that is not mounted noexec.',
  });
}

/** Whether one of the environment's places that come last applies. */
export function isNamedByEnvironment(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.STATE_DIRECTORY || env.XDG_CACHE_HOME || env.HOME);
}

/** Without links, so that what was looked at is what is loaded: who may exchange a file after its hash was taken chooses what we run. */
function shippedFolder(beside: string, part: NativePart): string | undefined {
  try {
    const folder = fs.realpathSync(beside);
    const file = join(folder, fileNameOf(part));
    const isSafe = isOursToChange(folder) && isOursToChange(file) && !isReplaceable(folder);
    return isSafe && isIntact(file, part) ? folder : undefined;
  } catch {
    // Not there, or not ours to look at: in both cases nothing is shipped.
    return undefined;
  }
}

/** Only this user and root can write to it. */
function isOursToChange(path: string): boolean {
  const { uid, mode } = fs.lstatSync(path);
  return (uid === process.geteuid!() || uid === 0) && (mode & 0o022) === 0;
}

/** A folder above it is anyone's to rename things in; a sticky one, such as /tmp, lets only the owner. */
export function isReplaceable(folder: string): boolean {
  const parent = dirname(folder);
  if (parent === folder) return false;
  const { mode } = fs.statSync(parent);
  return ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) || isReplaceable(parent);
}
