/** On the store worker: which of the alarms that come to be committed are events for functions. */
import { describeError, GatewayError } from '../../base/errors.ts';
import type { Config } from '../../config/settings.ts';
import { type AlarmChange, AlarmTriggers } from '../../core/functions/alarm-trigger.ts';
import type { TakenEvent } from '../../core/ingest/ports.ts';
import { encodeEvent } from '../../core/model/event.ts';
import type { PointColumns } from '../../core/model/points.ts';
import { ALARM_STATE } from '../../core/model/quality.ts';
import { type Series, seriesName } from '../../core/model/series.ts';
import { eventSource } from './event-source.ts';

/** Of the alarm's name in the log. */
const SHOWN_CHARACTERS_MAX = 100;

export class AlarmEvents {
  readonly #triggers: AlarmTriggers;
  readonly #names = new Map<number, string>();
  readonly #epoch: string;
  readonly #onLost: (text: string) => void;

  /**
   * @param epoch of the store: series are numbered within it. @param known series of the store.
   * @param onLost called once for each change that functions listen to and no event can hold.
   */
  constructor(
    config: Config,
    gatewayId: string,
    epoch: string,
    known: Iterable<Series>,
    onLost: (text: string) => void,
  ) {
    const specs = config.function.flatMap(({ name, enabled, trigger }) =>
      trigger
        .filter(({ type }) => enabled && type === 'alarm')
        .map(({ series, state }) => ({ fn: name, series, state })),
    );
    this.#triggers = new AlarmTriggers(specs, eventSource(gatewayId, 'alarms'));
    this.#epoch = epoch;
    this.#onLost = onLost;
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
      const event = this.#encoded(change, takers);
      return event === null ? [] : takers.map((fn) => ({ fn, event }));
    });
  }

  /** Null for what no event can hold: the alarm is stored all the same, so the functions alone go without. */
  #encoded(change: AlarmChange, takers: readonly string[]): Uint8Array | null {
    try {
      return encodeEvent(this.#triggers.event(change));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const name = change.name.slice(0, SHOWN_CHARACTERS_MAX);
      this.#onLost(`alarm ${name} ${change.state}: not told to ${takers.join(', ')}: ${describeError(error)}`);
      return null;
    }
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
