/** A function takes a newer version, goes back and is removed on a whole gateway, while events come over MQTT. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { decodeEvent } from '../../../gateway/src/core/model/event.ts';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BODY, wasmModule } from '../../support/wasm-module.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';
import { type ScriptedOptions, writeScripted } from './scripted-function.ts';

const ORDERS = `
[[function]]
name = "orders"
module = "scripted"
prewarm = 1
queue_max = 100000
[[function.trigger]]
type = "mqtt"
topic = "orders/#"
`;

/** Its module is never there: what is emitted waits in its queue, for the test to see. */
const WITNESS = `
[[function]]
name = "witness"
module = "not-there"
queue_max = 100000
[[function.trigger]]
type = "emitted"
event = "scripted.done"
[[function.trigger]]
type = "emitted"
event = "scripted.more"
`;

/** Messages that may wait for their acknowledgement. */
const IN_FLIGHT = 48;

/** Publishes events with a number each at QoS 1, faster than they are worked off. */
class Orders implements Disposable {
  readonly #client: RawClient;
  #isEnded = false;
  sent = 0;
  readonly ended: Promise<void>;

  constructor(client: RawClient) {
    this.#client = client;
    this.ended = this.#run();
  }

  /** @returns how many were sent, all of them acknowledged. */
  async stop(): Promise<number> {
    this.#isEnded = true;
    await this.ended;
    return this.sent;
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    this.#client[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    let acknowledged = 0;
    while (!this.#isEnded || acknowledged < this.sent) {
      while (!this.#isEnded && this.sent - acknowledged < IN_FLIGHT) {
        this.sent++;
        this.#client.publish('orders/new', `emit ${this.sent}`, 1, 1 + (this.sent % 60_000));
      }
      await this.#client.next('puback');
      acknowledged++;
    }
  }
}

/** What was emitted, in order: the number, and the version by what it calls its events. The gateway does not run. */
function emittedIn(stateFolder: string): { type: string; order: number }[] {
  const database = new Sqlite(join(stateFolder, 'tidegate.db'), { readonly: true });
  const rows = database.prepare("SELECT event FROM function_event WHERE function = 'witness' ORDER BY id").all();
  database.close();
  return (rows as { event: Buffer }[]).map(({ event }) => {
    const { attributes, data } = decodeEvent(event);
    return { type: attributes.type!, order: Number(Buffer.from(data).toString()) };
  });
}

async function packageOf(folder: string, workshop: ModuleWorkshop, options: ScriptedOptions): Promise<string> {
  const build = writeScripted(join(folder, `scripted-${options.version}`), options);
  await workshop.sign(build, 'acme');
  return build;
}

const statusOf = async (gateway: GatewayProcess) =>
  (await gateway.status()).functions.find(({ name }) => name === 'orders')!;

async function listed(gateway: GatewayProcess, ...words: string[]) {
  const { stdout } = await gateway.cli(['module', ...words, '--json', '--config', gateway.configFile]);
  return JSON.parse(stdout);
}

test('newer, unfit, back and removed: each event is handled once, and each version answers from one event to another', async () => {
  using folder = temporaryFolder();
  await using gateway = await new GatewayProcess({ config: ORDERS + WITNESS }).start();
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme');
  const first = await packageOf(folder.path, workshop, { version: '1.0.0' });
  const second = await packageOf(folder.path, workshop, { version: '1.1.0', emits: 'scripted.more' });
  const refusing = wasmModule(BODY.quiet, BODY.refuse, 'gw_on_event');
  const unfit = await packageOf(folder.path, workshop, { version: '1.2.0', wasm: refusing });

  using orders = new Orders(await RawClient.connect(gateway.mqttPort, 'c'));
  await eventually('events to wait for a function that is not there', () => orders.sent > 200);
  assert.equal((await workshop.module('install', first)).state, 'succeeded');
  const handled = async (more: number) => {
    const { calls } = await statusOf(gateway);
    await eventually(`${more} more events`, async () => (await statusOf(gateway)).calls >= calls + more, 30_000);
  };
  await handled(300);
  assert.equal((await workshop.module('install', second)).state, 'succeeded');
  await handled(300);
  const reason = await workshop.refused('install', unfit);
  assert.match(reason, /compensated: function orders: scripted 1\.2\.0 does not start: .*refuses its configuration/);
  await handled(100);
  assert.equal((await workshop.module('rollback', 'scripted')).state, 'succeeded');
  await handled(300);
  const sent = await orders.stop();
  await eventually('an empty queue', async () => (await statusOf(gateway)).queued === 0, 60_000);
  const { version, calls, failures, retries, dead } = await statusOf(gateway);
  assert.deepEqual([version, calls, failures, retries, dead], ['1.0.0', sent, 0, 0, 0]);

  const shown = await listed(gateway, 'show', 'scripted');
  assert.deepEqual(
    [shown.version, shown.previous, shown.functions, shown.publisher, shown.trust],
    ['1.0.0', '1.1.0', ['orders'], 'acme', 'vendor'],
  );
  assert.match(
    await workshop.refused('remove', 'scripted'),
    /no function of it expected, orders found\. Take what uses/,
  );
  assert.equal(await gateway.stop(), 0, gateway.log);

  const emitted = emittedIn(gateway.stateFolder);
  const numbers = emitted.map(({ order }) => order).sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: sent }, (_, index) => index + 1),
    'each event once',
  );
  const turns = emitted.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
  assert.deepEqual(turns, ['scripted.done', 'scripted.more', 'scripted.done']);

  writeFileSync(gateway.configFile, readFileSync(gateway.configFile, 'utf8').replace(ORDERS, ''));
  await gateway.start();
  assert.equal((await workshop.module('remove', 'scripted')).state, 'succeeded');
  const left = (await listed(gateway, 'list')).filter(({ kind }: { kind?: string }) => kind === 'function');
  assert.deepEqual(
    left.map(({ name }: { name: string }) => name),
    ['not-there'],
  );
  assert.equal(existsSync(join(gateway.stateFolder, 'modules/packages/scripted')), false);
});

test('a version that was taken runs after a kill, and one that was installed before the configuration named it after a start', async () => {
  using folder = temporaryFolder();
  await using gateway = await new GatewayProcess({ config: WITNESS }).start();
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme');
  const first = await packageOf(folder.path, workshop, { version: '1.0.0' });
  const second = await packageOf(folder.path, workshop, { version: '1.1.0', emits: 'scripted.more' });
  await workshop.module('install', first);
  assert.deepEqual((await listed(gateway, 'show', 'scripted')).functions, []);
  await gateway.stop();
  writeFileSync(gateway.configFile, `${readFileSync(gateway.configFile, 'utf8')}${ORDERS}`);
  const check = await gateway.cli(['config', 'check', '--config', gateway.configFile]);
  assert.match(check.stdout, /not-there/);
  assert.doesNotMatch(check.stdout, /scripted/);
  await gateway.start();
  assert.equal((await statusOf(gateway)).version, '1.0.0');
  await workshop.module('install', second);
  await gateway.kill();
  await gateway.start();
  assert.equal((await statusOf(gateway)).version, '1.1.0');
});
