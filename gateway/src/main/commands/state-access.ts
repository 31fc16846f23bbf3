/** Whether this user may use a state folder, asked before anything else is, and what to say when not. */
import * as fs from 'node:fs';
import { makeFolder } from '../../adapters/files/durable.ts';
import { isRootInForeign, ownerHint, userName } from '../../adapters/files/owner.ts';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import type { StatePaths } from '../state-paths.ts';

/**
 * Makes the state folder ready for a gateway of this user, before anything is written into it.
 * @throws GatewayError `denied` for root in the folder of a service, which could not write there afterwards, and for a user who may not write;
 * `unavailable` for a folder that cannot be made or is read-only.
 */
export function claimStateFolder(folder: string): void {
  makeFolder(folder);
  if (isRootInForeign(folder)) {
    const owner = userName(fs.statSync(folder).uid);
    const found = `its owner, user ${owner}, expected, root found, whose files the owner could not write`;
    throw new GatewayError('denied', `state folder ${folder}: ${found}`, { hint: ownerHint(folder) });
  }
  expectAccess(folder, fs.constants.W_OK | fs.constants.X_OK, 'writable');
}

/** A folder that is not there passes: what is looked for in it will not be found. */
export function expectReadable(folder: string): void {
  expectAccess(folder, fs.constants.X_OK, 'readable');
}

function expectAccess(folder: string, mode: number, quality: 'readable' | 'writable'): void {
  try {
    fs.accessSync(folder, mode);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return;
    if (errno === 'EROFS') {
      throw new GatewayError('unavailable', `state folder ${folder}: its file system is read-only (EROFS)`, {
        hint: 'Mount it read-write, or choose another folder with gateway.state_dir.',
      });
    }
    throw notAllowed(`state folder ${folder}: not ${quality} for`, folder, errno);
  }
}

/** @param what `state folder /x: not readable for`. */
export function notAllowed(what: string, folder: string, errno = 'EACCES'): GatewayError {
  const me = userName(process.geteuid!());
  return new GatewayError('denied', `${what} user ${me} (${errno})`, { hint: ownerHint(folder) });
}

/** For a gateway that was killed: it has left behind what says where it listens. @param found what shows that it is gone. */
export function endedWithoutNotice({ folder }: StatePaths, found: string): GatewayError {
  const what = `no gateway runs on state folder ${folder}: the last has ended without cleaning up (${found})`;
  return new GatewayError('unavailable', what, {
    hint: 'Start it again: nothing that it has acknowledged is lost. `tidegate store status` reads the folder without it.',
  });
}
