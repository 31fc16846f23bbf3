import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { zstd } from '../../adapters/files/zstd.ts';
import { CommitConsumer } from '../../adapters/nats/commit-consumer.ts';
import { NatsLink } from '../../adapters/nats/link.ts';
import { type Database, openDatabase, openForReading } from '../../adapters/sqlite/database.ts';
import { readSinkTotals, type SinkTotals, SqliteSinkStore } from '../../adapters/sqlite/sink-store.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError, GatewayError } from '../../base/errors.ts';
import { seededRandom } from '../../base/random.ts';
import { parseBytes } from '../../base/units.ts';
import { formNamed } from '../../config/forms.ts';
import { SegmentReader } from '../../core/store/segment-format.ts';
import { type DecodedSegment, receiveSegment } from '../../core/sync/receive.ts';
import { assets } from '../assets.ts';
import { createLog } from '../service/log.ts';
import { type Command, EXIT, listOf, type OptionValues, print, printJson, textOf } from './command.ts';
import { expectFolder } from './expect-folder.ts';

const OPTIONS = {
  server: { type: 'string', multiple: true },
  database: { type: 'string' },
  ndjson: { type: 'string' },
  durable: { type: 'string' },
  stream: { type: 'string' },
  'stream-bytes': { type: 'string' },
  'points-max': { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  'nkey-file': { type: 'string' },
  'creds-file': { type: 'string' },
  'ca-file': { type: 'string' },
  'cert-file': { type: 'string' },
  'key-file': { type: 'string' },
} as const;

/** About 700 MB of rows. */
const POINTS_MAX_DEFAULT = 20_000_000;

export const sink: Command = {
  verb: 'sink',
  usage:
    '[--server URL]... [--database FILE] [--ndjson FILE] [--points-max N] [--durable NAME] [--stream NAME] [credentials]',
  summary:
    'The reference consumer: stores every segment once, then sends the receipt. Runs until SIGTERM or SIGINT. Points go to the database (sink.db), or as lines to the file of --ndjson, with what is stored already in FILE.db beside it.',
  options: OPTIONS,
  words: [0, 0],
  async run({ options }) {
    const log = createLog('info');
    const path = databaseOf(options);
    const text = (name: keyof typeof OPTIONS) => textOf(options[name]) ?? '';
    const ndjsonPath = textOf(options.ndjson);
    const servers = serversOf(options);
    const pointsMax = Number(options['points-max'] ?? POINTS_MAX_DEFAULT);
    if (!Number.isInteger(pointsMax) || pointsMax < 1)
      throw new GatewayError(
        'invalid',
        `--points-max: a whole number of at least 1 expected, ${options['points-max']} found`,
      );
    const streamBytesMax = parseBytes(text('stream-bytes') || '1GiB');
    if (streamBytesMax === undefined)
      throw new GatewayError('invalid', `--stream-bytes: a size such as 1GiB expected, ${text('stream-bytes')} found`);
    if (ndjsonPath !== undefined) refuseForeignLines(ndjsonPath, path);
    if (ndjsonPath !== undefined) expectFolderOf('ndjson', ndjsonPath);
    expectFolderOf('database', path);
    const database = openDatabase(path, assets.migrations('sink'), {
      nativeBinding: assets.nativeBinding('better_sqlite3', dirname(path)),
    });
    const store = new SqliteSinkStore(database, { pointsMax, ndjsonPath });
    const settings = {
      servers,
      user: text('user'),
      passwordFile: text('password-file'),
      nkeyFile: text('nkey-file'),
      credsFile: text('creds-file'),
      caFile: text('ca-file'),
      certFile: text('cert-file'),
      keyFile: text('key-file'),
    };
    const link = new NatsLink(settings, 'tidegate sink', systemClock, seededRandom(process.pid));
    const consumer = new CommitConsumer(
      link,
      {
        stream: text('stream') || 'TIDEGATE',
        streamBytesMax,
        durable: text('durable') || 'sink',
      },
      {
        receive: (manifest, fetchParts) => receiveSegment(manifest, { store, fetchParts, decode, clock: systemClock }),
        has: (id) => store.has(id),
        onProblem: (error) => log('warn', `sink: ${describeError(error)}`),
      },
      systemClock,
    );
    link.onTurn((turn, level) => log(level, `sink: ${turn}`));
    link.start();
    consumer.start();
    if (options.json) printJson({ database: path, servers });
    else
      print(
        `tidegate sink: ${servers.join(', ')} into ${ndjsonPath === undefined ? path : `${ndjsonPath} and ${path}`}`,
      );
    await new Promise((done) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, done);
    });
    await consumer.stop();
    await link[Symbol.asyncDispose]();
    database.close();
    return EXIT.ok;
  },
};

/** As `sync.servers` of the gateway takes them. */
function serversOf(options: OptionValues): string[] {
  const servers = options.server === undefined ? ['nats://127.0.0.1:4222'] : listOf(options.server);
  const { pattern, expected } = formNamed('server-url');
  for (const server of servers) {
    if (pattern.test(server) && URL.canParse(`nats://${server.replace(/^\w+:\/\//, '')}`)) continue;
    throw new GatewayError('invalid', `--server: ${expected} expected, ${server} found`);
  }
  return servers;
}

/** With NDJSON the database, which then knows only what is stored already, stands beside its file. */
function databaseOf({ database, ndjson }: OptionValues): string {
  return resolve(textOf(database) ?? (typeof ndjson === 'string' ? `${ndjson}.db` : 'sink.db'));
}

function expectFolderOf(option: 'database' | 'ndjson', path: string): void {
  const folder = dirname(resolve(path));
  expectFolder(folder, `--${option} ${path}: its folder ${folder}`, 'Correct the path, or make the folder first.');
}

/** Of a file beside it a database cuts what it has not written: one that knows nothing would cut all. */
function refuseForeignLines(ndjsonPath: string, databasePath: string): void {
  const octets = fs.statSync(ndjsonPath, { throwIfNoEntry: false })?.size ?? 0;
  if (octets === 0 || fs.existsSync(databasePath)) return;
  throw new GatewayError(
    'conflict',
    `--ndjson ${ndjsonPath}: no file or an empty one expected, ${octets} octets found, and no ${databasePath} that says what they are`,
    { hint: 'Name the database that was written with it (--database), or another file.' },
  );
}

export const sinkStatus: Command = {
  verb: 'sink status',
  usage: '[--database FILE | --ndjson FILE]',
  summary:
    'What a sink has stored: distinct points, points held more than once (must be 0), repeated deliveries refused.',
  options: { database: OPTIONS.database, ndjson: OPTIONS.ndjson },
  words: [0, 0],
  async run({ options }) {
    const path = databaseOf(options);
    const database = openForReading(path, { nativeBinding: assets.nativeBinding('better_sqlite3', dirname(path)) });
    const totals = totalsOf(database, path);
    database.close();
    if (options.json) printJson(totals);
    else
      print(
        `${totals.unique} points in ${totals.segments} segments, ${totals.duplicates} duplicates, ${totals.redeliveries} repeated deliveries refused`,
      );
    return EXIT.ok;
  },
};

function totalsOf(database: Database, path: string): SinkTotals {
  try {
    return readSinkTotals(database);
  } catch (error) {
    throw new GatewayError('corrupt', `${path}: the database of a sink expected`, {
      cause: error,
      hint: 'Name the file given to `tidegate sink --database`, or to its --ndjson.',
    });
  }
}

function decode(octets: Uint8Array, what: string): DecodedSegment {
  const reader = new SegmentReader(octets, zstd, what);
  return { series: reader.entries.map(({ series }) => series), points: reader.readAll() };
}
