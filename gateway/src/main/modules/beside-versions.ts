import type { CanaryReport } from '../../core/modules/comparison.ts';
import type { ModuleSpec } from './module-spec.ts';

/** Versions that run beside live ones in one worker, and those for which a worker had to be ended: these must not be tried again and again. */
export class BesideVersions {
  readonly #specs = new Map<string, ModuleSpec>();
  readonly #failed = new Map<string, string>();

  get deadlines(): number[] {
    return [...this.#specs.values()].map(({ manifest }) => manifest.limits.deadlineMs);
  }

  bySlot(slot: number): ModuleSpec | undefined {
    return [...this.#specs.values()].find((spec) => spec.slot === slot);
  }

  start(spec: ModuleSpec): void {
    this.#specs.set(spec.name, spec);
    this.#failed.delete(spec.name);
  }

  /** The live version and the one beside it have changed places. @returns what was beside it. */
  exchange(live: ModuleSpec): ModuleSpec | undefined {
    const beside = this.#specs.get(live.name);
    if (beside !== undefined) this.#specs.set(live.name, live);
    return beside;
  }

  drop(name: string): void {
    this.#specs.delete(name);
    this.#failed.delete(name);
  }

  /** The worker is gone, and every version beside another with it. @param slot of the one whose call it was ended for. */
  lost(slot: number | undefined, error: string): void {
    const culprit = slot === undefined ? undefined : this.bySlot(slot);
    if (culprit !== undefined) this.#failed.set(culprit.name, error);
    this.#specs.clear();
  }

  /** Why a worker was ended for it; undefined: none was. */
  failureOf(name: string): string | undefined {
    return this.#failed.get(name);
  }

  /** What the worker would say of it, if there still were that worker. */
  reportOf(name: string): CanaryReport | null {
    const error = this.#failed.get(name);
    if (error === undefined) return null;
    const nothing = { calls: 0, rowsLive: 0, rowsCanary: 0, rowsDiffering: 0, fuelLive: 0, fuelCanary: 0 };
    return { ...nothing, failures: 1, error, notCarried: null };
  }
}
