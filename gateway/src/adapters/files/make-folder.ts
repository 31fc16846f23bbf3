/**
 * Makes folders parent by parent. Not by `recursive`: on a file system that takes none, such as /proc, that of Node never ends, and on one that
 * is read-only it tells of a missing folder.
 */
import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import { ownerHint } from './owner.ts';

/** Missing folders above one another: more than any path of ours has. */
const DEPTH_MAX = 64;

const ANOTHER = 'or choose another folder.';

/**
 * @param path its missing parents are made too, all private to the service (0750).
 * @returns those that were made, outermost first; none when it is there.
 * @throws GatewayError `exhausted` for a full disk, `unavailable` naming what stands in the way.
 */
export function makeMissing(path: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(path); !isFolder(at, path); at = dirname(at)) {
    missing.unshift(at);
    if (missing.length > DEPTH_MAX) throw refusal(path, `at most ${DEPTH_MAX} missing folders expected, more found`);
  }
  for (const folder of missing) make(folder, path);
  return missing;
}

/** @returns false when nothing is there. @throws GatewayError when something else is, or nobody may look. */
function isFolder(at: string, path: string): boolean {
  try {
    const found = fs.statSync(at, { throwIfNoEntry: false });
    if (found?.isDirectory()) return true;
    if (found !== undefined) {
      throw refusal(path, `${at}: a folder expected, a file found`, `Remove the file, ${ANOTHER}`);
    }
    const link = fs.lstatSync(at, { throwIfNoEntry: false });
    if (link === undefined) return false;
    const target = fs.readlinkSync(at);
    const hint = `Is the disk of ${target} mounted? Make that folder, or remove the link.`;
    throw refusal(path, `${at} is a symbolic link to ${target}, which is not there`, hint);
  } catch (error) {
    // A parent is a file, which will be seen at the parent.
    if (errnoOf(error) === 'ENOTDIR') return false;
    throw asRefusal(error, at, path);
  }
}

function make(folder: string, path: string): void {
  try {
    fs.mkdirSync(folder, 0o750);
  } catch (error) {
    // Another thread of ours was quicker.
    if (errnoOf(error) !== 'EEXIST' || !isFolder(folder, path)) throw asRefusal(error, folder, path);
  }
}

/** @param at the folder that the system call was about. */
function asRefusal(error: unknown, at: string, path: string): GatewayError {
  if (error instanceof GatewayError) return error;
  const errno = errnoOf(error) ?? '';
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    const hint = 'Free space on the data partition, or lower store.disk_max.';
    return new GatewayError('exhausted', `make folder ${path}: the disk is full (${errno})`, { hint });
  }
  const parent = dirname(at);
  if (errno === 'EROFS') {
    return refusal(path, `the file system of ${parent} is read-only (EROFS)`, `Mount it read-write, ${ANOTHER}`);
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    const found = `user ${process.geteuid?.()} may not write to ${parent} (${errno})`;
    return refusal(path, found, ownerHint(parent));
  }
  if (errno === 'ENOENT') {
    const found = `the file system of ${parent} takes no folders (ENOENT)`;
    return refusal(path, found, 'Choose a folder on a disk.');
  }
  return refusal(path, error instanceof Error ? error.message : String(error), `Correct the path, ${ANOTHER}`);
}

/** @param found what stands in the way, with the code of the system call: that of the call itself would say it again. */
function refusal(path: string, found: string, hint = `Correct the path, ${ANOTHER}`): GatewayError {
  return new GatewayError('unavailable', `make folder ${path}: ${found}`, { hint });
}
