/**
 * Debian's arm64 packages for the emulated board: fetched with lists and a status of our own and unpacked into a folder. Nothing is
 * installed, and this machine's own architectures, lists and packages stay as they are.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the packages stand once fetched; delete it to have the newest. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../../.cache/hw-test', import.meta.url));

/** Of one call of apt-get or dpkg-deb. */
const STEP_TIMEOUT_MS = 300_000;

/** The gateway's libraries come with these: libc6 and libgcc-s1 are what libstdc++6 needs. */
const USERLAND = ['busybox-static', 'libstdc++6', 'mosquitto-clients'];
/** Depends on the newest kernel, whose own package name changes with every release and leaves the mirror after the next. */
const KERNEL_META = 'linux-image-arm64';

export interface BoardPackages {
  /** Tree of the userland: busybox, C and C++ libraries, mosquitto's clients. */
  readonly userland: string;
  /** Tree of the kernel: `boot/vmlinuz-*`, `lib/modules`. */
  readonly kernel: string;
}

/**
 * The packages, unpacked below `folder`; fetched only when they are not there yet.
 * @throws Error with apt's words when they cannot be had.
 */
export function boardPackages(folder: string): BoardPackages {
  const done = join(folder, 'debian');
  if (!existsSync(done)) {
    const making = join(folder, `debian.${process.pid}`);
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    try {
      fetchAll(making);
      renameSync(making, done);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  return { userland: join(done, 'userland'), kernel: join(done, 'kernel') };
}

function fetchAll(folder: string): void {
  const apt = aptOptions(join(folder, 'apt'));
  run('apt-get', [...apt, 'update']);
  run('apt-get', [...apt, 'install', '--download-only', '--yes', '--no-install-recommends', ...USERLAND]);
  unpackAll(join(folder, 'apt', 'archives'), join(folder, 'userland'));
  const kernel = /Depends: (linux-image-\S+)/.exec(run('apt-cache', [...apt, 'depends', KERNEL_META]))?.[1];
  if (kernel === undefined) throw new Error(`${KERNEL_META}: a dependency on a kernel expected, none found`);
  const archives = join(folder, 'apt', 'kernel');
  mkdirSync(archives);
  run('apt-get', [...apt, 'download', kernel], archives);
  unpackAll(archives, join(folder, 'kernel'));
  rmSync(join(folder, 'apt'), { recursive: true });
}

/** Lists, status and archives of our own. As root apt would fetch as a user who may not write below our folder. */
function aptOptions(folder: string): string[] {
  for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  const options = {
    'APT::Architecture': 'arm64',
    'APT::Architectures::': 'arm64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'Debug::NoLocking': '1',
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': folder,
    'Dir::Cache::archives': join(folder, 'archives'),
  };
  return ['-q', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

function unpackAll(archives: string, folder: string): void {
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', join(archives, name), folder]);
  }
}

function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: STEP_TIMEOUT_MS,
    maxBuffer: 16 * 2 ** 20,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    ...(cwd === undefined ? {} : { cwd }),
  });
}
