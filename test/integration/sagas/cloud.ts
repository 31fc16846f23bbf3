import { zstd } from '../../../gateway/src/adapters/files/zstd.ts';
import { CommitConsumer } from '../../../gateway/src/adapters/nats/commit-consumer.ts';
import { NatsLink, type NatsSettings } from '../../../gateway/src/adapters/nats/link.ts';
import { type Database, openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import { readSinkTotals, type SinkTotals, SqliteSinkStore } from '../../../gateway/src/adapters/sqlite/sink-store.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { SegmentReader } from '../../../gateway/src/core/store/segment-format.ts';
import { receiveSegment } from '../../../gateway/src/core/sync/receive.ts';
import type { Receipt } from '../../../gateway/src/core/sync/shipment.ts';
import { assets } from '../../../gateway/src/main/assets.ts';

export const STREAM = 'TIDEGATE';
export const STREAM_BYTES_MAX = 64 * 2 ** 20;

export function natsSettings(servers: string[], credentials: Partial<NatsSettings> = {}): NatsSettings {
  const none = { user: '', passwordFile: '', nkeyFile: '', credsFile: '', caFile: '', certFile: '', keyFile: '' };
  return { servers, ...none, ...credentials };
}

/** A running consumer on a database file, wired as `tidegate sink` wires it. */
export class Sink implements AsyncDisposable {
  readonly database: Database;
  readonly problems: unknown[] = [];
  /** Every word sent to gateways. */
  readonly receipts: Receipt[] = [];
  readonly #link: NatsLink;
  readonly #consumer: CommitConsumer;

  constructor(url: string, databasePath: string) {
    this.database = openDatabase(databasePath, assets.migrations('sink'));
    const store = new SqliteSinkStore(this.database, { pointsMax: 1e9, ndjsonPath: undefined });
    this.#link = new NatsLink(natsSettings([url]), 'test sink', systemClock, seededRandom(1));
    const decode = (octets: Uint8Array, what: string) => {
      const reader = new SegmentReader(octets, zstd, what);
      return { series: reader.entries.map(({ series }) => series), points: reader.readAll() };
    };
    this.#consumer = new CommitConsumer(
      this.#link,
      { stream: STREAM, streamBytesMax: STREAM_BYTES_MAX, durable: 'sink' },
      {
        receive: async (manifest, fetchParts) => {
          const receipt = await receiveSegment(manifest, { store, fetchParts, decode, clock: systemClock });
          this.receipts.push(receipt);
          return receipt;
        },
        has: (id) => store.has(id),
        onProblem: (error) => this.problems.push(error),
      },
      systemClock,
    );
    this.#link.start();
    this.#consumer.start();
  }

  totals(gateway: string): SinkTotals {
    return readSinkTotals(this.database, { gateway });
  }

  /** Values of all points of a gateway, sorted. */
  values(gateway: string): number[] {
    return this.database
      .prepare('SELECT value FROM reading WHERE gateway = ? ORDER BY value')
      .pluck()
      .all(gateway) as number[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.stop();
    await this.#link[Symbol.asyncDispose]();
    this.database.close();
  }
}
