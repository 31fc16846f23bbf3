/**
 * From messages to batches: decodes payloads straight into columns, names their series, and remembers whom to acknowledge when the batch is
 * on disk. Runs on the ingest worker. On the good path nothing is allocated for a point; a message costs one entry in a list.
 */
import type { Clock } from '../../base/clock.ts';
import { CLOCK_IS_SET_AFTER } from '../../base/clock.ts';
import type { BatchPool } from '../model/batch-pool.ts';
import { COUNTER_INDEX } from '../model/counters.ts';
import type { PointColumns } from '../model/points.ts';
import { packQuality, QUALITY_TIME_FROM_GATEWAY } from '../model/quality.ts';
import type { Series } from '../model/series.ts';
import type { SeriesBoard } from '../model/series-board.ts';
import { type Colour, readBaggage } from './baggage.ts';
import { decodeFaultName } from './decode-faults.ts';
import { allocateDecodedRows, type DecodedRows } from './decoded-rows.ts';
import type { Acknowledger, EventTap, Intake, TakenEvent } from './ports.ts';
import { gradeRange, SERIES_LIMIT, type SeriesRegistry } from './series-registry.ts';
import type { TopicRoute, TopicRoutes } from './topic-routes.ts';

/** A rejected message; the same shape as the store's. */
export interface RejectedMessage {
  readonly atMs: number;
  readonly topic: string;
  readonly reason: string;
  readonly sample: Uint8Array;
}

/** A filled batch on its way: rows `0..length-1` of the pool's `slot`. */
export interface FilledBatch {
  readonly slot: number;
  readonly length: number;
  /** Counts up by one. */
  readonly sequence: number;
  /** Its messages asked for the answer of canaries (`baggage.ts`). */
  readonly isColoured: boolean;
  /** When its first message was taken, monotonic by the pipeline's clock, ms. */
  readonly arrivedMs: number;
  readonly received: number;
  readonly newSeries: readonly Series[];
  readonly rejectedCount: number;
  readonly rejected: readonly RejectedMessage[];
  /** For functions: on disk before the batch's messages are acknowledged. */
  readonly events: readonly TakenEvent[];
}

export interface PipelineLimits {
  readonly readingsPerMessageMax: number;
  readonly sourceTimeFutureMaxMs: number;
  readonly sourceTimePastMaxMs: number;
  readonly sampleBytes: number;
}

export interface PipelineParts {
  readonly routes: TopicRoutes;
  readonly registry: SeriesRegistry;
  readonly pool: BatchPool;
  readonly board: SeriesBoard;
  readonly counters: Float64Array;
  readonly clock: Clock;
  /** Left out: no function listens to topics. */
  readonly tap?: EventTap | undefined;
  /** Hands a batch on. The pool's holds are set by whoever hands it on. */
  readonly deliver: (batch: FilledBatch) => void;
  /** The empty batch got its first entry: flush soon. */
  readonly onDirty: () => void;
}

/** Samples kept of one batch; further rejected messages are counted only. */
const SAMPLES_PER_BATCH_MAX = 64;

/** Events of one batch, and their octets: beyond either the batch goes on its way before another message is taken. */
const EVENTS_PER_BATCH_MAX = 512;
const EVENT_BYTES_PER_BATCH_MAX = 1 << 20;

/** In `TopicRoute.seriesOf`: this topic has not used that name yet. */
const UNRESOLVED = -2;

interface Waiting {
  readonly sequence: number;
  readonly acknowledgers: Acknowledger[];
  readonly tokens: number[];
}

export class IngestPipeline implements Intake {
  readonly #parts: PipelineParts;
  readonly #limits: PipelineLimits;
  readonly #rows: DecodedRows;
  readonly #timeLimits = { readingsMax: 0, timeMinMs: 0, timeMaxMs: 0 };
  readonly #waiting: Waiting[] = [];
  #roomCallbacks: (() => void)[] = [];
  #slot: number;
  #columns: PointColumns;
  /** Filled anew for each topic that carries baggage. */
  readonly #colour: Colour = { topicStart: 0, isCanary: false };
  #isColoured = false;
  #isDirty = false;
  #arrivedMs = 0;
  #sequence = 1;
  #received = 0;
  #rejectedCount = 0;
  #rejected: RejectedMessage[] = [];
  #events: TakenEvent[] = [];
  #eventBytes = 0;
  #acknowledgers: Acknowledger[] = [];
  #tokens: number[] = [];

  constructor(parts: PipelineParts, limits: PipelineLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#rows = allocateDecodedRows(limits.readingsPerMessageMax);
    this.#timeLimits.readingsMax = limits.readingsPerMessageMax;
    this.#slot = parts.pool.free(-1);
    this.#columns = parts.pool.columns(this.#slot);
    this.#columns.length = 0;
  }

  /** Batches handed on and not yet on disk. */
  get outstanding(): number {
    return this.#waiting.length;
  }

  /** Rows of the batch that is being filled. */
  get rows(): number {
    return this.#columns.length;
  }

