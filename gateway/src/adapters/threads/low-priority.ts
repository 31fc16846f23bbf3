import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** About a ninth of the processor's time beside a thread of ordinary priority that wants it all; all that is left otherwise. */
const NICE = 10;

/**
 * Lets the kernel run the other threads of this process before the calling one, for good. Linux keeps priorities by thread: setpriority(2) takes
 * the number of a thread where it says process.
 * @returns why it could not be done; null: it was.
 */
export function lowerThreadPriority(): string | null {
  try {
    const thread = Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))![0]);
    setPriority(thread, NICE);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
