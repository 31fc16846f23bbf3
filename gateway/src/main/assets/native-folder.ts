import { join, resolve } from 'node:path';
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
  /** The part stands there and is intact: nothing is written. */
  readonly isShipped: boolean;
}

/**
 * Where a native part is loaded from. The first that applies decides; one that will not do is an error, never a reason to try the next:
 * 1. TIDEGATE_NATIVE_DIR; 2. `native` beside the executable, when it holds the part intact; 3. `native` in the gateway's own folder;
 * 4. `native` in the folder that systemd gives a service (STATE_DIRECTORY); 5. the user's cache folder.
 * /run and /tmp are left out: they are memory on an embedded device, often not executable, and others may write to the latter.
 * @throws GatewayError `unavailable` when none applies.
 */
export function chooseNativeFolder(part: NativePart, { env, beside, near }: NativePlaces): NativeFolder {
  const owned = (path: string, from: string): NativeFolder => ({ path, from, isShipped: false });
  if (env.TIDEGATE_NATIVE_DIR) return owned(resolve(env.TIDEGATE_NATIVE_DIR), 'TIDEGATE_NATIVE_DIR');
  if (isIntact(join(beside, fileNameOf(part)), part)) return { path: beside, from: beside, isShipped: true };
  if (near !== undefined) return owned(resolve(near, 'native'), 'the state folder');
  const state = env.STATE_DIRECTORY?.split(':')[0];
  if (state) return owned(join(state, 'native'), 'STATE_DIRECTORY');
  const cache = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache'));
  if (cache) return owned(join(cache, 'tidegate', 'native'), env.XDG_CACHE_HOME ? 'XDG_CACHE_HOME' : 'HOME');
  throw new GatewayError('unavailable', `native part ${part.name}: no folder to put it into`, {
    hint: 'Set TIDEGATE_NATIVE_DIR to a private folder on a writable file system that is not mounted noexec.',
  });
}
