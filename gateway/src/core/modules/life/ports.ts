/** What the sagas of modules need from the world. Every verb may be repeated. */
import type { CanaryReport } from '../comparison.ts';
import type { ModuleStatus } from '../status.ts';
import type { ModuleUse } from '../use.ts';

/** What is known of a package once it has been judged. Kept in the saga. */
export interface PackageFacts {
  readonly id: string;
  readonly version: string;
  /** Of the WebAssembly file, hex. */
  readonly sha256: string;
  readonly publisher: string | null;
  readonly trust: string;
  /** This very version was installed before. */
  readonly wasInstalled: boolean;
}

export interface PackageStore {
  /**
   * Judges a package that was handed in: signature, version against the floor, guard.
   * @throws GatewayError `denied`, `corrupt` or `invalid` with the reason; `not_found` when it is not here any more.
   */
  judge(digest: string): Promise<PackageFacts>;
  /** From what was handed in to what is installed. */
  keep(digest: string, facts: PackageFacts): Promise<void>;
  /** Takes back `keep`, unless a use needs the version. */
  unkeep(facts: PackageFacts): Promise<void>;
  discard(digest: string): Promise<void>;
  /** Removes installed versions of a module that no use runs or could go back to. */
  prune(id: string): Promise<void>;
}

export interface UseStore {
  /** Durable when it resolves. */
  put(use: ModuleUse): Promise<void>;
  remove(name: string): Promise<void>;
  raiseFloor(id: string, version: string): Promise<void>;
}

export interface ModuleRunner {
  /** The use as it runs now, with the version that is live; undefined when there is none of this name. */
  useOf(name: string): ModuleUse | undefined;
  /** How it stands at this moment; while its worker is being replaced, how it stood last. */
  status(name: string): Promise<ModuleStatus | undefined>;
  /** Class of whoever signed the version that is live; null when it could not be loaded. */
  trustOf(name: string): string | null;
  /** @throws GatewayError when the use cannot be run as it says. Nothing has changed then. */
  check(use: ModuleUse): void;
  /** @returns null, or why the state of what ran before was not carried. @throws GatewayError when it does not run. */
  put(use: ModuleUse): Promise<string | null>;
  remove(name: string): Promise<void>;
  /** Deletes what the module has kept for itself. */
  forget(name: string): Promise<void>;
  /** Whether another version may run beside the live one. Where not, it takes its place without being compared. */
  canRunBeside(use: ModuleUse): boolean;
  /** @returns null, or why the canary did not begin with the live version's state. */
  startCanary(use: ModuleUse): Promise<string | null>;
  /** Version of the canary as it was started or swapped; a worker that was replaced since may have lost it. */
  canaryVersion(name: string): string | undefined;
  swapCanary(name: string): Promise<void>;
  dropCanary(name: string): Promise<void>;
  /** Null when no canary runs. */
  canaryReport(name: string): Promise<CanaryReport | null>;
}

export interface LifePorts {
  readonly packages: PackageStore;
  readonly uses: UseStore;
  readonly runner: ModuleRunner;
  /** Waits; rejected when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}
