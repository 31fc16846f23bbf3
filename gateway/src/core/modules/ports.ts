import type { BatchViews } from './batch-layout.ts';

/** The name under which the guard exports the fuel global; a module that exports it itself is refused. */
export const FUEL_EXPORT = 'gw_fuel';

/** Calls that have a rate. */
export type RatedCall = 'log' | 'metric' | 'emit';

/** What a module may ask of its host, by granted capability. Pointers have been checked; rates are this side's matter. */
export interface HostCalls {
  /** @param level 0 info, 1 warning, 2 error; others count as info. */
  log(level: number, text: string): void;
  /** Unix epoch milliseconds by the gateway's clock. */
  now(): number;
  metric(name: string, value: number): void;
  /**
   * Asked before what a call carries is read: whether it would be taken now. One that would not is counted here, and not made: what is over a
   * rate must cost no more than its fuel. Left out: always.
   */
  takes?(call: RatedCall): boolean;
  /** @returns 0, or −errno. */
  emit(type: string, data: Uint8Array): number;
}

/** An instance of a module, as its host sees it. After a trap it is not used again. */
export interface RunningModule {
  /** Rows that its input buffer holds. */
  readonly inputRows: number;
  readonly hasTick: boolean;
  /** Octets of its linear memory now. */
  readonly memoryBytes: number;
  /** Units of fuel that all calls so far have used, that of the last one included, also when it failed. */
  readonly fuelUsed: number;
  /** Columns of exactly `rows` rows in the input buffer, to be filled and then passed to `onBatch`. */
  input(rows: number): BatchViews;
  /** Runs on the rows that `input` was filled with. @returns 0, or the module's −errno. */
  onBatch(rows: number, onOutput: (output: BatchViews) => void): number;
  /** @param nowMs Unix epoch milliseconds by the gateway's clock. */
  onTick(nowMs: number, onOutput: (output: BatchViews) => void): number;
  /** Its state, page by page, or why there is none to be carried. */
  snapshot(): Uint8Array[] | string;
  /** Hands pages back to a fresh instance. @returns 0, or the −errno with which it refuses: it is then not to be used. */
  restore(pages: readonly Uint8Array[]): number;
}

/** The octets of a package, read once: these are judged, and these must be used. */
export interface PackageContents {
  readonly manifestText: string;
  readonly wasm: Uint8Array;
  /** Null: there is no signature. */
  readonly signatureText: string | null;
}
