/** How a module stands. */
export const MODULE_STATES = ['running', 'backing_off', 'refused', 'disabled'] as const;
export type ModuleState = (typeof MODULE_STATES)[number];

export interface ModuleStatus {
  /** As configured: names the derived series. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly state: ModuleState;
  readonly calls: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly traps: number;
  readonly restarts: number;
  /** Negative results: batches the module itself refused. */
  readonly refusals: number;
  /** Wall time of the last call, ms. */
  readonly lastCallTookMs: number;
  readonly memoryBytes: number;
  readonly error: string | null;
}
