import { fstatSync } from 'node:fs';

/**
 * Whether a descriptor leads straight to the journal, which then reads `<priority>` at the beginning of a line: systemd names device and inode of
 * the socket it made. The variable alone proves nothing: it is inherited, and the output may have been redirected since.
 * @see systemd.exec(5), $JOURNAL_STREAM
 */
export function isJournal(env: NodeJS.ProcessEnv, descriptor: number): boolean {
  const [device, inode] = env.JOURNAL_STREAM?.split(':') ?? [];
  if (device === undefined || inode === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return String(dev) === device && String(ino) === inode;
  } catch {
    // Closed: then whatever is written goes nowhere, in any form.
    return false;
  }
}
