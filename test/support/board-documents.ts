/** What the emulated board says on its console, as far as tests look at it. Scripts in hw-test/board write these. */

/** A verb of the executable that ran to its end: with --json it writes one document. */
export interface VerbResult<T> {
  /** Exit code. */
  readonly code: number;
  /** Emulated: it says nothing about a board's speed. */
  readonly ms: number;
  readonly document: T | null;
}

export interface Machine {
  readonly kernel: string;
  readonly machine: string;
  readonly cpus: number;
  /** Of the processor; 0xd03 is the Cortex-A53. */
  readonly part: string;
  readonly memoryKb: number;
  /** Of the mount of the root file system: `ro` or `rw`. */
  readonly root: string;
}

export interface MemoryUse {
  readonly pssKb: number;
  readonly rssKb: number;
  readonly anonKb: number;
  /** Largest address space so far. */
  readonly virtualPeakKb: number;
  readonly threads: number;
  readonly files: number;
}

/** A control group of the kernel, in octets. */
export interface GroupUse {
  readonly max: number;
  readonly current: number;
  /** Null where the kernel does not count it. */
  readonly peak: number | null;
  readonly anon: number;
  /** Processes that the kernel has ended for memory. */
  readonly oomKills: number;
}

interface Account {
  readonly received: number;
  readonly stored: number;
  readonly confirmed: number;
  readonly queued: number;
  readonly quarantined: number;
  readonly expired: number;
}

/** Of `tidegate status --json`. */
export interface BoardStatus {
  readonly gateway: { readonly id: string; readonly state: string };
  readonly ledger: {
    readonly balanced: boolean;
    readonly shed: number;
    readonly lanes: { readonly live: Account };
  };
  readonly modules: readonly {
    readonly name: string;
    readonly state: string;
    readonly traps: number;
    readonly memoryBytes?: number;
  }[];
}
