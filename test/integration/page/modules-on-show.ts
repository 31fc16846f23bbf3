/** A gateway with a module, or a function, in each state that the page shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { BODY, installModule, wasmModule } from '../../support/wasm-module.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';
import { installScripted } from '../functions/scripted-function.ts';
import { installTalking } from './talking-module.ts';

/** The longest name that the configuration takes. */
export const LONG_NAME = 'windows-of-the-northern-boilers1';
/** Of a key; any text goes. */
export const PUBLISHER = '<b>Example Works & Söhne Automatisierungstechnik GmbH';

const module = (name: string, id: string, lines = '', config = '', series = '**') =>
  `[[module]]\nname = "${name}"\nmodule = "${id}"\n${lines}\n[[module.input]]\nseries = "${series}"\n${config}\n`;
const fn = (name: string, lines: string, trigger: string) =>
  `[[function]]\nname = "${name}"\nmodule = "scripted"\n${lines}\n[[function.trigger]]\n${trigger}\n`;

const CONFIG = [
  module(LONG_NAME, 'window-aggregate', '', 'config = { windowMs = 1000 }'),
  module('trapping', 'traps'),
  module('ghost', 'not-there'),
  module('altered', 'altered'),
  module('asleep', 'threshold-alarm', 'enabled = false', 'config = { high = 80 }'),
  module('talking', 'talking'),
  module('unfed', 'threshold-alarm', '', 'config = { high = 80 }', 'nowhere/*'),
  fn('orders', 'attempts = 1\nconcurrency = 2', 'type = "mqtt"\ntopic = "orders/#"'),
  fn('idle', 'enabled = false', 'type = "timer"\nevery = "1h"'),
  '[[function]]\nname = "nothing"\nmodule = "not-there"\n[[function.trigger]]\ntype = "http"\n',
].join('\n');

/** Installed under this name and signed: it needs more fuel a second than it may. */
const HUNGRY = { fuelPerSecond: 20_000, fuelPerCall: 1_000_000 };

export class ModulesOnShow implements AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly #folder: string;
  #client: RawClient | undefined;
  #isEnded = false;
  #sending: Promise<void> = Promise.resolve();

  /** @param folder for modules, keys and packages. @param more TOML tables after those that are always there. */
  constructor(folder: string, more = '') {
    this.#folder = folder;
    this.gateway = new GatewayProcess({
      config: CONFIG + more,
      env: { TIDEGATE_MODULES: folder },
      modules: 'quarantine_after = 3',
    });
  }

  /** Resolves when every state is there. Readings come all the time. */
  async start(): Promise<this> {
    installModule(this.#folder, 'traps', wasmModule(BODY.trap));
    installModule(this.#folder, 'altered', wasmModule(BODY.quiet), { sha256: 'ab'.repeat(32) });
    installTalking(this.#folder);
    installScripted(this.#folder);
    await this.gateway.start();
    this.#client = await RawClient.connect(this.gateway.mqttPort, 'show');
    this.#sending = this.#send(this.#client);
    await this.#install();
    for (const data of ['fine', 'refuse', 'trap']) this.#client.publish(`orders/${data}`, data, 0);
    await eventually('every state', async () => {
      const { modules, functions } = await this.gateway.status();
      const of = (name: string) => modules.find((one) => one.name === name);
      const isThere = of('trapping')?.state === 'quarantined' && (of('hungry')?.throttledRows ?? 0) > 0;
      return isThere && (of('upgrading')?.canary?.calls ?? 0) > 0 && functions.some(({ dead }) => dead === 2);
    });
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true;
    await this.#sending;
    this.#client?.[Symbol.dispose]();
    await this.gateway[Symbol.asyncDispose]();
  }

  async #install(): Promise<void> {
    const workshop = new ModuleWorkshop(this.#folder, this.gateway);
    const settings = ['--input', 'plant/*', '--set', 'windowMs=200', '--set', 'latenessMs=0'];
    await workshop.trustNewKey(PUBLISHER, 'partner');
    const live = await workshop.pack('window-aggregate', '2.0.0', PUBLISHER);
    await workshop.module('install', live, '--name', 'upgrading', ...settings);
    const next = await workshop.pack('window-aggregate', '2.1.0-rc.1', PUBLISHER);
    await workshop.module('upgrade', 'upgrading', next, '--compare', '10m', '--no-wait');
    const limits = JSON.parse(readFileSync(join(live, 'manifest.json'), 'utf8')).limits;
    const hungry = await workshop.pack('window-aggregate', '2.2.0', PUBLISHER, { limits: { ...limits, ...HUNGRY } });
    await workshop.module('install', hungry, '--name', 'hungry', ...settings);
  }

  async #send(client: RawClient): Promise<void> {
    for (let i = 0; !this.#isEnded; i++) {
      for (const point of ['flow', 'temp', 'level']) client.publish(`sensors/plant/${point}`, String(i % 97), 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
