/**
 * The promise of the product, tried the hard way: gateway and nats-server are killed with SIGKILL at random moments under load. Every reading
 * carries a number of its own. In the end each acknowledged one is at the sink, none is there twice, and the ledger balances to the point.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { LoadClient } from '../../support/load-client.ts';
import { FIRST_VALUE } from '../../support/load-frames.ts';

const KILLS = Number(process.env.KILLS ?? 20);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const CLIENTS = 3;
const NATS = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'].find((path) =>
  fs.existsSync(path),
);
const ROOT = new URL('../../../', import.meta.url).pathname;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** A program that is killed and started again on the same folder and ports. */
class Victim {
  readonly #command: readonly string[];
  readonly #log: string;
  #child: ChildProcess | undefined;

  constructor(command: readonly string[], log: string) {
    this.#command = command;
    this.#log = log;
  }

  start(): void {
    const log = fs.openSync(this.#log, 'a');
    this.#child = spawn(this.#command[0]!, this.#command.slice(1), { cwd: ROOT, stdio: ['ignore', log, log] });
    fs.closeSync(log);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }
}

interface Account {
  /** Numbers of readings that were acknowledged. */
  readonly acknowledged: Set<number>;
  next: number;
}

/** Publishes until told to stop, connecting anew whenever the gateway is gone; what was not acknowledged is never sent again. */
async function publishThrough(port: number, name: string, account: Account, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const client = new LoadClient({
      port,
      name,
      series: 5,
      readingsPerMessage: 1,
      qos: 1,
      inFlightMax: 500,
      messagesPerSecond: 1500,
      firstNumber: account.next,
      onAcknowledged: (number) => account.acknowledged.add(number),
    });
    try {
      await client.start();
    } catch {
      // The gateway is down: nothing was sent.
      await pause(20);
      continue;
    }
    while (!signal.aborted && client.isConnected) await pause(10);
    await client.stop(signal.aborted ? 10_000 : 0);
    account.next = client.nextNumber;
  }
}

test(`${KILLS} kills of gateway and nats-server lose no acknowledged point and double none, seed ${SEED}`, {
  skip: NATS === undefined ? 'no nats-server on this machine' : false,
  timeout: 280_000,
}, async (t) => {
  const random = seededRandom(SEED);
  const folder = fs.mkdtempSync(join(tmpdir(), 'tidegate-kill-'));
  const [mqttPort, webPort, natsPort] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, 'tidegate.toml');
  fs.writeFileSync(
    config,
    `[gateway]\nid = "victim"\nstate_dir = "${folder}/state"\n[mqtt.listener]\nport = ${mqttPort}\n[web]\nport = ${webPort}\n` +
      `[store]\nsegment_age = "300ms"\n[sync]\nservers = ["nats://127.0.0.1:${natsPort}"]\nreceipt_timeout = "1s"\n`,
  );
  const cli = [process.execPath, 'gateway/src/main/cli.ts'];
  const sinkDatabase = join(folder, 'sink.db');
  const nats = new Victim(
    [NATS!, '-js', '-sd', join(folder, 'nats'), '-a', '127.0.0.1', '-p', String(natsPort)],
    join(folder, 'nats.log'),
  );
  const gateway = new Victim([...cli, 'run', '--config', config], join(folder, 'gateway.log'));
  const sink = new Victim(
    [...cli, 'sink', '--server', `nats://127.0.0.1:${natsPort}`, '--database', sinkDatabase],
    join(folder, 'sink.log'),
  );
  for (const victim of [nats, gateway, sink]) victim.start();
  t.after(async () => {
    await Promise.allSettled([gateway, sink, nats].map((victim) => victim.end('SIGKILL')));
    if (process.env.KEEP === undefined) fs.rmSync(folder, { recursive: true, force: true });
    else t.diagnostic(`kept: ${folder}`);
  });

  const stop = new AbortController();
  const accounts: Account[] = Array.from({ length: CLIENTS }, (_, i) => ({ acknowledged: new Set(), next: i * 1e9 }));
  const publishing = accounts.map((account, i) => publishThrough(mqttPort, `c${i}`, account, stop.signal));
  await pause(1500);
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(200 + random.next() * 1800);
    const victim = random.next() < 0.6 ? gateway : nats;
    await victim.end('SIGKILL');
    await pause(random.next() * 300);
    victim.start();
  }
  await pause(2000);
  stop.abort();
  await Promise.all(publishing);

  const status = await untilConfirmed(`http://127.0.0.1:${webPort}/api/status`);
  assert.equal(status.ledger.balanced, true, 'the ledger balances');
  assert.equal(status.ledger.queued, 0, 'everything is confirmed');
  await sink.end('SIGTERM');
  const { values, rows, lanes } = readSink(sinkDatabase);
  const acknowledged = accounts.flatMap((account) => [...account.acknowledged]);
  const lost = acknowledged.filter((number) => !values.has(number));
  t.diagnostic(`${acknowledged.length} readings acknowledged, ${rows} at the sink, ${KILLS} kills`);
  assert.ok(acknowledged.length > 1000, 'the load was a load');
  assert.equal(lost.length, 0, `acknowledged and lost: ${lost.slice(0, 5)}`);
  assert.equal(rows, values.size, 'no reading is at the sink twice');
  assert.equal(lanes, status.ledger.confirmed, 'the sink has as many points as are confirmed');
});

interface Status {
  readonly ledger: { readonly balanced: boolean; readonly queued: number; readonly confirmed: number };
  readonly sync: unknown;
}

async function untilConfirmed(url: string): Promise<Status> {
  const until = performance.now() + 60_000;
  while (true) {
    const status = await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
      (response) => response.json() as Promise<Status>,
      () => null,
    );
    if (status !== null && status.ledger.queued === 0) return status;
    assert.ok(
      performance.now() < until,
      `not confirmed within a minute: ${JSON.stringify(status?.ledger)} ${JSON.stringify(status?.sync)}`,
    );
    await pause(200);
  }
}

/** Numbers of the readings at the sink, how many rows they have, and rows of all lanes together. */
function readSink(path: string): { values: Set<number>; rows: number; lanes: number } {
  const database = new Sqlite(path, { readonly: true });
  const live = database.prepare(`SELECT value FROM reading WHERE lane = 'live'`).pluck().all() as number[];
  const lanes = database.prepare('SELECT count(*) FROM point').pluck().get() as number;
  database.close();
  return { values: new Set(live.map((value) => value - FIRST_VALUE)), rows: live.length, lanes };
}
