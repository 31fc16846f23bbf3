/** The typed face of the addon `memory_release`: memory that the process holds and does not use goes back to the system. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

export interface MemoryAddon {
  /**
   * Unmaps the pages of the executable's file; those that are used come back at once from the kernel's page cache. Some milliseconds.
   * @returns octets that were mapped; 0 where the executable was written into, as by a debugger.
   */
  releaseFilePages(): number;
  /** malloc_trim(3). Less than a millisecond. @returns whether there was anything to give back. */
  releaseFreeBlocks(): boolean;
  /**
   * Lets V8 put off collections of the calling thread's old generation while the thread starts: what a start makes stays. Until
   * `beginCollection`, and for seven seconds at most; not beyond the limit of the heap.
   */
  postponeCollections(): void;
  /**
   * Lets V8 begin an incremental collection of the calling thread's heap, of the kind for when memory is short (MemoryPressureNotification,
   * moderate): it also moves objects together and forgets code that has not run during six collections. Returns at once; V8 takes steps of a
   * millisecond between other work, and a last one of some 6 ms of x86-64. Nothing while one is under way.
   */
  beginCollection(): void;
}

/** @param path of the addon. @throws Error of the dynamic loader when it cannot be opened. */
export function loadMemoryAddon(path: string): MemoryAddon {
  return createRequire(`${dirname(path)}/`)(path) as MemoryAddon;
}
