import * as fs from 'node:fs';

/**
 * Whether the file system of a folder refuses to run what lies on it, by its mount in /proc/self/mountinfo (see proc(5)): the loader would only
 * say that it "failed to map segment from shared object".
 */
export function isNoexec(folder: string, mounts = readMounts()): boolean {
  const path = fs.realpathSync(folder);
  let longest = '';
  let options = '';
  for (const line of mounts.split('\n')) {
    const [, , , , point = '', of = ''] = line.split(' ');
    const mount = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const holds = path === mount || path.startsWith(mount === '/' ? '/' : `${mount}/`);
    // Of two mounts on one point the later hides the earlier.
    if (mount === '' || !holds || mount.length < longest.length) continue;
    longest = mount;
    options = of;
  }
  return options.split(',').includes('noexec');
}

function readMounts(): string {
  try {
    return fs.readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    // Without /proc nothing is known; the dynamic loader has the last word anyway.
    return '';
  }
}
