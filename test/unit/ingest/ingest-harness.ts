/** A pipeline over a pool of real batches, whose store is this object: it takes batches in, and says that they are on disk when told. */
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { epochMs, millis } from '../../../gateway/src/base/units.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import {
  type FilledBatch,
  IngestPipeline,
  type PipelineLimits,
  type RejectedMessage,
} from '../../../gateway/src/core/ingest/pipeline.ts';
import type { Acknowledger, EventTap } from '../../../gateway/src/core/ingest/ports.ts';
import { SeriesRegistry, type SeriesRule } from '../../../gateway/src/core/ingest/series-registry.ts';
import { type RouteSpec, TopicRoutes } from '../../../gateway/src/core/ingest/topic-routes.ts';
import { allocateBatchPool, BatchPool } from '../../../gateway/src/core/model/batch-pool.ts';
import { allocateCounters, countersOf } from '../../../gateway/src/core/model/counters.ts';
import type { Series } from '../../../gateway/src/core/model/series.ts';
import { seriesName } from '../../../gateway/src/core/model/series.ts';
import { allocateSeriesBoard, SeriesBoard } from '../../../gateway/src/core/model/series-board.ts';

export interface IngestOptions {
  readonly routes?: readonly RouteSpec[];
  readonly rules?: readonly SeriesRule[];
  readonly known?: readonly Series[];
  readonly seriesMax?: number;
  readonly slots?: number;
  readonly capacity?: number;
  readonly limits?: Partial<PipelineLimits>;
  /** Keeps batches until `commitAll`, instead of committing each in the next microtask. */
  readonly isManual?: boolean;
  readonly nowMs?: number;
  readonly tap?: EventTap;
}

export interface StoredPoint {
  readonly name: string;
  readonly timeMs: number;
  readonly value: number;
  readonly quality: number;
}

/** The routes of a configuration without any. */
export const DEFAULT_ROUTES: readonly RouteSpec[] = parseConfig([]).config.ingest.route as readonly RouteSpec[];

export class IngestHarness {
  readonly pipeline: IngestPipeline;
  readonly registry: SeriesRegistry;
  readonly pool: BatchPool;
  readonly points: StoredPoint[] = [];
  readonly rejected: RejectedMessage[] = [];
  readonly newSeries: Series[] = [];
  rejectedCount = 0;
  received = 0;
  /** Batches held by the store. */
  readonly held: FilledBatch[] = [];
  readonly #names = new Map<number, string>();
  readonly #isManual: boolean;

  constructor(options: IngestOptions) {
    const {
      routes = DEFAULT_ROUTES,
      rules = [],
      known = [],
      seriesMax = 1000,
      slots = 4,
      capacity = 4096,
      nowMs,
    } = options;
    this.#isManual = options.isManual ?? false;
    this.pool = new BatchPool(allocateBatchPool(slots, capacity));
    this.registry = new SeriesRegistry(known, rules, seriesMax);
    for (const series of known) this.#names.set(series.id, seriesName(series));
    const clock =
      nowMs === undefined ? systemClock : { ...systemClock, now: () => epochMs(nowMs), monotonic: () => millis(0) };
    this.pipeline = new IngestPipeline(
      {
        routes: new TopicRoutes(routes, 1000, 1000),
        registry: this.registry,
        pool: this.pool,
        board: new SeriesBoard(allocateSeriesBoard(seriesMax)),
        counters: countersOf(allocateCounters(), 'ingest'),
        clock,
        tap: options.tap,
        deliver: (batch) => this.#deliver(batch),
        onDirty: () => {
          if (!this.#isManual) queueMicrotask(() => this.pipeline.flush());
        },
      },
      {
        readingsPerMessageMax: 100,
        sourceTimeFutureMaxMs: 86_400_000,
        sourceTimePastMaxMs: 3650 * 86_400_000,
        sampleBytes: 16,
        ...options.limits,
      },
    );
  }

  /** @returns whether it was taken. */
  offer(topic: string, payload: string | Uint8Array, acknowledger: Acknowledger | null = null, token = 0): boolean {
    const octets = Buffer.concat([Buffer.from(topic), Buffer.from(payload)]);
    const topicEnd = Buffer.byteLength(topic);
    return this.pipeline.offer(octets, 0, topicEnd, topicEnd, octets.length, acknowledger, token);
  }

  /** Reads the batches the store holds, and says that they are on disk. */
  commitAll(): void {
    for (const batch of this.held.splice(0)) this.#commit(batch);
  }

  #deliver(batch: FilledBatch): void {
    this.pool.hold(batch.slot, 'store');
    this.held.push(batch);
    if (!this.#isManual) queueMicrotask(() => this.commitAll());
  }

  #commit(batch: FilledBatch): void {
    for (const series of batch.newSeries) this.#names.set(series.id, seriesName(series));
    this.newSeries.push(...batch.newSeries);
    const columns = this.pool.columns(batch.slot);
    for (let row = 0; row < batch.length; row++) {
      const name = this.#names.get(columns.series[row]!) ?? `unnamed ${columns.series[row]}`;
      this.points.push({
        name,
        timeMs: columns.timeMs[row]!,
        value: columns.value[row]!,
        quality: columns.quality[row]!,
      });
    }
    this.received += batch.received;
    this.rejectedCount += batch.rejectedCount;
    this.rejected.push(...batch.rejected);
    this.pool.release(batch.slot, 'store');
    this.pipeline.committed(batch.sequence);
  }
}

export function startIngest(options: IngestOptions = {}): IngestHarness {
  return new IngestHarness(options);
}
