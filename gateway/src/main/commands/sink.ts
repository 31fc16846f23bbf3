import { mkdirSync } from 'node:fs';
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
import { SegmentReader } from '../../core/store/segment-format.ts';
import { type DecodedSegment, receiveSegment } from '../../core/sync/receive.ts';
import { assets } from '../assets.ts';
import { createLog } from '../service/log.ts';
import { type Command, EXIT, listOf, type OptionValues, print, printJson, textOf } from './command.ts';

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
  summary: 'The reference consumer: stores every segment once, then sends the receipt. Runs until SIGTERM or SIGINT.',
  options: OPTIONS,
  words: [0, 0],
  async run({ options }) {
    const log = createLog('info');
    const path = resolve(textOf(options.database) ?? 'sink.db');
    const text = (name: keyof typeof OPTIONS) => textOf(options[name]) ?? '';
    mkdirSync(dirname(path), { recursive: true });
    const database = openDatabase(path, assets.migrations('sink'), {
      nativeBinding: assets.nativeBinding('better_sqlite3', dirname(path)),
    });
    const pointsMax = Number(options['points-max'] ?? POINTS_MAX_DEFAULT);
    if (!Number.isInteger(pointsMax) || pointsMax < 1)
      throw new GatewayError(
        'invalid',
        `--points-max: a whole number of at least 1 expected, ${options['points-max']} found`,
      );
    const store = new SqliteSinkStore(database, { pointsMax, ndjsonPath: textOf(options.ndjson) });
    const settings = {
      servers: serversOf(options),
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
        streamBytesMax: parseBytes(text('stream-bytes') || '1GiB') ?? 2 ** 30,
        durable: text('durable') || 'sink',
      },
      {
        receive: (manifest, fetchParts) => receiveSegment(manifest, { store, fetchParts, decode, clock: systemClock }),
        has: (id) => store.has(id),
        onProblem: (error) => log('warn', `sink: ${describeError(error)}`),
      },
      systemClock,
    );
    link.onTurn((turn) => log('info', `sink: ${turn}`));
    link.start();
    consumer.start();
    if (options.json) printJson({ database: path, servers: settings.servers });
    else print(`tidegate sink: ${settings.servers.join(', ')} into ${path}`);
    await new Promise((done) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, done);
    });
    await consumer.stop();
    await link[Symbol.asyncDispose]();
    database.close();
    return EXIT.ok;
  },
};

function serversOf(options: OptionValues): string[] {
  const servers = options.server === undefined ? ['nats://127.0.0.1:4222'] : listOf(options.server);
  for (const server of servers) {
    if (URL.canParse(server) && /^(nats|tls|ws|wss):$/.test(new URL(server).protocol)) continue;
    throw new GatewayError('invalid', `--server: an address such as nats://cloud:4222 expected, ${server} found`);
  }
  return servers;
}

export const sinkStatus: Command = {
  verb: 'sink status',
  usage: '[--database FILE]',
  summary:
    'What a sink has stored: distinct points, points held more than once (must be 0), repeated deliveries refused.',
  options: { database: OPTIONS.database },
  words: [0, 0],
  async run({ options }) {
    const path = resolve(textOf(options.database) ?? 'sink.db');
    const database = openForReading(path, { nativeBinding: assets.nativeBinding('better_sqlite3', dirname(path)) });
    const totals = totalsOf(database, textOf(options.database) ?? 'sink.db');
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
      hint: 'Name the file given to `tidegate sink --database`.',
    });
  }
}

function decode(octets: Uint8Array, what: string): DecodedSegment {
  const reader = new SegmentReader(octets, zstd, what);
  return { series: reader.entries.map(({ series }) => series), points: reader.readAll() };
}
