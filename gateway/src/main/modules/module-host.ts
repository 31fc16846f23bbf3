/** All modules of the gateway: which run, in which worker, and the changes that sagas make to them. */
import type { MessagePort } from 'node:worker_threads';
import { describeWithHint, GatewayError, isTransient } from '../../base/errors.ts';
import { MODULE_CLASSES, type ModuleClass } from '../../core/model/module-class.ts';
import { DERIVED_SERIES_BASE, type Series } from '../../core/model/series.ts';
import type { CanaryReport } from '../../core/modules/comparison.ts';
import { MODULE_SLOTS } from '../../core/modules/recovery.ts';
import type { ModuleUse } from '../../core/modules/use.ts';
import type { SharedParts, WorkerNotice } from '../thread-messages.ts';
import { configOf, type LoadedModule, type ModuleLoader } from './load-module.ts';
import { type ModuleEntry, type ModuleReport, reportOf } from './module-entry.ts';
import type { ModuleSpec } from './module-spec.ts';
import { ModuleThread, type ModuleThreadFace, type ModuleThreadParts } from './module-thread.ts';

export interface ModuleHostParts {
  readonly gatewayId: string;
  readonly shared: SharedParts;
  readonly loader: ModuleLoader;
  readonly quarantineAfter: number;
  /** Derived series of one class of modules. */
  readonly derivedPerClass: number;
  /** Left out: worker threads. */
  readonly makeThread?: (parts: ModuleThreadParts) => ModuleThreadFace;
  /** Private folder of a module that is granted one. */
  readonly folderOf: (name: string) => string;
  /** All series known now. */
  readonly series: () => readonly Series[];
  /** Alarm series that stand raised now. */
  readonly raisedAlarms: () => Promise<number[]>;
  readonly connectIngest: (moduleClass: ModuleClass, port: MessagePort | null) => void;
  readonly connectStore: (port: MessagePort) => Promise<void>;
  readonly onNotice: (notice: WorkerNotice) => void;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export class ModuleHost {
  readonly #parts: ModuleHostParts;
  readonly #entries = new Map<string, ModuleEntry>();
  readonly #canaries = new Map<string, ModuleEntry>();
  /** By name, from before a module's first start until it is removed: two that are put at once must not get the same. */
  readonly #slots = new Map<string, number>();
  readonly #threads: ReadonlyMap<ModuleClass, ModuleThreadFace>;

  constructor(parts: ModuleHostParts) {
    this.#parts = parts;
    this.#threads = new Map(MODULE_CLASSES.map((moduleClass) => [moduleClass, this.#thread(moduleClass)]));
  }

  reports(): ModuleReport[] {
    return [...this.#entries.values()].map((entry) => {
      const { spec, use } = entry;
      const statuses = spec === null || !use.enabled ? [] : this.#threadOf(spec).statuses();
      return reportOf(
        entry,
        statuses.find(({ name }) => name === use.name),
      );
    });
  }

  useOf(name: string): ModuleUse | undefined {
    return this.#entries.get(name)?.use;
  }

  /** How a module stands at this moment; while its worker is being replaced, how it stood last. */
  async status(name: string): Promise<ModuleReport | undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    if (entry.spec === null || !entry.use.enabled) return reportOf(entry, undefined);
    try {
      return reportOf(entry, await this.#statusOf(entry.spec));
    } catch (error) {
      if (!isTransient(error)) throw error;
      return this.reports().find((report) => report.name === name);
    }
  }

