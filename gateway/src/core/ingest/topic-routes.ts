/** From topic patterns to what is done with a topic's messages. Patterns are tried in order; a topic is resolved once and remembered. */
import { GatewayError } from '../../base/errors.ts';
import { ByteTable } from './byte-table.ts';
import { compileDecoder, type Decoder } from './decoder.ts';
import type { DecoderSpec } from './decoder-plan.ts';
import { NAME_BYTES_MAX } from './name-table.ts';

export interface RouteSpec extends Omit<DecoderSpec, 'decoder'> {
  readonly topic: string;
  /** Fixed names, where the topic gives none; empty: none. */
  readonly device: string;
  readonly point: string;
  readonly decoder: DecoderSpec['decoder'] | 'ignore';
}

/** What is known of one topic. `seriesOf[name + 1]` caches series by the decoder's name index (0: the topic's own); -1 not resolved yet. */
export interface TopicRoute {
  readonly decoder: Decoder;
  readonly device: string;
  readonly point: string;
  readonly seriesOf: number[];
}

/** Why a topic has no points: nobody's, brokered only, or it names a device or point of more than `NAME_BYTES_MAX` octets. */
export type NoRoute = 'unknown_topic' | 'ignored' | 'name_too_long';

/** A longer topic is resolved anew for each message, so that the memory of topics is bounded in octets too. */
const REMEMBERED_OCTETS_MAX = 512;

interface CompiledRoute {
  readonly pattern: RegExp;
  readonly deviceSegments: readonly number[];
  readonly pointSegment: number;
  readonly spec: RouteSpec;
  readonly decoder: Decoder | null;
}

export class TopicRoutes {
  readonly #routes: readonly CompiledRoute[];
  readonly #topics: ByteTable;
  readonly #resolved: (TopicRoute | NoRoute)[] = [];

  /** @param topicsMax topics remembered; further ones are resolved anew for each message: slower, never wrong. */
  constructor(routes: readonly RouteSpec[], topicsMax: number, namesMax: number) {
    this.#routes = routes.map((spec) => compileRoute(spec, namesMax));
    this.#topics = new ByteTable(topicsMax, 'topics');
  }

  find(octets: Uint8Array, start: number, end: number): TopicRoute | NoRoute {
    const known = this.#topics.find(octets, start, end);
    if (known >= 0) return this.#resolved[known]!;
    const resolved = this.#resolve(new TextDecoder().decode(octets.subarray(start, end)));
    // Topics that are rejected are not remembered: a device that makes up ever new ones must not crowd out the others.
    const isTaken = resolved !== 'unknown_topic' && resolved !== 'name_too_long';
    const isWorthIt = isTaken && end - start <= REMEMBERED_OCTETS_MAX;
    if (isWorthIt && !this.#topics.isFull()) this.#resolved[this.#topics.add(octets, start, end)] = resolved;
    return resolved;
  }

  #resolve(topic: string): TopicRoute | NoRoute {
    const route = this.#routes.find(({ pattern }) => pattern.test(topic));
    if (route === undefined) return 'unknown_topic';
    if (route.decoder === null) return 'ignored';
    const segments = topic.split('/');
    const device = route.deviceSegments.map((at) => segments[at]).join('/');
    const point = segments[route.pointSegment] ?? '';
    if (isTooLong(device) || isTooLong(point)) return 'name_too_long';
    return {
      decoder: route.decoder,
      device: device || route.spec.device,
      point: point || route.spec.point,
      seriesOf: [],
    };
  }
}

function isTooLong(name: string): boolean {
  return new TextEncoder().encode(name).length > NAME_BYTES_MAX;
}

function compileRoute(spec: RouteSpec, namesMax: number): CompiledRoute {
  const segments = spec.topic.split('/');
  const placeOf = (wanted: string) => segments.flatMap((segment, index) => (segment === wanted ? [index] : []));
  const { decoder } = spec;
  try {
    return {
      pattern: patternOf(segments),
      deviceSegments: placeOf('{device}'),
      pointSegment: placeOf('{point}')[0] ?? -1,
      spec,
      decoder: decoder === 'ignore' ? null : compileDecoder({ ...spec, decoder }, namesMax),
    };
  } catch (error) {
    throw new GatewayError('invalid', `route ${spec.topic}`, { cause: error });
  }
}

function patternOf(segments: readonly string[]): RegExp {
  const parts = segments.map((segment, index) => {
    if (segment === '#') return index === 0 ? '.*' : '(?:/.*)?';
    const one = segment === '+' || /^\{\w+\}$/.test(segment) ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return index === 0 ? one : `/${one}`;
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
