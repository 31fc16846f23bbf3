/** One life of a gateway's modules: it begins with what is stored, and all that it holds in memory ends with it. */
import { join } from 'node:path';
import { NatsLink } from '../../../gateway/src/adapters/nats/link.ts';
import { SqliteEventQueue } from '../../../gateway/src/adapters/sqlite/event-queue.ts';
import { readModuleUses } from '../../../gateway/src/adapters/sqlite/module-store.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { millis } from '../../../gateway/src/base/units.ts';
import { MODULE_CLASSES, type ModuleClass } from '../../../gateway/src/core/model/module-class.ts';
import type { PointColumns } from '../../../gateway/src/core/model/points.ts';
import { isFinal, type SagaDefinition, type SagaRow } from '../../../gateway/src/core/model/saga.ts';
import type { GuardCache } from '../../../gateway/src/core/modules/guard/cache.ts';
import { moduleSagas } from '../../../gateway/src/core/modules/life/definitions.ts';
import { SagaEngine } from '../../../gateway/src/core/sagas/engine.ts';
import { FunctionPackages } from '../../../gateway/src/main/functions/function-packages.ts';
import { Functions } from '../../../gateway/src/main/functions/functions.ts';
import { moduleLoader } from '../../../gateway/src/main/modules/load-module.ts';
import { ModuleHost } from '../../../gateway/src/main/modules/module-host.ts';
import { ModuleLibrary } from '../../../gateway/src/main/modules/module-library.ts';
import { type LifeParts, lifePorts } from '../../../gateway/src/main/modules/module-life.ts';
import { usesOf } from '../../../gateway/src/main/modules/module-uses.ts';
import type { SharedParts } from '../../../gateway/src/main/thread-messages.ts';
import { InProcessThread } from '../../support/hosted-in-process.ts';
import { makeBatches, SERIES } from '../../unit/modules/hosting/hosting-rig.ts';
import { queueVerbs } from '../functions/queue-verbs.ts';
import type { LifeWorld, OfUse, SagaVerb } from './life-world.ts';

/** Looks at canaries pass so many times faster than they are; a batch comes at each. */
const HURRY = 50;
const BATCHES = makeBatches(400, 24, 1);

/** The guard works once for all worlds: what it lets in depends on the binary alone. */
const guarded = new Map<string, Uint8Array>();
const guardCache: GuardCache = { get: (key) => guarded.get(key), put: (key, binary) => guarded.set(key, binary) };

export type LifeView = Awaited<ReturnType<Life['wholeView']>>;

export class Life implements AsyncDisposable {
  readonly host: ModuleHost;
  /** On threads of their own, which start when one is first called. */
  readonly functions: Functions;
  readonly definitions: readonly SagaDefinition[];
  readonly problems: unknown[] = [];
  readonly log: string[] = [];
  readonly threads: ReadonlyMap<ModuleClass, InProcessThread>;
  /** Called at each look of a saga at a canary or a new version, with the step it is in. */
  onLook: ((step: string) => void) | undefined;
  /** Whether each look also brings the next batch. */
  feedsAtLooks = true;
  /** All that was fed, in order. */
  readonly fed: PointColumns[] = [];
  readonly #world: LifeWorld;
  readonly #inflight = new Map<string, PromiseWithResolvers<SagaRow>>();
  readonly #engine: SagaEngine;
  #sequence = 0;

  static async begin(world: LifeWorld, onRow?: (row: string) => void): Promise<Life> {
    const library = new ModuleLibrary({ stateFolder: world.paths.folder, developerMode: false });
    const life = new Life(world, library, onRow);
    const uses = usesOf(world.config, readModuleUses(world.database), library, (text) => life.log.push(text));
    await life.host.start(uses, new Map());
    await life.functions.start();
    return life;
  }

  /** Begins with its engine, and with some batches behind it. */
  static async underWay(world: LifeWorld, onRow: (row: string) => void = () => undefined): Promise<Life> {
    const life = await Life.begin(world, onRow);
    await life.startEngine();
    for (let batch = 0; batch < 10; batch++) life.feed();
    return life;
  }