  uses(): ModuleUse[] {
    return [...this.#entries.values(), ...this.#canaries.values()].map(({ use }) => use);
  }

  /**
   * A module that cannot be used is refused with a reason, and the others run.
   * @param states what modules knew when the gateway was stopped, by name.
   */
  async start(uses: readonly ModuleUse[], states: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const use of uses) {
      const entry = this.#entryOf(use);
      this.#entries.set(use.name, entry);
      if (entry.spec !== null && use.enabled) this.#threadOf(entry.spec).admit(entry.spec, states.get(use.name));
    }
    for (const thread of this.#threads.values()) await thread.start();
  }

  /** @param through the last batch that each class was given. Resolves when all that modules make of them is on disk. */
  async drain(through: ReadonlyMap<ModuleClass, number>): Promise<void> {
    await Promise.all([...this.#threads].map(([moduleClass, thread]) => thread.drain(through.get(moduleClass) ?? 0)));
  }

  /** @returns what each module knows, by name. */
  async stop(): Promise<Map<string, Uint8Array>> {
    const states = await Promise.all([...this.#threads.values()].map((thread) => thread.stop()));
    return new Map(states.flatMap((one) => [...one]));
  }

  /**
   * Runs the use as it says now, from one batch to the next, with the state of what ran under this name before.
   * @returns null, or why the state was not carried. @throws GatewayError when it cannot be used: what ran goes on.
   */
  async put(use: ModuleUse, loaded?: LoadedModule): Promise<string | null> {
    const before = this.#entries.get(use.name);
    const entry = this.#makeEntry(use, loaded);
    const spec = entry.spec!;
    if (!use.enabled) {
      await this.#end(use.name);
      this.#entries.set(use.name, entry);
      return null;
    }
    const hasMoved = before?.spec != null && before.use.enabled && before.spec.moduleClass !== spec.moduleClass;
    if (hasMoved) await this.#threadOf(before.spec!).remove(use.name);
    else if (before !== undefined && this.canRunBeside(use) && spec.folder === null) await this.#tryOut(spec);
    const notCarried = await this.#threadOf(spec).put(spec);
    this.#entries.set(use.name, entry);
    this.#canaries.delete(use.name);
    const stands = (await this.#statusOf(spec)) ?? null;
    if (stands !== null && stands.state !== 'running')
      throw new GatewayError('denied', `module ${use.name}: ${stands.error}`);
    return hasMoved ? 'it runs in another worker now' : notCarried;
  }

  async remove(name: string): Promise<void> {
    await this.#end(name);
    this.#slots.delete(name);
  }

  async #end(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry?.spec != null) await this.#threadOf(entry.spec).remove(name);
    this.#entries.delete(name);
    this.#canaries.delete(name);
  }

  async resume(name: string): Promise<void> {
    await this.#running(name).verbs.resume(name);
  }

  /** Whether another version may run beside the live one: only beside one that runs, and not when both would write to one private folder. */
  canRunBeside({ name }: ModuleUse): boolean {
    const entry = this.#entries.get(name);
    return entry?.spec != null && entry.use.enabled && entry.spec.folder === null;
  }

  /** Starts another version beside the live one. @returns null, or why it did not begin with its state. */
  async startCanary(use: ModuleUse, loaded?: LoadedModule): Promise<string | null> {
    const live = this.#entries.get(use.name);
    const entry = this.#makeEntry(use, loaded);
    if (live?.spec?.moduleClass !== entry.spec!.moduleClass) {
      throw new GatewayError(
        'denied',
        `module ${use.name}: a package of class ${live?.spec?.moduleClass} expected, ${entry.spec!.moduleClass} found`,
        {
          hint: 'A module cannot move to other trust by an upgrade: remove it, and install it anew.',
        },
      );
    }
    const notCarried = await this.#threadOf(entry.spec!).startCanary(entry.spec!);
    this.#canaries.set(use.name, entry);
    return notCarried;
  }

  /** The canary goes live, and what was live becomes the canary. @throws GatewayError `conflict` when there is none. */
  async swapCanary(name: string): Promise<void> {
    const canary = this.#canaries.get(name);
    const live = this.#entries.get(name);
    const hasSwapped = canary?.spec != null && (await this.#threadOf(canary.spec).swapCanary(name));
    if (!hasSwapped || live === undefined) {
      this.#canaries.delete(name);
      throw new GatewayError('conflict', `module ${name}: no version runs beside it`);
    }
    this.#entries.set(name, canary);
    this.#canaries.set(name, live);
  }

  async dropCanary(name: string): Promise<void> {
    if (!this.#canaries.delete(name)) return;
    const entry = this.#entries.get(name);
    if (entry?.spec != null) await this.#threadOf(entry.spec).dropCanary(name);
  }

  /** Version of the canary beside a module; undefined when there is none. */
  canaryVersion(name: string): string | undefined {
    return this.#canaries.get(name)?.spec?.manifest.version;
  }

  /** Null when no canary runs, such as after its worker was replaced. */
  async canaryReport(name: string): Promise<CanaryReport | null> {
    const report = await this.#running(name).canaryReport(name);
    if (report === null) this.#canaries.delete(name);
    return report;
  }

  #running(name: string): ModuleThreadFace {
    const entry = this.#entries.get(name);
    if (entry?.spec == null || !entry.use.enabled) throw new GatewayError('not_found', `module ${name}: does not run`);
    return this.#threadOf(entry.spec);
  }

  /** Whether it starts at all, beside what runs: that would be lost, with its state, if it gave way to something that does not. */
  async #tryOut(spec: ModuleSpec): Promise<void> {
    const thread = this.#threadOf(spec);
    if ((await this.#statusOf(spec))?.state !== 'running') return;
    await thread.startCanary(spec);
    const report = await thread.canaryReport(spec.name);
    await thread.dropCanary(spec.name);
    this.#canaries.delete(spec.name);
    if (report != null && report.failures > 0) throw new GatewayError('denied', `module ${spec.name}: ${report.error}`);
  }

  async #statusOf(spec: ModuleSpec) {
    const statuses = await this.#threadOf(spec).verbs.statuses();
    return statuses.find(({ name }) => name === spec.name);
  }

  #entryOf(use: ModuleUse): ModuleEntry {
    try {
      return this.#makeEntry(use);
    } catch (error) {
      const refusal = describeWithHint(error);
      if (use.enabled) this.#parts.log('error', `module ${use.name}: refused: ${refusal}`);
      return { use, spec: null, provenance: null, refusal: use.enabled ? refusal : null };
    }
  }

  #makeEntry(use: ModuleUse, loaded?: LoadedModule): ModuleEntry {
    const { loader, folderOf } = this.#parts;
    const { manifest, compiled, moduleClass, provenance } =
      loaded ?? loader.load(use.module, use.version, { nowMs: 0, atBoot: true });
    const inputs = use.inputs.map(({ config }) => config);
    const spec: ModuleSpec = {
      slot: this.#slotOf(use.name),
      name: use.name,
      ...{ moduleClass, manifest, compiled },
      config: configOf(manifest, use.name, inputs),
      inputs: use.inputs.map(({ series }) => series),
      folder: manifest.capabilities.includes('folder') ? folderOf(use.name) : null,
    };
    return { use: { ...use, version: manifest.version }, spec, provenance, refusal: null };
  }

  /** The same for every version of one use; unique on the gateway, so also in its worker. */
  #slotOf(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const taken = new Set(this.#slots.values());
    for (let slot = 0; slot < MODULE_SLOTS; slot++) {
      if (taken.has(slot)) continue;
      this.#slots.set(name, slot);
      return slot;
    }
    throw new GatewayError('exhausted', `module ${name}: at most ${MODULE_SLOTS} modules expected`);
  }

  #threadOf(spec: ModuleSpec): ModuleThreadFace {
    return this.#threads.get(spec.moduleClass)!;
  }

  #thread(moduleClass: ModuleClass): ModuleThreadFace {
    const { connectIngest, derivedPerClass, makeThread, ...parts } = this.#parts;
    const from = DERIVED_SERIES_BASE + MODULE_CLASSES.indexOf(moduleClass) * derivedPerClass;
    const ofThread: ModuleThreadParts = {
      ...parts,
      moduleClass,
      ids: { from, to: from + derivedPerClass },
      connectIngest: (port) => connectIngest(moduleClass, port),
    };
    return makeThread?.(ofThread) ?? new ModuleThread(ofThread);
  }
}
