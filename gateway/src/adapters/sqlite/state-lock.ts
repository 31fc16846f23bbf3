/**
 * Makes sure that one gateway writes to a state folder. The lock is an open exclusive transaction on an empty database in the folder
 * itself: POSIX record locks, which the kernel frees with the process however it ends, which reach across network namespaces (containers
 * that share a volume), and which SQLite keeps apart within one process too.
 *
 * POSIX drops them when the process closes any other descriptor of the file: nobody but SQLite may open it in the gateway's process.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describeError, GatewayError } from '../../base/errors.ts';
import type { OpenOptions } from './database.ts';

const FILE = 'lock.db';

/** Two that start at the same moment may each see the other's half of the lock: they try again for so long, ms. */
const TRY_MS = 250;

/** First octet that SQLite locks. @see https://www.sqlite.org/src/file/src/os.h PENDING_BYTE */
const FIRST_LOCKED = '1073741824';

/**
 * @param folder exists.
 * @returns releases the lock; twice is harmless.
 * @throws GatewayError `conflict` when another gateway holds it, `unavailable` when it cannot be taken for another reason.
 */
export function lockState(folder: string, { nativeBinding }: OpenOptions = {}): Disposable {
  const path = join(folder, FILE);
  let database: Sqlite.Database | undefined;
  try {
    database = new Sqlite(path, { timeout: TRY_MS, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw inUse(folder, path);
    throw new GatewayError('unavailable', `lock state folder ${folder}: ${path}: ${describeError(error)}`, {
      cause: error,
      hint: 'Check the owner of the state folder, that its partition is mounted read-write, and that it has room.',
    });
  }
  const held = database;
  return { [Symbol.dispose]: () => void held.close() };
}

function inUse(folder: string, path: string): GatewayError {
  const pid = holderOf(path);
  const holder = pid === null ? '' : ` (process ${pid})`;
  return new GatewayError('conflict', `state folder ${folder}: another Tidegate uses it${holder}`, {
    hint: 'Stop the other one, or choose another folder with gateway.state_dir.',
  });
}

/**
 * As /proc/locks has it; null where it does not tell, such as of a process in another container. By the file's number alone: the device
 * that stands there is not the one that stat(2) gives on btrfs and overlayfs.
 */
function holderOf(path: string): string | null {
  try {
    const { ino } = fs.statSync(path, { bigint: true });
    for (const line of fs.readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, , , kind, pid, file, from] = line.trim().split(/\s+/);
      const isOurs = kind === 'WRITE' && from === FIRST_LOCKED && file?.split(':')[2] === String(ino);
      if (isOurs && Number(pid) > 0) return pid ?? null;
    }
  } catch {
    // Only the message is poorer for it.
  }
  return null;
}
