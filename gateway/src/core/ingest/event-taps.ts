/** Which topics are events for functions: MQTT topic filters, matched once a topic and remembered like routes. */
import { EVENT_LIMITS, encodeEvent, type GatewayEvent } from '../model/event.ts';
import { ByteTable } from './byte-table.ts';
import type { EventTap, TakenEvent } from './ports.ts';

export interface TapSpec {
  readonly fn: string;
  /** MQTT topic filter with + and #. */
  readonly filter: string;
}

/** A longer topic is matched anew each time, so that the memory of topics is bounded in octets too. */
const REMEMBERED_OCTETS_MAX = 512;
const NOBODY: readonly string[] = [];
const decoder = new TextDecoder();

export class EventTaps implements EventTap {
  readonly #taps: readonly { readonly fn: string; readonly pattern: RegExp }[];
  readonly #makeEvent: (topic: string, payload: Uint8Array) => GatewayEvent;
  readonly #topics: ByteTable;
  readonly #takers: (readonly string[])[] = [];

  /** @param topicsMax topics remembered; further ones are matched anew for each message: slower, never wrong. */
  constructor(
    specs: readonly TapSpec[],
    topicsMax: number,
    makeEvent: (topic: string, payload: Uint8Array) => GatewayEvent,
  ) {
    this.#taps = specs.map(({ fn, filter }) => ({ fn, pattern: filterPattern(filter) }));
    this.#topics = new ByteTable(topicsMax, 'topics of functions');
    this.#makeEvent = makeEvent;
  }

  take(
    octets: Uint8Array,
    topicStart: number,
    topicEnd: number,
    payloadStart: number,
    payloadEnd: number,
  ): readonly TakenEvent[] | 'nobody' | 'event_too_large' {
    const takers = this.#takersOf(octets, topicStart, topicEnd);
    if (takers.length === 0) return 'nobody';
    const isTooLarge =
      payloadEnd - payloadStart > EVENT_LIMITS.dataBytes || topicEnd - topicStart > EVENT_LIMITS.valueBytes;
    if (isTooLarge) return 'event_too_large';
    const topic = decoder.decode(octets.subarray(topicStart, topicEnd));
    const event = encodeEvent(this.#makeEvent(topic, octets.subarray(payloadStart, payloadEnd)));
    return takers.map((fn) => ({ fn, event }));
  }

  #takersOf(octets: Uint8Array, start: number, end: number): readonly string[] {
    const known = this.#topics.find(octets, start, end);
    if (known >= 0) return this.#takers[known]!;
    const topic = decoder.decode(octets.subarray(start, end));
    const matching = this.#taps.filter(({ pattern }) => pattern.test(topic)).map(({ fn }) => fn);
    const takers = matching.length === 0 ? NOBODY : [...new Set(matching)];
    if (end - start <= REMEMBERED_OCTETS_MAX && !this.#topics.isFull())
      this.#takers[this.#topics.add(octets, start, end)] = takers;
    return takers;
  }
}

/** As MQTT 3.1.1 says in section 4.7: + is one whole level, a last # any number of them; wildcards at the front leave `$` topics alone. */
export function filterPattern(filter: string): RegExp {
  const levels = filter.split('/');
  const parts = levels.map((level, index) => {
    if (level === '#') return index === 0 ? '.*' : '(?:/.*)?';
    const one = level === '+' ? '[^/]*' : level.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return index === 0 ? one : `/${one}`;
  });
  const guard = levels[0] === '#' || levels[0] === '+' ? '(?!\\$)' : '';
  return new RegExp(`^${guard}${parts.join('')}$`, 's');
}
