/** All modules of the gateway: which run, in which worker, and the changes that sagas make to them. */
import type { MessagePort } from 'node:worker_threads';
import { describeError, GatewayError } from '../base/errors.ts';
import { MODULE_CLASSES, type ModuleClass } from '../core/model/module-class.ts';
import { DERIVED_SERIES_BASE, type Series } from '../core/model/series.ts';
import type { CanaryReport } from '../core/modules/comparison.ts';
import { MODULE_SLOTS } from '../core/modules/recovery.ts';
import type { ModuleUse } from '../core/modules/use.ts';
import { configOf, type LoadedModule, type ModuleLoader } from './load-module.ts';
import { type ModuleEntry, type ModuleReport, reportOf } from './module-entry.ts';
import type { ModuleSpec } from './module-spec.ts';
import { ModuleThread, type ModuleThreadFace, type ModuleThreadParts } from './module-thread.ts';
import type { SharedParts, WorkerNotice } from './thread-messages.ts';

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

  async drain(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.drain()));
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
      await this.remove(use.name);
      this.#entries.set(use.name, entry);
      return null;
    }
    const hasMoved = before?.spec != null && before.use.enabled && before.spec.moduleClass !== spec.moduleClass;
    if (hasMoved) await this.#threadOf(before.spec!).remove(use.name);
    const notCarried = await this.#threadOf(spec).put(spec);
    this.#entries.set(use.name, entry);
    const stands = (await this.#statusOf(spec)) ?? null;
    if (stands !== null && stands.state !== 'running')
      throw new GatewayError('denied', `module ${use.name}: ${stands.error}`);
    return hasMoved ? 'it runs in another worker now' : notCarried;
  }

  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry?.spec != null) await this.#threadOf(entry.spec).remove(name);
    this.#entries.delete(name);
    this.#canaries.delete(name);
  }

  async resume(name: string): Promise<void> {
    await this.#running(name).verbs.resume(name);
  }

  /** Whether another version may run beside the live one: not while both would write to one private folder. */
  canRunBeside(use: ModuleUse): boolean {
    return this.#entries.get(use.name)?.spec?.folder == null;
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
    const notCarried = await this.#threadOf(entry.spec!).verbs.startCanary(entry.spec!, this.#parts.series());
    this.#canaries.set(use.name, entry);
    return notCarried;
  }

  /** The canary goes live, and what was live becomes the canary. @throws GatewayError `conflict` when there is none. */
  async swapCanary(name: string): Promise<void> {
    const canary = this.#canaries.get(name);
    const live = this.#entries.get(name);
    const hasSwapped = canary?.spec != null && (await this.#threadOf(canary.spec).verbs.swapCanary(name));
    if (!hasSwapped || live === undefined) {
      this.#canaries.delete(name);
      throw new GatewayError('conflict', `module ${name}: no version runs beside it`);
    }
    this.#entries.set(name, canary);
    this.#canaries.set(name, live);
    this.#threadOf(canary.spec!).setSpec(canary.spec!);
  }

  async dropCanary(name: string): Promise<void> {
    if (!this.#canaries.delete(name)) return;
    const entry = this.#entries.get(name);
    if (entry?.spec != null) await this.#threadOf(entry.spec).verbs.dropCanary(name);
  }

  /** Version of the canary beside a module; undefined when there is none. */
  canaryVersion(name: string): string | undefined {
    return this.#canaries.get(name)?.spec?.manifest.version;
  }

  /** Null when no canary runs, such as after its worker was replaced. */
  async canaryReport(name: string): Promise<CanaryReport | null> {
    return (await this.#running(name).verbs.canaryReport(name)) ?? null;
  }

  #running(name: string): ModuleThreadFace {
    const entry = this.#entries.get(name);
    if (entry?.spec == null || !entry.use.enabled) throw new GatewayError('not_found', `module ${name}: does not run`);
    return this.#threadOf(entry.spec);
  }

  async #statusOf(spec: ModuleSpec) {
    const statuses = await this.#threadOf(spec).verbs.statuses();
    return statuses.find(({ name }) => name === spec.name);
  }

  #entryOf(use: ModuleUse): ModuleEntry {
    try {
      return this.#makeEntry(use);
    } catch (error) {
      const refusal = describeError(error);
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
    const known = this.#entries.get(name)?.spec?.slot;
    if (known !== undefined) return known;
    const taken = new Set([...this.#entries.values()].map(({ spec }) => spec?.slot));
    for (let slot = 0; slot < MODULE_SLOTS; slot++) if (!taken.has(slot)) return slot;
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