  private constructor(world: LifeWorld, library: ModuleLibrary, onRow: ((row: string) => void) | undefined) {
    this.#world = world;
    const loader = moduleLoader(library, guardCache);
    const folderOf = (name: string) => join(world.paths.modules, 'folders', name);
    const threads = new Map<ModuleClass, InProcessThread>();
    this.threads = threads;
    this.host = new ModuleHost({
      ...{ gatewayId: 'gw1', loader, folderOf, quarantineAfter: 8, derivedPerClass: 1000 },
      // Only workers have to do with it.
      shared: {} as SharedParts,
      makeThread: (parts) => {
        const thread = new InProcessThread(parts, { keepsRecovery: onRow !== undefined, ...(onRow && { onRow }) });
        threads.set(parts.moduleClass, thread);
        return thread;
      },
      series: () => SERIES,
      raisedAlarms: async () => [],
      connectIngest: () => undefined,
      connectStore: async () => undefined,
      onNotice: () => undefined,
      log: (_, text) => this.log.push(text),
    });
    const { uses, database, settings } = world;
    const queue = new SqliteEventQueue(database, new Map(settings.function.map((one) => [one.name, one])));
    const store = {
      ...queueVerbs(queue, (functions) => this.functions.nudge(functions)),
      putModuleUse: async (use) => uses.put(use, 0),
      removeModuleUse: async (name) => uses.remove(name),
      setModuleFloor: async (module, version) => uses.setFloor(module, version),
      putFunctionPackage: async (row) => uses.putPackage(row, 0),
      removeFunctionPackage: async (module) => uses.removePackage(module),
    } satisfies Partial<LifeParts['store']> as LifeParts['store'];
    const functionPackages = new FunctionPackages({ library, loader, database });
    this.functions = new Functions({
      ...{ config: settings, gatewayId: 'gw1', store, random: seededRandom(1) },
      link: new NatsLink(settings.sync, 'test', systemClock, seededRandom(1)),
      load: (id, version) => functionPackages.load(id, version),
      log: (_, text) => this.log.push(text),
    });
    const { host, functions } = this;
    const parts = { host, library, loader, functions, functionPackages, database, folderOf, store };
    this.definitions = moduleSagas({ ...lifePorts(parts), sleep: (ms, signal) => this.#look(ms, signal) });
    this.#engine = new SagaEngine(this.definitions, {
      ...{ journal: world.journal, clock: systemClock, random: seededRandom(1) },
      onError: (error) => this.problems.push(error),
      onChange: (row) => isFinal(row.state) && this.#inflight.get(row.id)?.resolve(row),
    });
  }

  definition(name: string): SagaDefinition {
    return this.definitions.find((one) => one.name === name)!;
  }

  /** Starts the engine, which takes up what waits; stopped with the life. */
  async startEngine(): Promise<void> {
    await this.#engine.start();
  }

  /** Asks for a saga and waits for its end; the engine must have been started. */
  async run(verb: SagaVerb, parameters: OfUse, id = 's1'): Promise<SagaRow> {
    return this.ended(this.#world.ask(verb, parameters, id));
  }

  /** Until the saga has ended. Also a saga that ended before. */
  async ended(id = 's1'): Promise<SagaRow> {
    const ending = Promise.withResolvers<SagaRow>();
    this.#inflight.set(id, ending);
    const row = this.#world.saga(id);
    if (isFinal(row.state)) return row;
    this.#engine.nudge();
    return ending.promise;
  }

  /** A batch for every module, each at its own time; without one given, the next of an endless row. */
  feed(points: PointColumns = BATCHES[this.#sequence % BATCHES.length]!): void {
    this.#sequence++;
    this.fed.push(points);
    for (const thread of this.threads.values()) thread.deliver(points, this.#sequence);
  }

  /** What can be seen of the host: what runs and how, and whether something runs beside it. */
  view() {
    const modules = this.host.reports().map(({ name, module, version, previous, state, trust, origin }) => {
      const inputs = this.host.useOf(name)?.inputs;
      return {
        name,
        module,
        version,
        previous,
        state,
        trust,
        origin,
        inputs,
        canary: this.host.canaryVersion(name) ?? null,
      };
    });
    const statuses = MODULE_CLASSES.flatMap((one) => [...this.threads.get(one)!.statuses()]);
    const beside = statuses.filter(({ canary }) => canary !== null).map(({ name }) => name);
    const hosted = MODULE_CLASSES.flatMap((one) => this.threads.get(one)!.specs);
    return {
      modules: modules.sort((a, b) => a.name.localeCompare(b.name)),
      // What a new worker would start with.
      hosted: hosted.map(({ name, manifest }) => `${name} ${manifest.version}`).sort(),
      beside,
    };
  }

  /** The same with the functions: how each stands, and what the version that runs answers. */
  async wholeView() {
    const functions = (await this.functions.statuses()).map(async ({ name, version, state, error }) => {
      const call = state === 'running' ? this.functions.invoke(name, 'test', new Uint8Array()) : null;
      return { name, version, state, error, answer: (await call)?.errno };
    });
    return { ...this.view(), functions: await Promise.all(functions) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.stop(millis(0));
    this.#world.lastView = await this.wholeView();
    await this.functions[Symbol.asyncDispose]();
    await this.host.stop();
  }

  async #look(ms: number, signal: AbortSignal): Promise<void> {
    const [row] = this.#world.sagas.active();
    const step = row === undefined ? '' : this.definition(row.definition).steps[row.step]!.name;
    this.onLook?.(step);
    if (this.feedsAtLooks) this.feed();
    await systemClock.sleep(millis(ms / HURRY), signal);
  }
}
