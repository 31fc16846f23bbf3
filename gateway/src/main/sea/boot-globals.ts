import type { Parts } from './parts.ts';

/** What the loader leaves for the bundle it starts: they are bundled apart, and share nothing but the global object. */
export interface BootGlobals {
  /** Of the part `index.json`. Set by the line before the loader. */
  tidegateIndexSha256: string;
  /** Name of the worker that this thread is; undefined: the main thread. Set by the line that starts a worker. */
  tidegateThread?: string;
  /** Parts that the thread which starts this worker has checked, so that it need not. Set by the same line. */
  tidegateChecked?: readonly string[];
  tidegateParts?: Parts;
  /** Whether V8 refused the code cache, because it was made by another build of it; undefined: there is none. */
  tidegateCacheRejected?: boolean | undefined;
}

export function bootGlobals(): BootGlobals {
  return globalThis as unknown as BootGlobals;
}
