/** Functions as the gateway runs them, on real threads, SQLite on disk and, where there are servers, NATS; the store worker is this process. */
import { join } from 'node:path';
import { NatsLink } from '../../../gateway/src/adapters/nats/link.ts';
import { openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import { SqliteEventQueue } from '../../../gateway/src/adapters/sqlite/event-queue.ts';
import type { Remote } from '../../../gateway/src/adapters/threads/rpc.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import type { FunctionStatus } from '../../../gateway/src/core/functions/status.ts';
import { encodeEvent, makeEvent } from '../../../gateway/src/core/model/event.ts';
import { assets } from '../../../gateway/src/main/assets.ts';
import { Functions } from '../../../gateway/src/main/functions/functions.ts';
import { moduleLoader } from '../../../gateway/src/main/modules/load-module.ts';
import { ModuleLibrary } from '../../../gateway/src/main/modules/module-library.ts';
import type { StoreVerbs } from '../../../gateway/src/main/thread-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { queueVerbs } from './queue-verbs.ts';

/** The program's own modules, and the test's, which nobody has signed. */
const loader = moduleLoader(new ModuleLibrary({ stateFolder: null, developerMode: true }), null);

export class FunctionsRig implements AsyncDisposable {
  readonly functions: Functions;
  readonly queue: SqliteEventQueue;
  readonly database: ReturnType<typeof openDatabase>;
  readonly config: ReturnType<typeof parseConfig>['config'];
  readonly store: Remote<StoreVerbs>;
  readonly log: string[] = [];
  readonly #link: NatsLink;

  private constructor(folder: string, text: string) {
    this.config = parseConfig([{ origin: 'test.toml', text }]).config;
    this.database = openDatabase(join(folder, 'tidegate.db'), assets.migrations('gateway'));
    const queue = new SqliteEventQueue(this.database, new Map(this.config.function.map((one) => [one.name, one])));
    this.queue = queue;
    const verbs = queueVerbs(queue, (functions) => this.functions.nudge(functions));
    this.store = verbs as Partial<Remote<StoreVerbs>> as Remote<StoreVerbs>;
    this.#link = new NatsLink(this.config.sync, 'test', systemClock, seededRandom(1));
    this.functions = new Functions({
      config: this.config,
      gatewayId: 'test',
      store: this.store,
      link: this.#link,
      random: seededRandom(2),
      load: (moduleId) => loader.load(moduleId, null, { nowMs: 0, atBoot: true }),
      log: (level, line) => this.log.push(`${level} ${line}`),
    });
  }

  /** @param folder of the database, kept over several rigs in a row. @param config TOML. */
  static async start(folder: string, config: string): Promise<FunctionsRig> {
    const rig = new FunctionsRig(folder, config);
    if (rig.config.sync.servers.length > 0) rig.#link.start();
    await rig.functions.start();
    return rig;
  }

  add(fn: string, ...texts: string[]): void {
    this.#add(texts.map((text) => ({ fn, event: eventOf(text) })));
  }

  async status(name: string): Promise<FunctionStatus> {
    const status = (await this.functions.statuses()).find((one) => one.name === name);
    if (status === undefined) throw new Error(`no function ${name}`);
    return status;
  }

  /** Data of the events that the scripted function has dealt with, in order. */
  did(name: string): string[] {
    const start = `info function ${name}: did `;
    return this.log.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
  }

  untilStatus(name: string, what: string, holds: (status: FunctionStatus) => boolean): Promise<FunctionStatus> {
    return eventually(what, async () => {
      const status = await this.status(name);
      return holds(status) && status;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.functions[Symbol.asyncDispose]();
    await this.#link[Symbol.asyncDispose]();
    this.database.close();
  }

  #add(events: Parameters<StoreVerbs['addEvents']>[0]): void {
    this.queue.add(events, systemClock.now());
    this.functions.nudge(events.map(({ fn }) => fn));
  }
}

let count = 0;

export function eventOf(text: string): Uint8Array {
  return encodeEvent(
    makeEvent({ id: `t${++count}`, source: '/test', type: 'test', timeMs: systemClock.now(), data: Buffer.from(text) }),
  );
}
