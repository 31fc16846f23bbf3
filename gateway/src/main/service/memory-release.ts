import { loadMemoryAddon, type MemoryAddon } from '../../../../native/memory-release/index.ts';
import { describeError } from '../../base/errors.ts';
import { assets } from '../assets.ts';
import type { Log } from './log.ts';

/** After a start: what only a start uses has been used. */
const FIRST_MS = 10_000;
/** It costs some 4 ms of x86-64 each time, and what is used again some hundred page faults. */
const EVERY_MS = 60_000;

/**
 * Every minute, gives back what the process holds and does not use: some 30 MB of the executable's pages, and free blocks of malloc's.
 * The kernel would take the pages by itself when memory is short, but not before it has looked at all others; the blocks never.
 * Does nothing in a checkout whose native part is not built.
 */
export function releaseMemory(stateFolder: string, log: Log): Disposable {
  let addon: MemoryAddon | undefined;
  const release = () => {
    try {
      const path = assets.nativeBinding('memory_release', stateFolder);
      if (path === undefined) return;
      addon ??= loadMemoryAddon(path);
      addon.releaseFreeBlocks();
      addon.releaseFilePages();
      timer = setTimeout(release, EVERY_MS).unref();
    } catch (error) {
      log('warn', `memory that is not used is not given back: ${describeError(error)}`);
    }
  };
  let timer = setTimeout(release, FIRST_MS).unref();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