  get isDirty(): boolean {
    return this.#isDirty;
  }

  offer(
    octets: Uint8Array,
    topicStart: number,
    topicEnd: number,
    payloadStart: number,
    payloadEnd: number,
    acknowledger: Acknowledger | null,
    token: number,
  ): boolean {
    const colour = this.#colour;
    const hasBaggage = readBaggage(octets, topicStart, topicEnd, colour);
    if (!this.#hasRoom() || !this.#recolour(hasBaggage && colour.isCanary)) return false;
    const { counters } = this.#parts;
    counters[COUNTER_INDEX.gateway_ingest_messages]!++;
    counters[COUNTER_INDEX.gateway_ingest_octets]! += payloadEnd - payloadStart;
    if (hasBaggage) topicStart = colour.topicStart;
    const route = this.#parts.routes.find(octets, topicStart, topicEnd);
    const isTaken = this.#takeEvents(octets, topicStart, topicEnd, payloadStart, payloadEnd);
    if (typeof route !== 'string') {
      const fault = this.#decode(route, octets, payloadStart, payloadEnd);
      if (fault !== null) this.#quarantine(octets, topicStart, topicEnd, payloadStart, payloadEnd, fault);
    } else if (route === 'ignored') counters[COUNTER_INDEX.gateway_ingest_ignored]!++;
    else if (!isTaken || route === 'name_too_long')
      this.#quarantine(octets, topicStart, topicEnd, payloadStart, payloadEnd, route);
    this.#enlist(acknowledger, token);
    return true;
  }

  reject(topic: string, reason: string, sample: Uint8Array, acknowledger: Acknowledger | null, token: number): boolean {
    if (!this.#hasRoom()) return false;
    this.#parts.counters[COUNTER_INDEX.gateway_ingest_messages]!++;
    this.#keep(topic, reason, sample);
    this.#enlist(acknowledger, token);
    return true;
  }

  whenRoom(callback: () => void): void {
    this.#parts.counters[COUNTER_INDEX.gateway_ingest_stalls]!++;
    this.#roomCallbacks.push(callback);
  }

  /** Hands the batch on, unless it is empty or there is no free slot to go on with. */
  flush(): void {
    if (this.#isDirty) this.#nextSlot();
  }

  /** Everything up to batch `sequence` is on disk: acknowledge it. */
  committed(sequence: number): void {
    const touched = new Set<Acknowledger>();
    while (this.#waiting.length > 0 && this.#waiting[0]!.sequence <= sequence) {
      const { acknowledgers, tokens } = this.#waiting.shift()!;
      for (let i = 0; i < acknowledgers.length; i++) {
        acknowledgers[i]!.acknowledge(tokens[i]!);
        touched.add(acknowledgers[i]!);
      }
    }
    for (const acknowledger of touched) acknowledger.flushAcknowledgements();
    const callbacks = this.#roomCallbacks;
    this.#roomCallbacks = [];
    for (const callback of callbacks) callback();
  }

  /** Room for the largest message, in this batch or in the next. */
  #hasRoom(): boolean {
    const left = this.#parts.pool.capacity - this.#columns.length;
    const isFull =
      left < this.#limits.readingsPerMessageMax ||
      this.#events.length >= EVENTS_PER_BATCH_MAX ||
      this.#eventBytes >= EVENT_BYTES_PER_BATCH_MAX;
    return !isFull || this.#nextSlot();
  }

  /** A batch is of one colour. @returns false when the one before has no slot to make way to. */
  #recolour(isColoured: boolean): boolean {
    if (isColoured === this.#isColoured) return true;
    if (this.#isDirty && !this.#nextSlot()) return false;
    this.#isColoured = isColoured;
    return true;
  }

  /** @returns false when every other slot is held: the batch stays and may be filled on, while it has room. */
  #nextSlot(): boolean {
    const { pool, registry, deliver, counters } = this.#parts;
    const next = pool.free(this.#slot);
    if (next < 0) return false;
    const batch: FilledBatch = {
      slot: this.#slot,
      length: this.#columns.length,
      sequence: this.#sequence++,
      isColoured: this.#isColoured,
      arrivedMs: this.#arrivedMs,
      received: this.#received,
      newSeries: registry.takeAdded(),
      rejectedCount: this.#rejectedCount,
      rejected: this.#rejected,
      events: this.#events,
    };
    this.#waiting.push({ sequence: batch.sequence, acknowledgers: this.#acknowledgers, tokens: this.#tokens });
    counters[COUNTER_INDEX.gateway_ingest_batches]!++;
    deliver(batch);
    this.#acknowledgers = [];
    this.#tokens = [];
    this.#received = 0;
    this.#rejectedCount = 0;
    this.#rejected = [];
    this.#events = [];
    this.#eventBytes = 0;
    this.#isDirty = false;
    this.#slot = next;
    this.#columns = pool.columns(next);
    this.#columns.length = 0;
    return true;
  }

  /** @returns whether a function takes the message, so that it is somebody's even without a route. */
  #takeEvents(octets: Uint8Array, topicStart: number, topicEnd: number, start: number, end: number): boolean {
    const taken = this.#parts.tap?.take(octets, topicStart, topicEnd, start, end) ?? 'nobody';
    if (taken === 'nobody') return false;
    if (taken === 'event_too_large') {
      this.#quarantine(octets, topicStart, topicEnd, start, end, taken);
      return true;
    }
    for (const one of taken) {
      this.#events.push(one);
      this.#eventBytes += one.event.length;
    }
    this.#parts.counters[COUNTER_INDEX.gateway_function_events]! += taken.length;
    return true;
  }

  /** @returns the fault, or null when the message's points are in the batch. */
  #decode(route: TopicRoute, octets: Uint8Array, start: number, end: number): string | null {
    const now = this.#parts.clock.now();
    const isClockSet = now > CLOCK_IS_SET_AFTER;
    const limits = this.#timeLimits;
    limits.timeMinMs = isClockSet ? now - this.#limits.sourceTimePastMaxMs : -Infinity;
    limits.timeMaxMs = isClockSet ? now + this.#limits.sourceTimeFutureMaxMs : Infinity;
    const rows = this.#rows;
    rows.length = 0;
    const count = route.decoder.decode(octets, start, end, now, limits, rows);
    if (count < 0) return decodeFaultName(count);
    return this.#append(route, rows, isClockSet) ? null : 'series_limit';
  }

  /** All rows or none. */
  #append(route: TopicRoute, rows: DecodedRows, isClockSet: boolean): boolean {
    const columns = this.#columns;
    const { board, registry, counters } = this.#parts;
    const first = columns.length;
    const firstNew = registry.next;
    for (let i = 0; i < rows.length; i++) {
      const known = route.seriesOf[rows.name[i]! + 1];
      const series = known !== undefined && known >= 0 ? known : this.#resolve(route, rows.name[i]!);
      if (series === SERIES_LIMIT) {
        this.#takeBack(route, firstNew);
        return false;
      }
      const value = rows.value[i]!;
      let quality = rows.quality[i]!;
      if (value < registry.min[series]! || value > registry.max[series]!) quality = gradeRange(quality);
      if (!isClockSet && (quality & QUALITY_TIME_FROM_GATEWAY) !== 0)
        quality = packQuality('uncertain', 'clock_unset', true);
      const row = first + i;
      columns.timeMs[row] = rows.timeMs[i]!;
      columns.value[row] = value;
      columns.series[row] = series;
      columns.quality[row] = quality;
    }
    for (let row = first; row < first + rows.length; row++)
      board.hear(columns.series[row]!, columns.timeMs[row]!, columns.value[row]!);
    columns.length = first + rows.length;
    this.#received += rows.length;
    counters[COUNTER_INDEX.gateway_ingest_points]! += rows.length;
    return true;
  }

