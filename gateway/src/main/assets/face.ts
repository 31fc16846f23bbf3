import type { Worker, WorkerOptions } from 'node:worker_threads';
import type { Migration } from '../../adapters/sqlite/database.ts';

/** Worker threads of the program: `<name>-worker.ts` each. A packaged executable holds a bundle for every one of them. */
export const WORKER_NAMES = ['ingest', 'store', 'module', 'function'] as const;
export type WorkerName = (typeof WORKER_NAMES)[number];

/** Native addons of the program. */
export const NATIVE_NAMES = ['better_sqlite3', 'build_info', 'memory_release', 'service_notify'] as const;
export type NativeName = (typeof NATIVE_NAMES)[number];

export interface ModuleFiles {
  readonly manifest: string;
  readonly wasm: Uint8Array;
}

/** A file of the program that is copied out for its user, such as those of a module template. */
export interface ShippedFile {
  /** From the folder that was asked for, `/` between its names. */
  readonly path: string;
  readonly octets: Uint8Array;
}

export interface NativeFact {
  readonly name: NativeName;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Where this program comes from. */
export interface BuildFacts {
  /** `package`: one executable; `checkout`: run from its source files. */
  readonly from: 'package' | 'checkout';
  /** `linux-arm64`, `linux-x64`. */
  readonly target: string;
  /** Of the source, 40 hexadecimal digits; null when it is not known. */
  readonly commit: string | null;
  /** Whether files differed from that commit; null when it is not known. */
  readonly modified: boolean | null;
  /** Of the bill of materials inside, lower-case hexadecimal; null in a checkout. */
  readonly sbomSha256: string | null;
  readonly native: readonly NativeFact[];
  /** Version of the SQLite that the store uses. */
  readonly sqlite: string;
}

/** What the rest of the program asks for by name, wherever it lies. */
export interface Assets {
  /** Of the program: semver. */
  readonly version: string;
  /** The top folder of a checkout; the folder of a packaged executable. */
  readonly root: string;
  startWorker(name: WorkerName, options: WorkerOptions): Worker;
  /** In order of their numbers. */
  migrations(set: 'gateway' | 'sink'): Migration[];
  /** A static page or script by its path on the web listener; null when there is none. */
  page(path: string): Uint8Array | null;
  /** @throws GatewayError `not_found`. */
  module(id: string): ModuleFiles;
  /** Identifiers of the modules that came with the program, sorted. */
  moduleIds(): string[];
  /**
   * Path of a native addon that does not lie where its package looks for it; undefined when it does, or is not built.
   * @param near a folder of the gateway's own, such as the state folder, to put it into when no better place is named.
   * @throws GatewayError saying why it cannot be put anywhere, with a hint.
   */
  nativeBinding(name: NativeName, near?: string): string | undefined;
  /** Files below a folder of the source that is shipped whole, sorted by path; none when there is no such folder. */
  shippedFiles(folder: string): ShippedFile[];
  /** Path of a data file of an npm package. @throws GatewayError `unavailable` in a packaged executable. */
  packageFile(specifier: string): string;
  /** Reads `.git` or the program itself: not for hot paths. */
  facts(): BuildFacts;
  /** A text that came with the program: licences of what others wrote, bill of materials. @throws GatewayError `not_found` in a checkout. */
  document(name: 'THIRD-PARTY-LICENSES.txt' | 'sbom.cdx.json'): string;
  /** Reads every part of a packaged executable and compares its hash. @returns how many. @throws GatewayError `corrupt`. */
  verifyAll(): number;
}
