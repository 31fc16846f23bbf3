/** Whose a folder is, for messages to who may not use it, or should not. */
import * as fs from 'node:fs';

/** Of /etc/passwd that is looked into: more than any device has. */
const PASSWD_OCTETS_MAX = 1 << 20;

/** By name where /etc/passwd has one, else `#1000`: sudo(8) takes both. */
export function userName(uid: number): string {
  const fields = passwdLines().map((line) => line.split(':'));
  return fields.find(([, , id]) => id === String(uid))?.[0] ?? `#${uid}`;
}

/** One sentence for a technician: as whom to run the program instead. */
export function ownerHint(path: string): string {
  try {
    const name = userName(fs.statSync(path).uid);
    return `${path} belongs to user ${name}: run it as that user, sudo -u ${name.startsWith('#') ? `'${name}'` : name} tidegate ...`;
  } catch {
    // Not even that is ours to know.
    return `Run it as the user that ${path} belongs to.`;
  }
}

/** Root and somebody else's folder: what root writes there the owner cannot write again. */
export function isRootInForeign(path: string): boolean {
  if (process.geteuid?.() !== 0) return false;
  return (fs.statSync(path, { throwIfNoEntry: false })?.uid ?? 0) !== 0;
}

function passwdLines(): string[] {
  try {
    const octets = fs.readFileSync('/etc/passwd');
    return octets.subarray(0, PASSWD_OCTETS_MAX).toString('utf8').split('\n');
  } catch {
    // Numbers will do.
    return [];
  }
}
