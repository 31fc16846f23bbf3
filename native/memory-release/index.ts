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
}

/** @param path of the addon. @throws Error of the dynamic loader when it cannot be opened. */
export function loadMemoryAddon(path: string): MemoryAddon {
  return createRequire(`${dirname(path)}/`)(path) as MemoryAddon;
}
