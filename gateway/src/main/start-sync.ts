import type { NatsLink } from '../adapters/nats/link.ts';
import { NatsSegmentTransport } from '../adapters/nats/segment-transport.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Config } from '../config/settings.ts';
import type { SagaDefinition } from '../core/model/saga.ts';
import type { SagaEngine } from '../core/sagas/engine.ts';
import { shipSegment } from '../core/sync/ship-segment.ts';
import { segmentOutbox } from './segment-outbox.ts';
import type { Log } from './service/log.ts';
import type { StatePaths } from './state-paths.ts';
import type { StoreVerbs } from './thread-messages.ts';

const REVIVE_EVERY_MS = 60_000;

export interface SyncParts {
  readonly id: string;
  readonly epoch: string;
  readonly store: Remote<StoreVerbs>;
  readonly paths: StatePaths;
  readonly link: NatsLink;
  readonly log: Log;
}

export interface Sync extends AsyncDisposable {
  /** Empty when no cloud is configured. */
  readonly definitions: readonly SagaDefinition[];
  /** Unix epoch milliseconds; null: none since the start. */
  readonly lastReceiptMs: number | null;
  /** Gives every unconfirmed segment a saga, and connects. */
  start(engine: SagaEngine): Promise<void>;
}

export function createSync(config: Config, { id, epoch, store, paths, link, log }: SyncParts): Sync {
  const { sync } = config;
  if (!sync.enabled || sync.servers.length === 0) {
    return { definitions: [], lastReceiptMs: null, start: async () => {}, [Symbol.asyncDispose]: async () => {} };
  }
  const transport = new NatsSegmentTransport(
    link,
    {
      gateway: id,
      stream: sync.stream,
      streamCreate: sync.streamCreate,
      streamBytesMax: sync.streamBytesMax,
      receiptTimeoutMs: sync.receiptTimeout,
    },
    systemClock,
    (error) => log('warn', `sync: ${describeError(error)}`),
  );
  const definition = shipSegment(
    { outbox: segmentOutbox(store, paths), transport },
    { gateway: id, epoch, partBytes: sync.partMax, window: sync.window },
  );
  let reviver: NodeJS.Timeout | undefined;
  return {
    definitions: [definition as SagaDefinition],
    get lastReceiptMs() {
      return transport.lastReceiptMs;
    },
    async start(engine) {
      link.onUp(() => engine.nudge());
      link.start();
      const revive = () =>
        store.reviveShipments().then(
          (count) => count > 0 && engine.nudge(),
          (error) => log('error', `sync: ${describeError(error)}`),
        );
      reviver = setInterval(revive, REVIVE_EVERY_MS);
      await revive();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(reviver);
      await link[Symbol.asyncDispose]();
    },
  };
}
