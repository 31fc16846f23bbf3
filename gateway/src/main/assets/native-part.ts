import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { syncFolder } from '../../adapters/files/durable.ts';
import { ownerHint } from '../../adapters/files/owner.ts';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import { isNoexec } from './mount-options.ts';
import type { NativeFolder } from './native-folder.ts';

/** A shared object that the dynamic loader can only take from a file. */
export interface NativePart {
  readonly name: string;
  readonly sha256: string;
  readonly octets: () => Uint8Array;
}

/** Versions of one part that stay in a folder: this program's, the other slot's, and one before. */
const VERSIONS_KEPT = 3;
/** A temporary file as old as this belongs to nobody who is still writing, ms. */
const ABANDONED_MS = 60_000;

export function fileNameOf(part: NativePart): string {
  return `${part.name}-${part.sha256.slice(0, 16)}.node`;
}

/** Whether a file is there, itself and no link to one, and holds the very octets of the part. */
export function isIntact(path: string, part: NativePart): boolean {
  let octets: Uint8Array;
  try {
    // To open a pipe would wait for ever.
    if (!fs.lstatSync(path).isFile()) return false;
    octets = fs.readFileSync(path);
  } catch {
    // Not there, or not ours to read: in both cases it is not what we look for.
    return false;
  }
  return createHash('sha256').update(octets).digest('hex') === part.sha256;
}

/**
 * Brings a part to a file that the dynamic loader can open: verified by its hash at every start, written whole or not at all.
 * @returns its path. @throws GatewayError `denied` for a folder that is not private, `exhausted` for a full disk, else `unavailable`.
 */
export function placeNativePart(part: NativePart, folder: NativeFolder): string {
  const path = join(folder.path, fileNameOf(part));
  const fail = (code: 'denied' | 'exhausted' | 'unavailable', found: string, hint: string, cause?: unknown) =>
    new GatewayError(code, `native part ${part.name} in ${folder.path} (from ${folder.from}): ${found}`, {
      ...(cause === undefined ? {} : { cause }),
      hint,
    });
  try {
    if (!folder.isShipped) {
      makePrivate(folder.path);
      const refused = whyNotPrivate(folder.path);
      if (refused !== undefined) throw fail('denied', refused.reason, refused.hint);
      if (!isIntact(path, part)) writeWhole(path, part, folder.path);
    }
    if (isNoexec(folder.path)) {
      const hint =
        'Set TIDEGATE_NATIVE_DIR to a folder on a file system that is not mounted noexec, or remount this one with exec.';
      throw fail('unavailable', 'the file system is mounted noexec', hint);
    }
    return path;
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const errno = errnoOf(error) ?? String(error);
    if (errno === 'ENOSPC' || errno === 'EDQUOT') {
      const hint = `Free ${Math.ceil(part.octets().length / 2 ** 20)} MiB there, or set TIDEGATE_NATIVE_DIR to another folder.`;
      throw fail('exhausted', 'the disk is full', hint, error);
    }
    const hint =
      'Set TIDEGATE_NATIVE_DIR to a folder that the service may write to, or ship the parts beside the executable.';
    throw fail('unavailable', `not writable (${errno})`, hint, error);
  }
}

/** Step by step: `recursive` tells of a read-only file system as of a missing folder. */
function makePrivate(folder: string): void {
  if (fs.existsSync(folder)) return;
  makePrivate(dirname(folder));
  try {
    fs.mkdirSync(folder, 0o700);
  } catch (error) {
    // Another thread of ours was quicker.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Who may write into the folder may choose what we run. */
function whyNotPrivate(folder: string): { reason: string; hint: string } | undefined {
  const { uid, mode } = fs.statSync(folder);
  const me = process.geteuid!();
  if (uid !== me && uid !== 0) {
    return { reason: `owned by user ${me} or root expected, user ${uid} found`, hint: ownerHint(folder) };
  }
  if ((mode & 0o022) !== 0) {
    const reason = `writable by its owner only expected, mode 0${(mode & 0o777).toString(8)} found`;
    return { reason, hint: `Make it private: chmod 0700 ${folder}` };
  }
  return undefined;
}

/** The name says which octets; two processes that write it at once write the same. */
function writeWhole(path: string, part: NativePart, folder: string): void {
  const temporary = join(folder, `.${part.name}.${process.pid}.${threadId}.tmp`);
  try {
    const descriptor = fs.openSync(temporary, 'w', 0o600);
    try {
      const octets = part.octets();
      for (let at = 0; at < octets.length; ) at += fs.writeSync(descriptor, octets, at);
      fs.fchmodSync(descriptor, 0o500);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, path);
    dropOldVersions(part, folder);
    syncFolder(folder);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** What earlier versions, and processes killed while they wrote, have left. */
function dropOldVersions(part: NativePart, folder: string): void {
  const others = fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(part.name) || name.startsWith(`.${part.name}`))
    .filter((name) => name !== fileNameOf(part))
    .map((name) => ({ name, ms: fs.statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  const isVersion = new RegExp(`^${part.name}-[0-9a-f]{16}\\.node$`);
  const versions = others.filter(({ name }) => isVersion.test(name)).sort((a, b) => b.ms - a.ms);
  const abandoned = others.filter(({ name, ms }) => name.endsWith('.tmp') && ms < Date.now() - ABANDONED_MS);
  for (const { name } of [...versions.slice(VERSIONS_KEPT - 1), ...abandoned])
    fs.rmSync(join(folder, name), { force: true });
}
