/**
 * A gateway that is attacked: attacking modules in the worker of developers' modules between two honest ones, another honest one in the worker
 * of the vendor's, and readings all the while. Ends with the question whether any honest module has lost or doubled a window.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { StatusDocument } from '../../gateway/src/main/status-report.ts';
import { installCopy } from './attack-module.ts';
import { AttackStream, WINDOW_MS } from './attack-stream.ts';
import { eventually } from './eventually.ts';
import { GatewayProcess } from './gateway-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type ModuleRow = StatusDocument['modules'][number];

const WINDOWS = `config = { windowMs = ${WINDOW_MS}, latenessMs = 0, idleMs = 600000 }`;
/** Honest modules: one in the vendor's worker, and one that sees each batch before the attacks beside it, and one after them. */
const HONEST = ['ref', 'before', 'after'] as const;

/** What may come on top without an attack: caches, code compiled anew, garbage. */
const MEMORY_SLACK_BYTES = 60e6;

export interface AttackOptions {
  /** Puts modules into the folder. @returns their ids: each runs under its id. */
  readonly install: (folder: string) => readonly string[];
  /** Failures in a row that end in quarantine. So many that none does, unless told. */
  readonly quarantineAfter?: number;
  /** Further TOML. */
  readonly config?: string;
}

