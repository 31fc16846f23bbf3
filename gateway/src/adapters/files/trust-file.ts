/**
 * The files that trust rests on: the trust store, keys, and the files of a package. Read whole, bounded, and only when nobody else could have
 * put something there; written whole or not at all.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import { diskError, makeFolder, syncFolder } from './durable.ts';

/** The trust store of a state folder. */
export function trustPath(stateFolder: string): string {
  return join(stateFolder, 'trust.json');
}

const TRUST_OCTETS_MAX = 256 * 1024;
const PRIVATE_MODE = 0o600;
/** Permissions of group and others: to write; any. */
const WRITABLE_BY_OTHERS = 0o022;
const OPEN_TO_OTHERS = 0o077;

export interface ReadOptions {
  /** Names the file in errors: `private key`. */
  readonly what: string;
  readonly octetsMax: number;
  /** Permission bits that nobody but the owner may have; left out: none are looked at. */
  readonly forbiddenMode?: number;
}

/**
 * The whole of a regular file.
 * @throws GatewayError `not_found`; `invalid` when it is too large or no regular file; `denied` for its permissions; `unavailable` otherwise.
 */
export function readBoundedFile(path: string, { what, octetsMax, forbiddenMode = 0 }: ReadOptions): Buffer {
  const descriptor = openForReading(path, what);
  try {
    const status = fs.fstatSync(descriptor);
    if (!status.isFile()) throw new GatewayError('invalid', `${what} ${path}: a regular file expected`);
    if (status.size > octetsMax)
      throw new GatewayError('invalid', `${what} ${path}: at most ${octetsMax} octets expected, ${status.size} found`);
    if ((status.mode & forbiddenMode) !== 0) {
      const found = (status.mode & 0o777).toString(8);
      throw new GatewayError('denied', `${what} ${path}: permissions for its owner alone expected, ${found} found`, {
        hint: `When nobody else has touched it: chmod 600 ${path}`,
      });
    }
    const octets = Buffer.alloc(status.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < octets.length; length += read)
      read = fs.readSync(descriptor, octets, length, octets.length - length, null);
    return octets.subarray(0, length);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Without waiting for a writer, should it be a pipe. */
function openForReading(path: string, what: string): number {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR')
      throw new GatewayError('not_found', `${what} ${path}: no such file`);
    throw new GatewayError('unavailable', `${what} ${path}: not readable`, { cause: error });
  }
}

/** Its text, for `parseTrust`; null when there is none. @throws GatewayError `denied` when others than the owner can write it. */
export function readTrustFile(path: string): string | null {
  if (!fs.existsSync(path)) return null;
  const octets = readBoundedFile(path, {
    what: 'trust store',
    octetsMax: TRUST_OCTETS_MAX,
    forbiddenMode: WRITABLE_BY_OTHERS,
  });
  return octets.toString('utf8');
}

/** A private key, or a passphrase. @throws GatewayError `denied` when others than the owner can read it. */
export function readSecretFile(path: string, what: string): string {
  return readBoundedFile(path, { what, octetsMax: 16 * 1024, forbiddenMode: OPEN_TO_OTHERS }).toString('utf8');
}

/**
 * Replaces the trust store, durably, by what `change` makes of it. The draft is also the lock: while it is there no other change begins, so
 * none is lost. The file belongs to the owner of its folder, so that the gateway can read what root has written.
 * @throws GatewayError `conflict` while another change is under way; whatever `change` throws: then nothing has changed.
 */
export function changeTrustFile(path: string, change: (text: string | null) => string): void {
  makeFolder(dirname(path));
  const draft = `${path}.tmp`;
  const descriptor = openDraft(draft);
  try {
    writeWhole(descriptor, change(readTrustFile(path)));
    if (process.getuid?.() === 0) {
      const { uid, gid } = fs.statSync(dirname(path));
      fs.fchownSync(descriptor, uid, gid);
    }
    fs.fdatasyncSync(descriptor);
    fs.renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error instanceof GatewayError ? error : diskError(`write ${path}`, error);
  } finally {
    fs.closeSync(descriptor);
  }
}

function openDraft(draft: string): number {
  try {
    return fs.openSync(draft, 'wx', PRIVATE_MODE);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw diskError(`write ${draft}`, error);
    throw new GatewayError('conflict', `trust store: another change is under way (${draft})`, {
      hint: 'Try again. When no other command is running, one was cut off: remove that file.',
    });
  }
}

/**
 * Writes a file that must not be there yet, durably.
 * @param mode permission bits; 0600 unless told. @throws GatewayError `conflict` when there is one: it is left as it is.
 */
export function writeNewFile(path: string, text: string, mode = PRIVATE_MODE): void {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, 'wx', mode);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw diskError(`write ${path}`, error);
    throw new GatewayError('conflict', `${path}: there is a file already, and it is kept`, {
      hint: 'Name another file.',
    });
  }
  try {
    writeWhole(descriptor, text);
    fs.fdatasyncSync(descriptor);
    syncFolder(dirname(path));
  } catch (error) {
    fs.rmSync(path, { force: true });
    throw diskError(`write ${path}`, error);
  } finally {
    fs.closeSync(descriptor);
  }
}

function writeWhole(descriptor: number, text: string): void {
  const octets = Buffer.from(text);
  for (let at = 0; at < octets.length; ) at += fs.writeSync(descriptor, octets, at);
}
