/** A module is installed, upgraded and rolled back under a stream of readings, and the gateway stopped and killed in between: no reading is lost or counted twice. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const WINDOW_MS = 500;
const REFERENCE = `[[module]]\nname = "ref"\nmodule = "window-aggregate"\n[[module.input]]\nseries = "**"\nconfig = { windowMs = ${WINDOW_MS}, latenessMs = 0, idleMs = 600000 }\n`;
const SET = ['--set', `windowMs=${WINDOW_MS}`, '--set', 'latenessMs=0', '--set', 'idleMs=600000'];
const QUICK = ['--compare', '300ms', '--watch', '300ms'];

/** Readings with a time of their own, 10 ms apart, each acknowledged before the next. */
class Stream implements Disposable {
  readonly #client: RawClient;
  readonly #prefix: string;
  #timeMs: number;
  sent = 0;
  #isEnded = false;
  readonly ended: Promise<void>;

  constructor(client: RawClient, fromMs: number, prefix = '') {
    this.#client = client;
    this.#prefix = prefix;
    this.#timeMs = fromMs;
    this.ended = this.#run();
  }

  async stop(): Promise<number> {
    this.#isEnded = true;
    await this.ended;
    return this.#timeMs;
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    this.#client[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      this.#timeMs += 10;
      const payload = JSON.stringify({ value: this.sent % 97, time: this.#timeMs });
      this.#client.publish(`${this.#prefix}sensors/plant/x`, payload, 1, 1);
      await this.#client.next('puback');
      this.sent++;
    }
  }
}

/** Counts of the closed windows of one module, by their end. */
async function windowsOf(gateway: GatewayProcess, name: string): Promise<Map<number, number>> {
  const rows = (await gateway.exported(`plant/x.${name}.count`)).map((row) => [row.timeMs, row.value ?? 0] as const);
  const windows = new Map(rows);
  assert.equal(windows.size, rows.length, `${name}: no window is said twice`);
  return windows;
}

test('installed, upgraded, rolled back and configured under load: every window counts what the untouched module counts', async () => {
  using folder = temporaryFolder();
  await using gateway = await startGateway({ config: REFERENCE });
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme', 'partner');
  const first = await workshop.pack('window-aggregate', '2.0.0', 'acme');
  const second = await workshop.pack('window-aggregate', '2.1.0', 'acme');
  using stream = new Stream(await RawClient.connect(gateway.mqttPort, 'c'), Date.now() - 3_600_000);
  await workshop.module('install', first, '--name', 'win', '--input', '**', ...SET);
  await eventually(
    'the new module to have closed a window',
    async () => (await gateway.series('plant/x.win.count'))?.count ?? 0,
  );
  for (const words of [
    ['upgrade', 'win', second, ...QUICK],
    ['rollback', 'win'],
    ['upgrade', 'win', second, ...QUICK],
  ]) {
    assert.equal((await workshop.module(...words)).state, 'succeeded', words.join(' '));
  }
  await workshop.module('configure', 'win', '--input', '**', ...SET, '--set', 'ewmaAlpha=0.5');
  const running = (await gateway.status()).modules.find(({ name }) => name === 'win');
  assert.deepEqual(
    [running?.version, running?.previous, running?.publisher, running?.trust],
    ['2.1.0', '2.0.0', 'acme', 'partner'],
  );
  await stream.stop();
  assert.equal(await gateway.stop(), 0, gateway.log);

  const reference = await windowsOf(gateway, 'ref');
  const windows = await windowsOf(gateway, 'win');
  const [, ...whole] = [...windows.keys()];
  assert.ok(whole.length > 5, `${whole.length} windows`);
  for (const end of whole) assert.equal(windows.get(end), reference.get(end), `window to ${end}`);
  const from = whole[0]!;
  assert.deepEqual(
    [...reference.keys()].filter((end) => end >= from),
    whole,
    'no window is missing',
  );
});

test('what modules know outlives an orderly stop of the gateway', async () => {
  await using gateway = await startGateway({
    config: REFERENCE.replace(`windowMs = ${WINDOW_MS}`, 'windowMs = 3600000'),
  });
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000;
  for (let life = 0; life < 3; life++) {
    using stream = new Stream(await RawClient.connect(gateway.mqttPort, `c${life}`), hour + life * 600_000);
    await eventually('some readings', () => stream.sent >= 50);
    await stream.stop();
    if (life < 2) {
      assert.equal(await gateway.stop(), 0, gateway.log);
      await gateway.start();
    }
  }
  using last = new Stream(await RawClient.connect(gateway.mqttPort, 'last'), hour + 3_600_000);
  await eventually('the window to be closed', async () => (await gateway.series('plant/x.ref.count'))?.count ?? 0);
  await last.stop();
  assert.equal(await gateway.stop(), 0, gateway.log);
  const [[end, count] = [0, 0]] = [...(await windowsOf(gateway, 'ref'))];
  assert.equal(end, hour + 3_600_000);
  const stored = await gateway.exported('plant/x');
  assert.equal(
    count,
    stored.filter(({ timeMs }) => timeMs < end).length,
    'the window counts the readings of all three lives',
  );
});

test('a start with a module disabled, or refused, leaves what it knows for the start with which it runs again', async () => {
  const config = REFERENCE.replace(`windowMs = ${WINDOW_MS}`, 'windowMs = 3600000');
  await using gateway = await startGateway({ config });
  const text = readFileSync(gateway.configFile, 'utf8');
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000;
  const feed = async (client: string, fromMs: number) => {
    using stream = new Stream(await RawClient.connect(gateway.mqttPort, client), fromMs);
    await eventually('some readings', () => stream.sent >= 20);
    await stream.stop();
  };
  const stateNow = async () => (await gateway.status()).modules.find(({ name }) => name === 'ref')?.state;
  await feed('first', hour);
  assert.equal(await gateway.stop(), 0, gateway.log);
  writeFileSync(gateway.configFile, text.replace('name = "ref"', 'name = "ref"\nenabled = false'));
  await gateway.start();
  assert.equal(await stateNow(), 'disabled');
  assert.equal(await gateway.stop(), 0, gateway.log);
  writeFileSync(gateway.configFile, text.replace('latenessMs', 'noSuchParameter'));
  await gateway.start();
  assert.equal(await stateNow(), 'refused');
  await gateway.kill();
  writeFileSync(gateway.configFile, text);
  await gateway.start();
  await feed('second', hour + 600_000);
  await feed('last', hour + 3_600_000);
  await eventually('the window to be closed', async () => (await gateway.series('plant/x.ref.count'))?.count ?? 0);
  assert.equal(await gateway.stop(), 0, gateway.log);
  const stored = await gateway.exported('plant/x');
  assert.deepEqual(
    [...(await windowsOf(gateway, 'ref'))],
    [[hour + 3_600_000, stored.filter(({ timeMs }) => timeMs < hour + 3_600_000).length]],
  );
});

test('a gateway that is killed in the middle of an upgrade ends it after its start, one way or the other', async () => {
  using folder = temporaryFolder();
  await using gateway = await startGateway({ config: REFERENCE });
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme');
  const first = await workshop.pack('window-aggregate', '2.0.0', 'acme');
  const second = await workshop.pack('window-aggregate', '2.1.0', 'acme');
  await workshop.module('install', first, '--name', 'win', '--input', '**', ...SET);
  const { saga } = await workshop.module('upgrade', 'win', second, '--compare', '2s', '--watch', '1s', '--no-wait');
  await eventually(
    'the canary to run',
    async () => (await gateway.status()).modules.find(({ name }) => name === 'win')?.canary,
  );
  await gateway.kill();
  await gateway.start();
  await eventually(
    'the upgrade to end',
    async () => (await gateway.status()).sagas.find(({ id }) => id === saga)?.state === 'succeeded',
    20_000,
  );
  const running = await eventually('the old version to be gone', async () => {
    const module = (await gateway.status()).modules.find(({ name }) => name === 'win');
    return module?.canary === null && module;
  });
  assert.deepEqual([running.version, running.previous], ['2.1.0', '2.0.0']);
});

test('a coloured reading is answered by the canary, and by nobody twice', async () => {
  using folder = temporaryFolder();
  await using gateway = await startGateway({ config: REFERENCE });
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme');
  const first = await workshop.pack('threshold-alarm', '2.0.0', 'acme');
  // The same program; its first output has another name, by which its answers can be told.
  const manifest = JSON.parse((await import('node:fs')).readFileSync(`${first}/manifest.json`, 'utf8'));
  const outputs = manifest.outputs.map((one: { name: string }, index: number) =>
    index === 0 ? { ...one, name: 'high2' } : one,
  );
  const second = await workshop.pack('threshold-alarm', '2.1.0', 'acme', { outputs });
  await workshop.module('install', first, '--name', 'lim', '--input', '**', '--set', 'high=10');
  const upgrade = ['upgrade', 'lim', second, '--compare', '30s', '--accept-changes', '--no-wait'];
  await workshop.module(...upgrade);
  await eventually(
    'the canary to run',
    async () => (await gateway.status()).modules.find(({ name }) => name === 'lim')?.canary,
  );
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  const publish = async (topic: string, value: string) => {
    client.publish(topic, value, 1, 1);
    await client.next('puback');
  };
  await publish('sensors/plant/a', '20');
  await publish('$baggage/tidegate.canary=1/sensors/plant/b', '20');
  const raised = await eventually('both alarms', async () => {
    const { alarms } = await gateway.status();
    return alarms.length >= 2 && alarms.map(({ series, kind }) => `${series} ${kind}`).sort();
  });
  assert.deepEqual(raised, ['plant/a lim.high', 'plant/b lim.high2']);
});
