import type { BatchViews } from './batch-layout.ts';

/** The name under which the guard exports the fuel global; a module that exports it itself is refused. */
export const FUEL_EXPORT = 'gw_fuel';

/** An instance of a module, as its host sees it. After a trap it is not used again. */
export interface RunningModule {
  /** Rows that its input buffer holds. */
  readonly inputRows: number;
  readonly hasTick: boolean;
  /** Octets of its linear memory now. */
  readonly memoryBytes: number;
  /** Columns of exactly `rows` rows in the input buffer, to be filled and then passed to `onBatch`. */
  input(rows: number): BatchViews;
  /** Runs on the rows that `input` was filled with. @returns 0, or the module's −errno. */
  onBatch(rows: number, onOutput: (output: BatchViews) => void): number;
  /** @param nowMs Unix epoch milliseconds by the gateway's clock. */
  onTick(nowMs: number, onOutput: (output: BatchViews) => void): number;
}
