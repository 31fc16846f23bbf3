/** What the emulated board boots: kernel, initramfs, a root file system with the packaged executable, and an empty card for /data. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyKernelModules, kernelImage } from './board-kernel.ts';
import { type BoardPackages, boardPackages, PACKAGE_FOLDER } from './board-packages.ts';

const SCRIPTS = fileURLToPath(new URL('../../hw-test/board', import.meta.url));
const STEP_TIMEOUT_MS = 120_000;
const ROOT_SIZE = '200M';
/** QEMU's SD cards have sizes that are powers of two. */
const DATA_SIZE = '256M';
/** Of Debian's packages: nothing that a program on the board reads. */
const NOT_SHIPPED = ['usr/share', 'usr/lib/aarch64-linux-gnu/gconv', 'usr/lib/aarch64-linux-gnu/perl-base'];

export interface BoardImage {
  readonly kernel: string;
  readonly initrd: string;
  /** Read-only on the board. */
  readonly root: string;
  /** The card for /data: boards write to it, one at a time. */
  readonly data: string;
}

export interface ImageOptions {
  /** The executable for linux-arm64. */
  readonly executable: string;
  /** Adds files to the root below this folder, before the image is made. */
  readonly addTo?: (root: string) => void;
}

/** Makes the image in `folder`. @throws Error with a tool's words when a step fails or Debian's packages cannot be had. */
export function makeBoardImage(folder: string, options: ImageOptions): BoardImage {
  const packages = boardPackages(PACKAGE_FOLDER);
  const image = {
    kernel: kernelImage(packages.kernel),
    initrd: join(folder, 'initrd.gz'),
    root: join(folder, 'root.img'),
    data: join(folder, 'data.img'),
  };
  makeInitramfs(packages, join(folder, 'initramfs'), image.initrd);
  makeRoot(packages, join(folder, 'root'), image.root, options);
  run('mke2fs', ['-q', '-t', 'ext4', '-L', 'data', image.data, DATA_SIZE]);
  return image;
}

function makeInitramfs(packages: BoardPackages, tree: string, file: string): void {
  mkdirSync(join(tree, 'bin'), { recursive: true });
  copyFileSync(join(packages.userland, 'bin/busybox'), join(tree, 'bin/busybox'));
  copyFileSync(join(SCRIPTS, 'initramfs.sh'), join(tree, 'init'));
  chmodSync(join(tree, 'init'), 0o755);
  copyKernelModules(packages.kernel, join(tree, 'modules'));
  run('sh', ['-c', 'cd "$0" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 >"$1"', tree, file]);
  rmSync(tree, { recursive: true });
}

function makeRoot(packages: BoardPackages, tree: string, file: string, { executable, addTo }: ImageOptions): void {
  cpSync(packages.userland, tree, { recursive: true, verbatimSymlinks: true });
  for (const path of NOT_SHIPPED) rmSync(join(tree, path), { recursive: true, force: true });
  for (const path of ['data', 'dev', 'proc', 'run', 'sys', 'tmp']) mkdirSync(join(tree, path), { recursive: true });
  symlinkSync('busybox', join(tree, 'bin/sh'));
  writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost board\n');
  cpSync(SCRIPTS, join(tree, 'board'), { recursive: true });
  chmodSync(join(tree, 'board/init.sh'), 0o755);
  copyFileSync(executable, join(tree, 'usr/bin/tidegate'));
  chmodSync(join(tree, 'usr/bin/tidegate'), 0o755);
  addTo?.(tree);
  // Of no use where nothing is written, and it takes room.
  run('mke2fs', [
    '-q',
    '-t',
    'ext4',
    '-O',
    '^has_journal',
    '-E',
    'root_owner=0:0',
    '-L',
    'root',
    '-d',
    tree,
    file,
    ROOT_SIZE,
  ]);
  rmSync(tree, { recursive: true });
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: STEP_TIMEOUT_MS });
}
