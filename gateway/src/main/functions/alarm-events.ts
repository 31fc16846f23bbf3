/** On the store worker: which of the alarms that come to be committed are events for functions. */
import type { Config } from '../../config/settings.ts';
import { type AlarmChange, AlarmTriggers } from '../../core/functions/alarm-trigger.ts';
import type { TakenEvent } from '../../core/ingest/ports.ts';
import { encodeEvent } from '../../core/model/event.ts';
import type { PointColumns } from '../../core/model/points.ts';
import { ALARM_STATE } from '../../core/model/quality.ts';
import { type Series, seriesName } from '../../core/model/series.ts';
import { eventSource } from './event-source.ts';

export class AlarmEvents {
  readonly #triggers: AlarmTriggers;
  readonly #names = new Map<number, string>();
  readonly #epoch: string;

  /** @param epoch of the store: series are numbered within it. @param known series of the store. */
  constructor(config: Config, gatewayId: string, epoch: string, known: Iterable<Series>) {
    const specs = config.function.flatMap(({ name, enabled, trigger }) =>
      trigger
        .filter(({ type }) => enabled && type === 'alarm')
        .map(({ series, state }) => ({ fn: name, series, state })),
    );
    this.#triggers = new AlarmTriggers(specs, eventSource(gatewayId, 'alarms'));
    this.#epoch = epoch;
    this.learn(known);
  }

  learn(series: Iterable<Series>): void {
    if (this.#triggers.isEmpty) return;
    for (const one of series) if (one.lane === 'alarm') this.#names.set(one.id, seriesName(one));
  }

  /** @param points of the alarm lane. */
  of(points: PointColumns): TakenEvent[] {
    if (this.#triggers.isEmpty) return [];
    return Array.from({ length: points.length }, (_, row) => this.#change(points, row)).flatMap((change) => {
      const takers = this.#triggers.functionsFor(change);
      if (takers.length === 0) return [];
      const event = encodeEvent(this.#triggers.event(change));
      return takers.map((fn) => ({ fn, event }));
    });
  }

  #change(points: PointColumns, row: number): AlarmChange {
    const series = points.series[row]!;
    const timeMs = points.timeMs[row]!;
    const value = points.value[row]!;
    const state = points.quality[row] === ALARM_STATE.raised ? 'raised' : 'cleared';
    return {
      name: this.#names.get(series) ?? String(series),
      state,
      value: Number.isNaN(value) ? null : value,
      timeMs,
      id: `${this.#epoch}.${series}.${timeMs}.${state}`,
    };
  }
}
