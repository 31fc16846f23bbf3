/**
 * What a `wasi1` module can reach: one table for the guard, for the imports and for docs/reference/wasi.md. What does not stand here cannot
 * be imported.
 */

export const WASI_MODULE = 'wasi_snapshot_preview1';

interface WasiCall {
  /** Its parameters in order: `i` an i32, `I` an i64. */
  readonly takes: string;
  /** The capability it takes besides the profile. */
  readonly needs: 'nothing' | 'folder';
  /** What it does here, for the reference. */
  readonly does: string;
}

const open = (takes: string, does: string): WasiCall => ({ takes, needs: 'nothing', does });
const folder = (takes: string, does: string): WasiCall => ({ takes, needs: 'folder', does });

export const WASI_CALLS = {
  args_get: open('ii', 'no arguments'),
  args_sizes_get: open('ii', 'no arguments'),
  environ_get: open('ii', 'no variables'),
  environ_sizes_get: open('ii', 'no variables'),
  clock_res_get: open('ii', '1 ms for clocks 0 (realtime) and 1 (monotonic); others `EINVAL`'),
  clock_time_get: open('iIi', 'clocks 0 and 1 in whole milliseconds; others `EINVAL`'),
  random_get: open('ii', 'at most 65,536 octets a call, more is `EINVAL`'),
  sched_yield: open('', 'returns at once'),
  proc_exit: open('i', 'ends the instance like a trap'),
  poll_oneoff: open('iiii', 'clock subscriptions that are due; anything one would have to wait for is `ENOTSUP`'),
  sock_accept: open('iii', '`ENOTSUP`'),
  sock_recv: open('iiiiii', '`ENOTSUP`'),
  sock_send: open('iiiii', '`ENOTSUP`'),
  sock_shutdown: open('ii', '`ENOTSUP`'),
  fd_write: open('iiii', 'standard output and error: lines of the log; files with `folder`'),
  fd_read: open('iiii', 'standard input: at its end; files with `folder`'),
  fd_close: open('i', 'files and folders; the descriptors 0 to 3 stay (`ENOTSUP`)'),
  fd_seek: open('iIii', 'files; `ESPIPE` for the standard streams'),
  fd_fdstat_get: open('ii', 'type, flags, rights'),
  fd_fdstat_set_flags: open('ii', '`append` of files'),
  fd_filestat_get: open('ii', 'type, size, time of change'),
  fd_prestat_get: open('ii', 'descriptor 3 with `folder`; else `EBADF`'),
  fd_prestat_dir_name: open('iii', '`/data` with `folder`; else `EBADF`'),
  fd_advise: folder('iIIi', 'nothing'),
  fd_allocate: folder('iII', 'lengthens with zeros'),
  fd_datasync: folder('i', 'asks the gateway to write the folder back soon'),
  fd_sync: folder('i', 'asks the gateway to write the folder back soon'),
  fd_filestat_set_size: folder('iI', 'cuts, or lengthens with zeros'),
  fd_pread: folder('iiiIi', 'files'),
  fd_pwrite: folder('iiiIi', 'files'),
  fd_readdir: folder('iiiIi', 'in order of creation, `.` and `..` first'),
  fd_renumber: folder('ii', 'between open files and folders; the descriptors 0 to 3 stay (`ENOTSUP`)'),
  fd_tell: folder('ii', 'files'),
  path_create_directory: folder('iii', 'within the bounds below'),
  path_filestat_get: folder('iiiii', 'type, size, time of change'),
  path_link: folder('iiiiiii', '`ENOTSUP`: no links'),
  path_open: folder('iiiiiIIii', 'within the bounds below'),
  path_readlink: folder('iiiiii', '`EINVAL`: nothing is a link'),
  path_remove_directory: folder('iii', 'empty folders'),
  path_rename: folder('iiiiii', 'within the folder'),
  path_symlink: folder('iiiii', '`ENOTSUP`: no links'),
  path_unlink_file: folder('iii', 'files; one that is open is kept, and counted, until it is closed'),
} as const satisfies Record<string, WasiCall>;

export type WasiCallName = keyof typeof WASI_CALLS;

function typesOf(hasFolder: boolean): ReadonlyMap<string, string> {
  const calls = Object.entries(WASI_CALLS).filter(([, call]) => hasFolder || call.needs === 'nothing');
  return new Map(
    calls.map(([name, { takes }]) => {
      const parameters = [...takes].map((one) => (one === 'I' ? 'i64' : 'i32')).join(', ');
      return [`${WASI_MODULE}.${name}`, `(${parameters}) -> ${name === 'proc_exit' ? '()' : '(i32)'}`];
    }),
  );
}

/** Imports of a `wasi1` module as the guard names them (`module.name`), with the types they must have: the functions behind them rely on it. */
export const WASI_TYPES = typesOf(false);

/** The same with the capability `folder`. */
export const WASI_FOLDER_TYPES = typesOf(true);

/** The names of `WASI_TYPES`. */
export const WASI_GRANTS: ReadonlySet<string> = new Set(WASI_TYPES.keys());

/** The names of `WASI_FOLDER_TYPES`. */
export const WASI_FOLDER_GRANTS: ReadonlySet<string> = new Set(WASI_FOLDER_TYPES.keys());