export class AttackedGateway implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #options: AttackOptions;
  #gateway: GatewayProcess | undefined;
  #stream: AttackStream | undefined;

  constructor(options: AttackOptions) {
    this.#options = options;
  }

  get gateway(): GatewayProcess {
    return this.#gateway!;
  }

  get stream(): AttackStream {
    return this.#stream!;
  }

  get log(): string {
    return this.gateway.log;
  }

  /** Resolves when readings flow and every honest module has closed a window. */
  async start(): Promise<this> {
    const { install, quarantineAfter = 1000, config = '' } = this.#options;
    installCopy(this.#folder.path, 'window-aggregate', 'honest');
    const tables = [
      table('ref', 'window-aggregate', WINDOWS),
      table('before', 'honest', WINDOWS),
      ...install(this.#folder.path).map((id) => table(id, id, '')),
      table('after', 'honest', WINDOWS),
    ];
    this.#gateway = new GatewayProcess({
      config: `${config}\n${tables.join('')}`,
      env: { TIDEGATE_MODULES: this.#folder.path },
      modules: `quarantine_after = ${quarantineAfter}`,
    });
    await this.#gateway.start();
    this.#stream = await AttackStream.start(this.gateway.mqttPort);
    await this.windowsGoOn();
    return this;
  }

  /** Stops the gateway in good order, lets `between` have the state folder, and starts it again; the readings go on where they were. */
  async stopAndStart(between: () => void): Promise<void> {
    await this.stream.stop();
    assert.equal(await this.gateway.stop(), 0, this.log);
    between();
    await this.gateway.start();
    await this.stream.goOn(this.gateway.mqttPort);
  }

  /** From now on readings set off the attacks. */
  attack(): void {
    this.stream.isArmed = true;
  }

  /** From now on they do not. */
  rest(): void {
    this.stream.isArmed = false;
  }

  async module(name: string): Promise<ModuleRow> {
    const row = (await this.gateway.status()).modules.find((module) => module.name === name);
    if (row === undefined) throw new Error(`no module ${name}`);
    return row;
  }

  /** The module as it stands once it has failed so often. */
  failed(name: string, times = 1): Promise<ModuleRow> {
    return this.#moduleWith(name, `${name} to have failed ${times} times`, ({ traps }) => traps >= times);
  }

  async #moduleWith(name: string, what: string, holds: (row: ModuleRow) => boolean): Promise<ModuleRow> {
    let last: ModuleRow | undefined;
    return eventually(
      what,
      async () => {
        last = await this.module(name);
        return holds(last) && last;
      },
      30_000,
    ).catch((error) => {
      throw new Error(`${what}: ${JSON.stringify(last)}\n${this.log}`, { cause: error });
    });
  }

  moduleWhere(name: string, what: string, holds: (row: ModuleRow) => boolean): Promise<ModuleRow> {
    return this.#moduleWith(name, `${name} ${what}`, holds);
  }

  /** Every honest module closes windows now. */
  async windowsGoOn(): Promise<void> {
    for (const name of HONEST) {
      const count = async () => (await this.gateway.series(`plant/x.${name}.count`))?.count ?? 0;
      const before = await count();
      await eventually(`${name} to close windows`, async () => (await count()) > before, 30_000).catch((error) => {
        throw new Error(`${error.message}\n${this.log}`, { cause: error });
      });
    }
  }

  /** Readings are acknowledged, the gateway is well, and its accounts agree. */
  async assertWell(): Promise<void> {
    await this.stream.acknowledged(20);
    await this.windowsGoOn();
    const health = await fetch(new URL('/healthz', this.gateway.web));
    assert.equal(health.status, 200, await health.text());
    assert.ok((await this.gateway.status()).ledger.balanced, 'the ledger is balanced');
  }

  /** Every honest module has closed the last window that it can: a stop drains for a bounded time, which a busy machine may exceed. */
  async #caughtUp(): Promise<void> {
    const lastMs = Math.max(...this.stream.closedWindows.keys());
    for (const name of HONEST) {
      const isThere = async () => ((await this.gateway.series(`plant/x.${name}.count`))?.lastMs ?? 0) >= lastMs;
      await eventually(`${name} to close its last window`, isThere, 30_000);
    }
  }

  /**
   * Stops everything. Every window of every honest module is there, once, and counts every reading of it.
   * @param isAtOnce whatever modules are doing.
   */
  async assertNothingLost(isAtOnce = false): Promise<void> {
    await this.stream.stop();
    if (!isAtOnce) await this.#caughtUp();
    assert.equal(await this.gateway.stop(), 0, this.log);
    const all = await this.gateway.exported('plant/x**');
    for (const name of HONEST) {
      const rows = all.filter(({ series }) => series === `plant/x.${name}.count`);
      const windows = new Map(rows.map(({ timeMs, value }) => [timeMs, value]));
      assert.equal(rows.length, windows.size, `${name}: no window is said twice`);
      assert.deepEqual(windows, this.stream.closedWindows, `${name}: every window counts every reading`);
    }
    assert.equal(all.filter(({ series }) => series === 'plant/x').length, this.stream.sent, 'every reading is stored');
  }

  /** Resolves when the log says so. */
  async logSays(pattern: RegExp): Promise<void> {
    await eventually(`the log to say ${pattern}`, () => pattern.test(this.log), 30_000).catch((error) => {
      throw new Error(`${error.message}: ${this.log}`);
    });
  }

  /** Resolves when memory is back near `bytes`. */
  async memoryBackTo(bytes: number): Promise<void> {
    const most = bytes + MEMORY_SLACK_BYTES;
    let last = 0;
    const look = () => {
      last = this.anonymousBytes();
      return last <= most;
    };
    await eventually('memory to be given back', look, 20_000).catch(() => {
      throw new Error(`at most ${most} octets of memory expected, ${last} found`);
    });
  }

  /** Memory that is the process's own, and in no file. Octets. */
  anonymousBytes(): number {
    const rollup = readFileSync(`/proc/${this.gateway.pid}/smaps_rollup`, 'utf8');
    return 1024 * Number(/^Anonymous:\s+(\d+) kB/m.exec(rollup)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream?.[Symbol.dispose]();
    await this.#gateway?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

function table(name: string, module: string, config: string): string {
  return `[[module]]\nname = "${name}"\nmodule = "${module}"\n[[module.input]]\nseries = "plant/**"\n${config}\n`;
}

/** A gateway under readings; `await using` ends it. */
export function startAttacked(options: AttackOptions): Promise<AttackedGateway> {
  return new AttackedGateway(options).start();
}
