/** A damaged database: every way in says so in one line and a hint, and no start writes to it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { openForReading, sqliteError } from '../../../gateway/src/adapters/sqlite/database.ts';
import { readSeries } from '../../../gateway/src/adapters/sqlite/rows.ts';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { ContributionSource } from './contributions.ts';
import { OpenState } from './open-state.ts';
import { runCommand, type StateGateway, stateGateway } from './state-gateway.ts';

const WAYS_IN: readonly (readonly string[])[] = [
  ['run'],
  ['store', 'status'],
  ['store', 'query', 'dev-0/value'],
  ['store', 'export'],
  ['function', 'dead', 'list'],
  ['saga', 'list'],
];
const SOME_WAYS_IN = [['run'], ['store', 'status'], ['saga', 'list']];

function fill(folder: string): void {
  using state = new OpenState(folder);
  const source = new ContributionSource(1);
  for (let i = 0; i < 6; i++) {
    state.store.commit([source.make('live', 400), source.make('alarm', 20)]);
    state.sealAll();
  }
}

function overwrite(path: string, at: number, octets: number, seed: number): void {
  const random = seededRandom(seed);
  const descriptor = openSync(path, 'r+');
  writeSync(
    descriptor,
    Uint8Array.from({ length: octets }, () => random.below(256)),
    0,
    octets,
    at,
  );
  closeSync(descriptor);
}

/** One line that names the file and what SQLite says, and one hint; never a stack. */
function assertTold(gateway: StateGateway, words: readonly string[], result: Awaited<ReturnType<typeof runCommand>>) {
  const { stderr, error, code } = result;
  const what = `${words.join(' ')}: ${stderr}`;
  assert.equal(stderr.trim().split('\n').length, 2, what);
  assert.deepEqual([code, error?.code], [1, 'corrupt'], what);
  assert.ok(error!.message.includes(gateway.paths.database), what);
  assert.match(error!.hint!, /move the state folder away/, what);
}

test('a database whose first octets are overwritten is told by every way in, and left as it is', async () => {
  using gateway = stateGateway();
  fill(gateway.paths.folder);
  overwrite(gateway.paths.database, 0, 100, 1);
  const before = readFileSync(gateway.paths.database);
  for (const words of WAYS_IN) {
    const result = await runCommand(gateway, words);
    assertTold(gateway, words, result);
    assert.match(result.stderr, /not an intact database: file is not a database/);
  }
  const { code, stderr } = await runCommand(gateway, ['status']);
  assert.deepEqual([code, /no gateway runs/.test(stderr)], [3, true], 'it asks the gateway, which does not run');
  assert.ok(before.equals(readFileSync(gateway.paths.database)));
});

test('pages overwritten in the middle are told by the verbs that read them, without a stack', async () => {
  using gateway = stateGateway();
  fill(gateway.paths.folder);
  const { size } = statSync(gateway.paths.database);
  // Everything behind the first page, which holds the schema's root: no table can be read.
  overwrite(gateway.paths.database, 4096, size - 4096, 2);
  for (const words of SOME_WAYS_IN) assertTold(gateway, words, await runCommand(gateway, words));
});

test('a database that is cut short is told', async () => {
  using gateway = stateGateway();
  fill(gateway.paths.folder);
  truncateSync(gateway.paths.database, 4096 * 3);
  for (const words of SOME_WAYS_IN) assertTold(gateway, words, await runCommand(gateway, words));
});

test('octets overwritten anywhere make errors of ours or nothing, in readers and in the store', () => {
  for (let seed = 1; seed <= 15; seed++) {
    using gateway = stateGateway();
    fill(gateway.paths.folder);
    const { size } = statSync(gateway.paths.database);
    const octets = 200 + seededRandom(seed).below(6000);
    overwrite(gateway.paths.database, 100 + seededRandom(seed + 100).below(size - octets - 100), octets, seed);
    for (const use of [readAll, (path: string) => new OpenState(join(path, '..'))[Symbol.dispose]()]) {
      try {
        use(gateway.paths.database);
      } catch (error) {
        assert.ok(error instanceof GatewayError && error.code === 'corrupt', `seed ${seed}: ${(error as Error).stack}`);
      }
    }
  }
});

function readAll(path: string): void {
  const database = openForReading(path);
  try {
    readSeries(database);
    for (const table of ['segment', 'ledger', 'saga', 'saga_event', 'quarantine', 'alarm'])
      database.prepare(`SELECT * FROM ${table}`).all();
  } finally {
    database.close();
  }
}

test('an error of a statement gets the action in front, and keeps code, hint and origin', () => {
  using gateway = stateGateway();
  fill(gateway.paths.folder);
  overwrite(gateway.paths.database, 0, 100, 1);
  const database = openForReading(gateway.paths.database);
  try {
    readSeries(database);
    assert.fail('an error expected');
  } catch (error) {
    const named = sqliteError('read series', error);
    assert.ok(named instanceof GatewayError && error instanceof GatewayError);
    assert.equal(named.message, `read series: ${error.message}`);
    assert.deepEqual([named.code, named.hint, named.cause], [error.code, error.hint, error.cause]);
  } finally {
    database.close();
  }
});

test('segment files that are missing or cut are told at the start and by the query', async () => {
  using gateway = stateGateway();
  fill(gateway.paths.folder);
  const file = (name: string) => join(gateway.paths.segments, `${name}.tgs`);
  rmSync(file('live-000000000003'));
  truncateSync(file('live-000000000004'), 40);
  const query = ['store', 'query', 'dev-0/value', '--from', '0', '--limit', '100000'];
  const { stderr, document } = await runCommand(gateway, query);
  assert.match(stderr, /1 missing segments were left out: live-000000000003\.tgs/);
  assert.match(stderr, /1 damaged segments were left out: live-000000000004\.tgs/);
  const { points, ...rest } = document as Record<string, unknown> & { points: unknown[] };
  assert.ok(points.length > 0);
  assert.deepEqual(
    [rest.isComplete, rest.missingSegments, rest.damagedSegments],
    [false, ['live-000000000003.tgs'], ['live-000000000004.tgs']],
  );
  const log = await gateway.startAndStop('with segments missing');
  assert.match(log, /2 segment files are missing or damaged: .*000000000003\.tgs: \d+ octets expected, no file found/);
  assert.match(log, /000000000004\.tgs: \d+ octets expected, 40 found/);
});

test('`status` passes on what a running gateway says of its database', async () => {
  using gateway = stateGateway();
  const error = {
    code: 'corrupt',
    message: 'database a.db: not an intact database',
    hint: 'move the state folder away',
  };
  const server = createServer((_, response) => response.writeHead(500).end(JSON.stringify(error)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  mkdirSync(gateway.paths.folder);
  writeFileSync(gateway.paths.running, JSON.stringify({ pid: process.pid, web: `http://127.0.0.1:${port}/` }));
  const result = await runCommand(gateway, ['status']);
  server.close();
  assert.deepEqual([result.code, result.error], [1, error], result.stderr);
});
