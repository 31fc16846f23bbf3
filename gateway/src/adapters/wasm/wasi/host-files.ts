/** Reading and replacing single files of a module's folder on disk, never through a link. */
import { constants, promises as fs } from 'node:fs';
import { errnoOf, GatewayError } from '../../../base/errors.ts';

export async function replaceFile(temporary: string, path: string, octets: Uint8Array): Promise<void> {
  await fs.rm(temporary, { force: true });
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await fs.open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    await file.writeFile(octets);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(temporary, path);
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await fs.open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Not through a link, and not more than was looked at. */
export async function readPlain(path: string, bytesMax: number): Promise<Uint8Array> {
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    if (size > bytesMax) throw tooMuch(path, `${bytesMax} octets`, `${size}`);
    const octets = new Uint8Array(size);
    const { bytesRead } = await file.read(octets, 0, size, 0);
    return octets.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export function notPlain(path: string, found: string): GatewayError {
  return new GatewayError('denied', `${path}: plain files and folders expected, ${found} found`, {
    hint: 'Somebody has put it there: the folder of a module belongs to the module alone. Remove it.',
  });
}

export function tooMuch(path: string, expected: string, found: string): GatewayError {
  return new GatewayError('exhausted', `${path}: at most ${expected} expected, ${found} found`, {
    hint: 'Grant more with limits.folderBytes in the manifest, or remove files from the folder.',
  });
}

export function fromDisk(action: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const errno = errnoOf(error);
  const isFull = errno === 'ENOSPC' || errno === 'EDQUOT';
  return new GatewayError(isFull ? 'exhausted' : 'unavailable', `${action}: ${isFull ? 'the disk is full' : errno}`, {
    cause: error,
    hint: isFull
      ? 'Free space on the data partition, or lower store.disk_max.'
      : 'Check the owner of the state folder and that its partition is mounted read-write.',
  });
}
