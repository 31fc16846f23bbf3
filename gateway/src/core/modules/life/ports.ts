/** What the sagas of modules need from the world. Every verb may be repeated. */
import type { CanaryReport } from '../comparison.ts';
import type { ModuleManifest } from '../manifest.ts';
import type { ModuleStatus } from '../status.ts';
import type { FunctionPackage, ModuleUse } from '../use.ts';

/** What is known of a package once it has been judged. Kept in the saga. */
export interface PackageFacts {
  readonly id: string;
  readonly version: string;
  readonly kind: ModuleManifest['kind'];
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
  /** Removes installed versions of a module that nothing runs or could go back to. */
  prune(id: string): Promise<void>;
  /** Version of the module that came with the program; null: none did. */
  ofProgram(id: string): string | null;
}

export interface UseStore {
  /** Durable when it resolves. */
  put(use: ModuleUse): Promise<void>;
  remove(name: string): Promise<void>;
  raiseFloor(id: string, version: string): Promise<void>;
  putPackage(row: FunctionPackage): Promise<void>;
  removePackage(id: string): Promise<void>;
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

/** Functions of the configuration, by the module that they are of. */
export interface FunctionRunner {
  /** What is recorded; undefined: no package of it is installed. */
  packageOf(id: string): FunctionPackage | undefined;
  /** Names of the functions that are of this module, whether or not they run. */
  usersOf(id: string): readonly string[];
  /** Class of whoever signed what they run; null: none runs. */
  trustOf(id: string): string | null;
  /** @throws GatewayError when no function can run this version. */
  check(id: string, version: string): void;
  /**
   * Runs them in this version from now on: calls on their way end where they began, all others go to it. One that did not run is given a try.
   * @throws GatewayError when one that runs cannot be started in it: all go on as they are.
   */
  put(id: string, version: string): Promise<void>;
  /** Runs what a start of the gateway would run, after `packageOf`. One that cannot be used then is refused. */
  restore(id: string): Promise<void>;
}

export interface LifePorts {
  readonly packages: PackageStore;
  readonly uses: UseStore;
  readonly runner: ModuleRunner;
  readonly functions: FunctionRunner;
  /** Waits; rejected when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}
