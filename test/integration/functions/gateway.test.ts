/** Functions of a whole gateway: durable before acknowledged, alarms, HTTP, commands, and what is seen of them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import type { DeadLetter } from '../../../gateway/src/adapters/sqlite/event-queue.ts';
import type { FunctionStatus } from '../../../gateway/src/core/functions/status.ts';
import { decodeEvent } from '../../../gateway/src/core/model/event.ts';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { mosquittoPub } from '../../support/mosquitto.ts';
import { skipWithout } from '../../support/require.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';
import { installScripted } from './scripted-function.ts';

let modules: TemporaryFolder;

before(() => {
  modules = temporaryFolder();
  installScripted(modules.path);
  installScripted(modules.path, { id: 'short-time', deadlineMs: 100 });
});
after(() => modules[Symbol.dispose]());

function gatewayWith(config: string): GatewayProcess {
  return new GatewayProcess({ config, env: { TIDEGATE_MODULES: modules.path } });
}

const fn = (name: string, triggers: string, lines = '', module = 'scripted') =>
  `[[function]]\nname = "${name}"\nmodule = "${module}"\nretry_first = "10ms"\nretry_max = "50ms"\n${lines}\n${triggers}\n`;
const on = (type: string, lines = '') => `[[function.trigger]]\ntype = "${type}"\n${lines}\n`;

async function statusOf(gateway: GatewayProcess, name: string): Promise<FunctionStatus> {
  const { functions } = await gateway.status();
  return functions.find((one) => one.name === name)!;
}

/** Data of the events in the queue of a gateway that does not run. */
function queuedIn(stateFolder: string): string[] {
  const database = new Sqlite(join(stateFolder, 'tidegate.db'));
  const rows = database.prepare("SELECT event FROM function_event WHERE state = 'queued' ORDER BY due_ms, id").all();
  database.close();
  return (rows as { event: Buffer }[]).map(({ event }) => Buffer.from(decodeEvent(event).data).toString());
}

