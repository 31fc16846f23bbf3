/** Waiting for what another process or thread does: a condition, looked at again and again until it holds or the time is over. */
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/**
 * Resolves with the first result of `look` that is neither undefined nor false.
 * @param what completes the sentence "waited for …".
 * @throws Error when it does not come within `timeoutMs`, with what `look` threw last.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 10_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let cause: unknown;
  while (true) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > until) throw new Error(`waited for ${what}, ${timeoutMs} ms in vain`, { cause });
    await wait(LOOK_EVERY_MS);
  }
}