  #resolve(route: TopicRoute, name: number): number {
    const own = name < 0 ? undefined : route.decoder.names[name];
    const series = this.#parts.registry.resolve(own?.device ?? route.device, own?.point ?? route.point);
    if (series === SERIES_LIMIT) return SERIES_LIMIT;
    // No holes: a sparse array would cost on every reading.
    while (route.seriesOf.length < name + 1) route.seriesOf.push(UNRESOLVED);
    route.seriesOf[name + 1] = series;
    return series;
  }

  /** Series that appeared with a message which is rejected after all must not use up what is left of the bound. */
  #takeBack(route: TopicRoute, firstNew: number): void {
    this.#parts.registry.takeBack(firstNew);
    for (let i = 0; i < route.seriesOf.length; i++) if (route.seriesOf[i]! >= firstNew) route.seriesOf[i] = UNRESOLVED;
  }

  #quarantine(
    octets: Uint8Array,
    topicStart: number,
    topicEnd: number,
    start: number,
    end: number,
    reason: string,
  ): void {
    const topic = new TextDecoder().decode(octets.subarray(topicStart, Math.min(topicEnd, topicStart + 256)));
    this.#keep(topic, reason, octets.subarray(start, Math.min(end, start + this.#limits.sampleBytes)));
  }

  /** One rejected message counts as one point received, whatever it held: nobody can say what it held. */
  #keep(topic: string, reason: string, sample: Uint8Array): void {
    this.#received++;
    this.#rejectedCount++;
    this.#parts.counters[COUNTER_INDEX.gateway_ingest_quarantined]!++;
    if (this.#rejected.length >= SAMPLES_PER_BATCH_MAX) return;
    this.#rejected.push({ atMs: this.#parts.clock.now(), topic, reason, sample: sample.slice() });
  }

  #enlist(acknowledger: Acknowledger | null, token: number): void {
    if (acknowledger !== null) {
      this.#acknowledgers.push(acknowledger);
      this.#tokens.push(token);
    }
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#arrivedMs = this.#parts.clock.monotonic();
    this.#parts.onDirty();
  }
}
