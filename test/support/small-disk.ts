import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

/** A file system of its own, so small that it fills. Undefined where this machine does not allow one. */
export function smallDisk(megabytes: number): (Disposable & { path: string }) | undefined {
  const folder = temporaryFolder();
  const path = join(folder.path, 'disk');
  mkdirSync(path);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  if (mounted.status !== 0) {
    folder[Symbol.dispose]();
    return undefined;
  }
  const release = () => {
    spawnSync('umount', [path]);
    folder[Symbol.dispose]();
  };
  return { path, [Symbol.dispose]: release };
}

/** Why tests with a small disk are skipped; false where they can run. */
export function noSmallDisk(): string | false {
  using disk = smallDisk(1);
  return disk === undefined && 'mounting a small file system needs root';
}
