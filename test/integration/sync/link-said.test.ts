/** What the gateway and `tidegate sink` say of the link to the cloud, and what a sink makes of its options. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { CLI, GatewayProcess } from '../../support/gateway-process.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const skip = skipWithout('nats-server');

/** Longer than the first tries to connect again are apart, so that they would show. */
const SEVERAL_TRIES_MS = 2500;

class Sink implements AsyncDisposable {
  readonly #child: ChildProcess;
  log = '';

  constructor(cwd: string, ...args: string[]) {
    this.#child = spawn(process.execPath, [CLI, 'sink', ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** `down`, `up`, … in the order in which the log tells them. */
const turnsIn = (log: string) => [...log.matchAll(/: link (up|down): /g)].map(([, turn]) => turn);

test('the gateway and a sink say once that the cloud is away, and once that it is back', { skip }, async () => {
  await using server = await NatsServer.start();
  await server.kill();
  using folder = temporaryFolder();
  await using sink = new Sink(folder.path, '--server', server.url);
  await using gateway = new GatewayProcess({ config: `[sync]\nservers = ["${server.url}"]\n` });
  await gateway.start();
  const logs = { sink: () => sink.log, gateway: () => gateway.log };
  const expected: string[] = [];
  const told = async (turn: 'up' | 'down') => {
    expected.push(turn);
    for (const [who, log] of Object.entries(logs)) {
      await eventually(
        `${who} to say that the link is ${turn}`,
        () => turnsIn(log()).length >= expected.length,
        30_000,
      );
    }
    await wait(SEVERAL_TRIES_MS);
    for (const [who, log] of Object.entries(logs)) assert.deepEqual(turnsIn(log()), expected, `${who}: ${log()}`);
  };
  await told('down');
  assert.match(sink.log, /sink: link down: nats:\/\/127\.0\.0\.1:\d+: .*; tried again in the background/);
  assert.match(gateway.log, /cloud: link down: nats:\/\/127\.0\.0\.1:\d+: .*; tried again in the background/);
  for (const log of Object.values(logs)) assert.match(log(), /^\S+ warn \w+: link down: /m);
  await server.restart();
  await told('up');
  for (const log of Object.values(logs)) assert.match(log(), /^\S+ info \w+: link up: /m);
  await server.kill();
  await told('down');
  await server.restart();
  await told('up');
  // Their own closing is no news.
  await gateway.stop();
  await sink[Symbol.asyncDispose]();
  for (const [who, log] of Object.entries(logs)) assert.deepEqual(turnsIn(log()), expected, `${who}: ${log()}`);
});

test('with --ndjson a sink leaves nothing but that file and what is stored already beside it', { skip }, async () => {
  await using server = await NatsServer.start();
  using folder = temporaryFolder();
  using elsewhere = temporaryFolder();
  const file = join(folder.path, 'points.ndjson');
  await using gateway = new GatewayProcess({
    config: `[store]\nsegment_age = "100ms"\n[sync]\nservers = ["${server.url}"]\n`,
  });
  await gateway.start();
  {
    await using _sink = new Sink(elsewhere.path, '--server', server.url, '--ndjson', file);
    using client = await RawClient.connect(gateway.mqttPort, 'c');
    client.publish('sensors/tank/level', '42', 1, 1);
    await client.next('puback');
    await eventually('the point', () => existsSync(file) && readFileSync(file, 'utf8').includes('tank/level'), 30_000);
  }
  assert.deepEqual(readdirSync(elsewhere.path), []);
  assert.ok(existsSync(`${file}.db`));
  const { stdout } = await runProgram(process.execPath, [CLI, 'sink', 'status', '--ndjson', file, '--json']);
  assert.equal(JSON.parse(stdout).unique, 1);
});

test('a file of lines without its database is left alone', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'notes.txt');
  writeFileSync(file, 'mine\n');
  const { code, stderr } = await runProgram(process.execPath, [CLI, 'sink', '--ndjson', file]);
  assert.equal(code, 1);
  assert.match(stderr, /no file or an empty one expected, 5 octets found/);
  assert.equal(readFileSync(file, 'utf8'), 'mine\n');
  assert.deepEqual(readdirSync(folder.path), ['notes.txt']);
});

test('a sink makes no folders for files whose folder is mistyped', async () => {
  using folder = temporaryFolder();
  const [missing, file] = [join(folder.path, 'nope'), join(folder.path, 'file')];
  writeFileSync(file, '');
  const CASES: [words: string[], code: number, says: string][] = [
    [
      ['--database', join(missing, 'sink.db')],
      3,
      `--database ${missing}/sink.db: its folder ${missing}: no such folder`,
    ],
    [['--database', join(missing, 'too/sink.db')], 3, `its folder ${missing}/too: no such folder`],
    [['--ndjson', join(missing, 'points')], 3, `--ndjson ${missing}/points: its folder ${missing}: no such folder`],
    [['--database', join(file, 'sink.db')], 2, `its folder ${file}: a folder expected, a file found`],
  ];
  for (const [words, code, says] of CASES) {
    const told = await runProgram(process.execPath, [CLI, 'sink', ...words]);
    assert.equal(told.code, code, told.stderr);
    assert.ok(told.stderr.includes(`${says}\n  Correct the path, or make the folder first.\n`), told.stderr);
  }
  assert.deepEqual(readdirSync(folder.path), ['file']);
});

test('a server or size that is none is refused before anything is made', async () => {
  using folder = temporaryFolder();
  const database = join(folder.path, 'sink.db');
  for (const [option, value, expected] of [
    ['--server', 'nats://', /--server: host:port, nats:\/\/host:port or tls:\/\/host:port expected, nats:\/\/ found/],
    ['--server', 'http://cloud:4222', /--server: .* expected, http:\/\/cloud:4222 found/],
    ['--server', 'nats://cloud:port', /--server: .* expected/],
    ['--server', 'nats:cloud', /--server: .* expected/],
    ['--server', 'cloud:99999', /--server: .* expected/],
    ['--stream-bytes', 'much', /--stream-bytes: a size such as 1GiB expected, much found/],
    ['--points-max', '0', /--points-max: a whole number/],
  ] as const) {
    const { code, stderr } = await runProgram(process.execPath, [
      ...[CLI, 'sink', '--database', database, option, value],
    ]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
  assert.deepEqual(readdirSync(folder.path), []);
});
