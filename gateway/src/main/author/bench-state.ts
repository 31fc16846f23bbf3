import type { ModuleInstance } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { timed } from './bench-cold.ts';
import { type Spread, spread } from './spread.ts';

/** What it takes to carry the state to a fresh instance, after the load of the bench. */
export interface StateCost {
  readonly pages: number;
  readonly bytes: number;
  readonly snapshotMs: Spread;
  readonly restoreMs: Spread;
}

const RUNS = 7;

/** @throws GatewayError `corrupt` when the module does not give its state, or does not take what it gave. */
export function stateCost(instance: ModuleInstance, fresh: () => ModuleInstance): StateCost {
  const [snapshotMs, restoreMs]: [number[], number[]] = [[], []];
  let pages: Uint8Array[] = [];
  for (let run = 0; run < RUNS; run++) {
    const taken = timed(() => instance.snapshot());
    snapshotMs.push(taken.ms);
    if (typeof taken.value === 'string') throw new GatewayError('corrupt', `gw_snapshot: ${taken.value}`);
    pages = taken.value;
    const heir = fresh();
    const restored = timed(() => heir.restore(pages));
    restoreMs.push(restored.ms);
    if (restored.value < 0)
      throw new GatewayError('corrupt', `gw_restore: 0 for its own state expected, ${restored.value} found`);
  }
  const bytes = pages.reduce((sum, page) => sum + page.length, 0);
  return { pages: pages.length, bytes, snapshotMs: spread(snapshotMs), restoreMs: spread(restoreMs) };
}
