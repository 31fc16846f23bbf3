/** What the program holds and does not use goes back to the system: each thread sees to its own, main to that of the whole process. */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { loadMemoryAddon, type MemoryAddon } from '../../../../native/memory-release/index.ts';
import { collectEarly } from '../../adapters/threads/early-collection.ts';
import { describeError } from '../../base/errors.ts';
import { assets } from '../assets.ts';

/** After a start: what only a start uses has been used. */
const FIRST_MS = 10_000;
/** It costs some 4 ms of x86-64 each time, and what is used again some hundred page faults. */
const EVERY_MS = 60_000;
/** Under this name threads find the path of the addon. */
const ADDON = 'memory_release';

type Warn = (text: string) => void;

/** In main, before it starts other threads, which inherit it. Without it, as in a checkout whose native part is not built, nothing is given back. */
export function prepareMemoryCare(stateFolder: string, warn: Warn): void {
  try {
    setEnvironmentData(ADDON, assets.nativeBinding('memory_release', stateFolder));
  } catch (error) {
    warn(notGivenBack(error));
  }
}

/** In every thread, when it starts: its heap, and buffers that nobody refers to any more. */
export function careForThread(warn: Warn): Disposable {
  const addon = load(warn);
  if (addon === null) return new DisposableStack();
  addon.postponeCollections();
  return collectEarly(() => addon.beginCollection());
}

/**
 * In main, every minute: some 30 MB of the executable's pages, and free blocks of malloc's. The kernel would take the pages by itself when memory is
 * short, but not before it has looked at all others; the blocks never.
 */
export function careForProcess(warn: Warn): Disposable {
  const addon = load(warn);
  if (addon === null) return new DisposableStack();
  const release = () => {
    addon.releaseFreeBlocks();
    addon.releaseFilePages();
    timer = setTimeout(release, EVERY_MS).unref();
  };
  let timer = setTimeout(release, FIRST_MS).unref();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

function load(warn: Warn): MemoryAddon | null {
  const path = getEnvironmentData(ADDON);
  if (path === undefined) return null;
  try {
    return loadMemoryAddon(String(path));
  } catch (error) {
    warn(notGivenBack(error));
    return null;
  }
}

function notGivenBack(error: unknown): string {
  return `memory that is not used is not given back: ${describeError(error)}`;
}