/** Data of the events that were dealt with, of the first twenty in a second: more the log does not say. */
const didOf = (gateway: GatewayProcess) =>
  [...gateway.log.matchAll(/: did (.*?)"?$/gm)].map((match) => match[1]!.trim());

async function command<T>(gateway: GatewayProcess, ...words: string[]): Promise<T> {
  const { stdout } = await gateway.cli([...words, '--json', '--config', gateway.configFile]);
  const document = JSON.parse(stdout) as { error?: { message?: string } | string | null };
  const { error } = document;
  if (typeof error === 'object' && error?.message !== undefined) throw new Error(error.message);
  return document as T;
}

test('a message is acknowledged only when its event is on disk', async () => {
  await using gateway = await gatewayWith(fn('f', on('mqtt', 'topic = "orders/+"'))).start();
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  client.publish('orders/1', 'first', 1, 1);
  await client.next('puback');
  await eventually('the first event to be done', async () => (await statusOf(gateway, 'f')).queued === 0);
  // While somebody else writes the database, events cannot be stored; readings, which go to the journal, can.
  const other = new Sqlite(join(gateway.stateFolder, 'tidegate.db'));
  other.exec('BEGIN IMMEDIATE');
  client.publish('orders/2', 'second', 1, 2);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.deepEqual(client.packets.slice(2), [], 'no acknowledgement yet');
  other.exec('ROLLBACK');
  other.close();
  assert.equal((await client.next('puback')).messageId, 2);
  await eventually('the event', () => didOf(gateway).includes('second'));
});

test('what was acknowledged before a kill runs after it, from the queue', async () => {
  await using gateway = gatewayWith(fn('f', on('mqtt', 'topic = "orders/#"'), 'queue_max = 100000', 'later'));
  const acknowledged = new Set<string>();
  for (let round = 0; round < 3; round++) {
    await gateway.start();
    const client = await RawClient.connect(gateway.mqttPort, 'c');
    for (let id = 1; id <= 400; id++) client.publish(`orders/${id}`, `round ${round} order ${id}`, 1, id);
    // Killed in the middle of acknowledgements: no event has been called yet, because the module is not there.
    await eventually('some acknowledgements', () => client.packets.length > 50 + round * 100);
    await gateway.kill();
    for (const packet of client.packets) {
      if (packet.cmd === 'puback') acknowledged.add(`round ${round} order ${packet.messageId}`);
    }
    client.socket.destroy();
  }
  assert.ok(acknowledged.size >= 450, `${acknowledged.size} acknowledged`);
  const queued = queuedIn(gateway.stateFolder);
  assert.deepEqual(
    [...acknowledged].filter((text) => !queued.includes(text)),
    [],
  );
  installScripted(modules.path, { id: 'later' });
  await gateway.start();
  await eventually('an empty queue', async () => (await statusOf(gateway, 'f')).queued === 0, 30_000);
  const { calls, failures, dead } = await statusOf(gateway, 'f');
  assert.deepEqual([calls, failures, dead], [queued.length, 0, 0]);
  assert.equal(didOf(gateway)[0], queued[0]);
  assert.equal((await gateway.status()).ledger.balanced, true);
});

test('a topic that only a function takes is not quarantined, and one that has a route is stored and called', {
  skip: skipWithout('mosquitto_pub'),
}, async () => {
  await using gateway = await gatewayWith(fn('f', on('mqtt', 'topic = "#"'))).start();
  assert.equal((await mosquittoPub(gateway.mqttPort, ['-t', 'orders/1', '-m', 'new order', '-q', '1'])).code, 0);
  assert.equal((await mosquittoPub(gateway.mqttPort, ['-t', 'sensors/oven/heat', '-m', '71.5', '-q', '1'])).code, 0);
  await eventually('both events', () => didOf(gateway).length === 2);
  assert.deepEqual(didOf(gateway), ['new order', '71.5']);
  assert.equal((await gateway.series('oven/heat'))?.lastValue, 71.5);
  const { ledger, ingest } = await gateway.status();
  assert.deepEqual([ingest.quarantineLast, ledger.balanced], [[], true]);
});

test('an alarm that is raised calls the functions that listen to it, with what happened', async () => {
  const limits =
    '[[module]]\nname = "lim"\nmodule = "threshold-alarm"\n[[module.input]]\nseries = "**"\nconfig = { high = 90 }\n';
  const functions =
    fn('raised', on('alarm', 'series = "boiler*/**"\nstate = "raised"')) +
    fn('other', on('alarm', 'series = "pump/**"'));
  await using gateway = await gatewayWith(limits + functions).start();
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  for (const [id, value] of [
    [1, 95],
    [2, 50],
  ] as const) {
    client.publish('sensors/boiler1/temperature', String(value), 1, id);
    await client.next('puback');
  }
  await eventually('the alarm to be cleared', async () => (await gateway.status()).alarms[0]?.state === 'cleared');
  await eventually('the function', () => didOf(gateway).length === 1);
  const said = JSON.parse(didOf(gateway)[0]!.replaceAll('\\"', '"'));
  assert.deepEqual([said.series, said.kind, said.state, said.value], ['boiler1/temperature', 'lim.high', 'raised', 95]);
  assert.equal((await statusOf(gateway, 'other')).calls, 0);
});

test('HTTP callers get the reply of the function, or a status that says why not', async () => {
  const functions =
    fn('web', on('http'), 'concurrency = 1') +
    fn('some', on('http', 'path = "/orders"\nget = true')) +
    fn('slow', on('http'), '', 'short-time');
  await using gateway = await gatewayWith(functions).start();
  const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    fetch(new URL(path, gateway.web), { method: 'POST', body, headers });
  const answer = await post('/fn/web/a/b?x=1', 'reply to this', { 'content-type': 'text/plain' });
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/plain']);
  assert.equal(await answer.text(), 'reply to this');
  const statusFor = async (path: string, body: string) => (await post(path, body)).status;
  assert.equal(await statusFor('/fn/web', 'no reply'), 204);
  assert.equal(await statusFor('/fn/web', 'trap'), 502);
  assert.equal(await statusFor('/fn/web', 'refuse'), 502);
  assert.equal(await statusFor('/fn/slow', 'loop'), 504);
  assert.equal(await statusFor('/fn/web', 'x'.repeat(100_000)), 413);
  assert.ok((await statusFor('/fn/web', 'x'.repeat(300_000))) >= 400);
  assert.equal(await statusFor('/fn/none', ''), 404);
  assert.equal(await statusFor('/fn/some', ''), 404);
  assert.equal(await statusFor('/fn/some/ordersx', ''), 404);
  assert.equal(await statusFor('/fn/some/orders/7', ''), 204);
  const get = async (path: string) => (await fetch(new URL(path, gateway.web))).status;
  assert.deepEqual([await get('/fn/some/orders'), await get('/fn/web')], [204, 405]);
  const busy = post('/fn/web', 'busy');
  await eventually('the call', async () => (await statusOf(gateway, 'web')).active === 1);
  assert.equal(await statusFor('/fn/web', 'one too many'), 503);
  assert.equal(await get('/healthz'), 200, 'other routes go on meanwhile');
  assert.equal((await busy).status, 204);
});

test('the commands list, show and call functions, and bring dead letters back', async () => {
  const lines = 'attempts = 2';
  await using gateway = await gatewayWith(fn('f', on('mqtt', 'topic = "orders/+"'), lines)).start();
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  for (const id of [1, 2]) {
    client.publish(`orders/${id}`, 'trap', 1, id);
    await client.next('puback');
  }
  await eventually('two dead letters', async () => (await statusOf(gateway, 'f')).dead === 2);
  const [listed] = await command<FunctionStatus[]>(gateway, 'function', 'list');
  assert.deepEqual(
    [listed!.name, listed!.state, listed!.dead, listed!.triggers],
    ['f', 'running', 2, ['mqtt orders/+']],
  );
  const shown = await command<FunctionStatus>(gateway, 'function', 'show', 'f');
  assert.ok(shown.coldStarts >= 1 && shown.duration.count >= 4);
  const done = await command<{ errno: number; data: string; attributes: Record<string, string> }>(
    gateway,
    ...['function', 'invoke', 'f', '--data', 'reply please', '--type', 'my.test'],
  );
  assert.deepEqual(
    [done.errno, Buffer.from(done.data, 'base64').toString(), done.attributes.type],
    [0, 'reply please', 'my.test'],
  );
  const failed = await command<{ fault: string }>(gateway, 'function', 'invoke', 'f', '--data', 'trap');
  assert.equal(failed.fault, 'trap');
  await assert.rejects(command(gateway, 'function', 'invoke', 'g'), /function g: no such function runs/);

  const letters = await command<(DeadLetter & { attributes: Record<string, string> })[]>(
    gateway,
    'function',
    'dead',
    'list',
  );
  assert.deepEqual(
    letters.map(({ attributes, attempts }) => [attributes.subject, attempts]),
    [
      ['orders/2', 2],
      ['orders/1', 2],
    ],
  );
  assert.match(letters[0]!.error, /unreachable/);
  await command(gateway, 'function', 'dead', 'drop', String(letters[0]!.id));
  await command(gateway, 'function', 'dead', 'retry', String(letters[1]!.id));
  await eventually('the other to die again', async () => {
    const { queued, dead, deadLettered } = await statusOf(gateway, 'f');
    return queued === 0 && dead === 1 && deadLettered === 3;
  });
  await assert.rejects(command(gateway, 'function', 'dead', 'retry', '999'), /no such row/);
});

test('metrics tell of each function', async () => {
  await using gateway = await gatewayWith(fn('f', on('http'), 'prewarm = 1')).start();
  await fetch(new URL('/fn/f', gateway.web), { method: 'POST', body: 'hello' });
  const text = await (await fetch(new URL('/metrics', gateway.web))).text();
  const lines = text.split('\n').filter((line) => line.includes('function="f"'));
  const sampleOf = (name: string, more = '') => {
    const line = lines.find((one) => one.startsWith(`${name}{`) && one.includes(more));
    return Number(line?.split(' ').at(-1));
  };
  assert.equal(sampleOf('gateway_function_calls_total'), 1);
  assert.equal(sampleOf('gateway_function_prewarmed_total') + sampleOf('gateway_function_cold_starts_total'), 1);
  assert.equal(sampleOf('gateway_function_queued'), 0);
  assert.equal(sampleOf('gateway_function_duration_bucket', 'le="+Inf"'), 1);
  assert.ok(sampleOf('gateway_function_duration_ms', 'quantile="0.99"') > 0);
  assert.equal(await gateway.stop(), 0, gateway.log);
});
