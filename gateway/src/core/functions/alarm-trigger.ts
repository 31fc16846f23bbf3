import { globToRegExp } from '../../base/glob.ts';
import { type GatewayEvent, makeEvent } from '../model/event.ts';

export interface AlarmTriggerSpec {
  readonly fn: string;
  /** Of `device/point`, or of the alarm itself: `device/point!module.output`. */
  readonly series: string;
  readonly state: 'raised' | 'cleared' | 'any';
}

export interface AlarmChange {
  /** `device/point!module.output` */
  readonly name: string;
  readonly state: 'raised' | 'cleared';
  /** Null: not known. */
  readonly value: number | null;
  /** Unix epoch milliseconds. */
  readonly timeMs: number;
  /** The same for the same change, for ever. */
  readonly id: string;
}

/** Which functions hear of which alarms. */
export class AlarmTriggers {
  readonly #triggers: readonly (AlarmTriggerSpec & { readonly pattern: RegExp })[];
  readonly #source: string;

  /** @param source of the events. */
  constructor(specs: readonly AlarmTriggerSpec[], source: string) {
    this.#triggers = specs.map((spec) => ({ ...spec, pattern: globToRegExp(spec.series) }));
    this.#source = source;
  }

  get isEmpty(): boolean {
    return this.#triggers.length === 0;
  }

  /** Each function once, however many of its triggers match. */
  functionsFor({ name, state }: Pick<AlarmChange, 'name' | 'state'>): string[] {
    const series = name.split('!')[0]!;
    const heard = this.#triggers.filter((trigger) => {
      if (trigger.state !== 'any' && trigger.state !== state) return false;
      return trigger.pattern.test(series) || trigger.pattern.test(name);
    });
    return [...new Set(heard.map(({ fn }) => fn))];
  }

  event({ name, state, value, timeMs, id }: AlarmChange): GatewayEvent {
    const [series, kind = ''] = name.split('!');
    return makeEvent({
      id,
      source: this.#source,
      type: `tidegate.alarm.${state}`,
      timeMs,
      data: new TextEncoder().encode(JSON.stringify({ series, kind, state, value, timeMs })),
      more: { subject: name, datacontenttype: 'application/json' },
    });
  }
}
