/** Which files make Tidegate a service of a machine, and how they get there: whole or not at all, and only where something differs. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { GatewayError } from '../../base/errors.ts';

export interface ServicePlaces {
  readonly executable: string;
  readonly unit: string;
  readonly sysusers: string;
  readonly tmpfiles: string;
  readonly config: string;
}

/** `kept`: it is the operator's, and stays as it is. */
export type FileOutcome = 'written' | 'unchanged' | 'kept';

/** As many as Linux follows in one path. */
const LINKS_MAX = 40;

/** Below these systemd looks for its files by itself. */
const SEARCHED_PREFIXES = ['/usr', '/usr/local'];

/**
 * Where the files go on the machine, without the folder of an image before them.
 * @throws GatewayError `invalid` for a prefix that could not stand in a unit file.
 */
export function servicePlaces(prefix: string): ServicePlaces {
  if (!/^(\/[A-Za-z0-9_.+-]+)+$/.test(prefix)) {
    throw new GatewayError(
      'invalid',
      `--prefix: an absolute path of letters, digits and _ . + - expected, ${prefix} found`,
    );
  }
  const isSearched = SEARCHED_PREFIXES.includes(prefix);
  const etc = (name: string) => `/etc/${name}`;
  const lib = (name: string) => `${prefix}/lib/${name}`;
  const place = isSearched ? lib : etc;
  return {
    executable: `${prefix}/bin/tidegate`,
    unit: place('systemd/system/tidegate.service'),
    sysusers: place('sysusers.d/tidegate.conf'),
    tmpfiles: place('tmpfiles.d/tidegate.conf'),
    config: '/etc/tidegate/tidegate.toml',
  };
}

/**
 * Where a file of the machine lies below the folder of its image. Links above it are followed as the machine will: an absolute one, such as
 * /etc/tidegate to a data partition, leads from the top of the image, never to this machine's own files.
 * @throws GatewayError `invalid` for links that lead round and round.
 */
export function placeIn(root: string, path: string): string {
  return root === '/' ? path : join(root, followIn(root, dirname(path), LINKS_MAX), basename(path));
}

function followIn(root: string, folder: string, linksLeft: number): string {
  const names = folder.split('/').filter((name) => name !== '');
  let at = '/';
  for (const [index, name] of names.entries()) {
    const next = join(at, name);
    if (fs.lstatSync(join(root, next), { throwIfNoEntry: false })?.isSymbolicLink()) {
      if (linksLeft === 0)
        throw new GatewayError('invalid', `${join(root, next)}: a link that leads somewhere expected`);
      const target = resolve(at, fs.readlinkSync(join(root, next)), ...names.slice(index + 1));
      return followIn(root, target, linksLeft - 1);
    }
    at = next;
  }
  return at;
}

/** The unit for an executable at another place than the one it was written for. */
export function unitFor(unit: string, executable: string): string {
  return unit.replace(/^ExecStart=\S+/m, `ExecStart=${executable}`);
}

/** Makes a file what it should be. @throws GatewayError `exhausted` or `unavailable`, naming the path. */
export function putFile(path: string, octets: Uint8Array, mode: number): FileOutcome {
  try {
    if (holds(path, octets) && (fs.statSync(path).mode & 0o777) === mode) return 'unchanged';
    makeFolders(dirname(path));
    writeWhole(path, octets, mode);
    return 'written';
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? String(error);
    const isFull = errno === 'ENOSPC' || errno === 'EDQUOT';
    throw new GatewayError(isFull ? 'exhausted' : 'unavailable', `write ${path}: ${errno}`, {
      cause: error,
      hint: isFull ? 'Free space there.' : 'Is it mounted read-only? An image is made with --root DIR.',
    });
  }
}

/** @returns whether there was one. */
export function removeFile(path: string): boolean {
  if (!fs.existsSync(path)) return false;
  fs.rmSync(path);
  return true;
}

function holds(path: string, octets: Uint8Array): boolean {
  if (!fs.existsSync(path) || fs.statSync(path).size !== octets.length) return false;
  const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
  return hash(fs.readFileSync(path)) === hash(octets);
}

/** For everybody to read, whatever the umask of this process. */
function makeFolders(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolders(dirname(folder));
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o755);
}

/** By rename: the executable may be running. */
function writeWhole(path: string, octets: Uint8Array, mode: number): void {
  const draft = join(dirname(path), `.tidegate-install.${process.pid}.tmp`);
  try {
    const descriptor = fs.openSync(draft, 'w', 0o600);
    try {
      for (let at = 0; at < octets.length; ) at += fs.writeSync(descriptor, octets, at);
      fs.fchmodSync(descriptor, mode);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(draft, path);
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error;
  }
}
