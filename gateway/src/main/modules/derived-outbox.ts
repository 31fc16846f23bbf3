import type { MessagePort } from 'node:worker_threads';
import type { ShedReason } from '../../core/model/ledger.ts';
import { allocatePoints, type PointColumns } from '../../core/model/points.ts';
import { ALARM_STATE } from '../../core/model/quality.ts';
import { DERIVED_SERIES_BASE, type Series } from '../../core/model/series.ts';
import type { SeriesBoard } from '../../core/model/series-board.ts';
import type { DerivedLane } from '../../core/modules/counted-sink.ts';
import type { DerivedRegistry } from '../../core/modules/derived-registry.ts';
import type { OutputSink } from '../../core/modules/module-binding.ts';
import type { DerivedCommitted, DerivedMessage } from '../thread-messages.ts';

/** Rows of one message. */
const ROWS_MAX = 4096;
/** Messages at the store and not on disk yet; beyond it rows are shed and counted. */
const WINDOW = 64;

interface LaneBuffer {
  readonly points: PointColumns;
  shed: Partial<Record<ShedReason, number>>;
}

/** Collects what modules put out and sends it to the store, lane by lane. */
export class DerivedOutbox implements OutputSink {
  readonly #store: MessagePort;
  readonly #registry: DerivedRegistry;
  readonly #board: SeriesBoard;
  readonly #onNewSeries: (series: readonly Series[]) => void;
  readonly #onLaneSent: (lane: DerivedLane) => void;
  readonly #lanes: Record<DerivedLane, LaneBuffer> = {
    aggregate: { points: allocatePoints(ROWS_MAX), shed: {} },
    alarm: { points: allocatePoints(ROWS_MAX), shed: {} },
  };
  #underWay = 0;
  /** Alarm series that stand raised. */
  readonly raised: Set<number>;

  constructor(
    store: MessagePort,
    registry: DerivedRegistry,
    board: SeriesBoard,
    onNewSeries: (series: readonly Series[]) => void,
    raised: readonly number[],
    onLaneSent: (lane: DerivedLane) => void,
  ) {
    this.raised = new Set(raised);
    this.#store = store;
    this.#registry = registry;
    this.#board = board;
    this.#onNewSeries = onNewSeries;
    this.#onLaneSent = onLaneSent;
    store.on('message', ({ derivedCommitted }: DerivedCommitted) => {
      this.#underWay -= derivedCommitted;
    });
  }

  /** Everything is on disk. */
  get isIdle(): boolean {
    return this.#underWay === 0 && Object.values(this.#lanes).every(({ points }) => points.length === 0);
  }

  point(lane: DerivedLane, series: number, timeMs: number, value: number, quality: number): void {
    const { points } = this.#lanes[lane];
    if (points.length === ROWS_MAX) this.#send(lane);
    if (points.length === ROWS_MAX) return this.shed(lane, 'module_output', 1);
    const row = points.length++;
    points.timeMs[row] = timeMs;
    points.value[row] = value;
    points.series[row] = series;
    points.quality[row] = quality;
    if (lane === 'alarm' && quality === ALARM_STATE.raised) this.raised.add(series);
    else if (lane === 'alarm') this.raised.delete(series);
    this.#board.hear(series - DERIVED_SERIES_BASE, timeMs, value);
  }

  shed(lane: DerivedLane, reason: ShedReason, rows: number): void {
    const { shed } = this.#lanes[lane];
    shed[reason] = (shed[reason] ?? 0) + rows;
  }

  /** After each input batch and tick. */
  flush(): void {
    this.#send('alarm');
    this.#send('aggregate');
  }

  /** Leaves the rows where they are while the window is full. */
  #send(lane: DerivedLane): void {
    const buffer = this.#lanes[lane];
    const { points, shed } = buffer;
    if (this.#underWay >= WINDOW || (points.length === 0 && Object.keys(shed).length === 0)) return;
    const newSeries = this.#registry.takeAdded();
    if (newSeries.length > 0) this.#onNewSeries(newSeries);
    const columns: PointColumns = {
      length: points.length,
      timeMs: points.timeMs.slice(0, points.length),
      value: points.value.slice(0, points.length),
      series: points.series.slice(0, points.length),
      quality: points.quality.slice(0, points.length),
    };
    this.#underWay++;
    this.#store.postMessage({ lane, points: columns, shed, newSeries } satisfies DerivedMessage);
    points.length = 0;
    buffer.shed = {};
    this.#onLaneSent(lane);
  }
}
