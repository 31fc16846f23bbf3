/** File operations that survive a power cut: a rename or an unlink is durable only after the folder's own fsync. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import { makeMissing } from './make-folder.ts';

export function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Writes the whole file or nothing: temporary file, fsync, rename, fsync of the folder.
 * @throws GatewayError `exhausted` when the disk is full, `unavailable` otherwise.
 */
export function writeDurably(path: string, octets: Uint8Array | string, mode = 0o640): void {
  const temporary = `${path}.tmp`;
  try {
    const descriptor = fs.openSync(temporary, 'w', mode);
    try {
      const data = typeof octets === 'string' ? Buffer.from(octets) : octets;
      for (let at = 0; at < data.length; ) at += fs.writeSync(descriptor, data, at);
      fs.fdatasyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw diskError(`write ${path}`, error);
  }
}

/** Makes the folder and its missing parents, private to the service, and their places in their parents durable. */
export function makeFolder(path: string): void {
  const made = makeMissing(path);
  try {
    for (const folder of made) syncFolder(dirname(folder));
  } catch (error) {
    throw diskError(`make folder ${path}`, error);
  }
}

/** Names the action and keeps the origin; a full disk is `exhausted`, everything else `unavailable`. */
export function diskError(action: string, error: unknown): GatewayError {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new GatewayError('exhausted', `${action}: the disk is full`, {
      cause: error,
      hint: 'Free space on the data partition, or lower store.disk_max.',
    });
  }
  if (errno === 'EACCES' || errno === 'EROFS' || errno === 'EPERM') {
    return new GatewayError('unavailable', `${action}: not writable (${errno})`, {
      cause: error,
      hint: 'Check the owner of the state folder and that its partition is mounted read-write.',
    });
  }
  return new GatewayError('unavailable', `${action}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
