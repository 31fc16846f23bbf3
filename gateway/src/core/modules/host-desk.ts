import { TokenBucket } from '../../base/token-bucket.ts';
import { ERRNO } from './errno.ts';
import type { ModuleManifest } from './manifest.ts';
import type { HostCalls, RatedCall } from './ports.ts';

/** Names of gauges one module may use. */
const GAUGES_MAX = 32;
const LOG_LINE_MAX = 1024;
/** The least a line costs of the log's rate, so that empty lines are bounded too. */
const LOG_LINE_COST = 64;
const LEVELS = ['info', 'warn', 'error'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** What goes on from the desk. */
export interface HostDeskParts {
  readonly log: (level: LogLevel, text: string) => void;
  readonly emit: (type: string, data: Uint8Array) => void;
  /** Unix epoch milliseconds, and monotonic ones. */
  readonly epochMs: () => number;
  readonly nowMs: () => number;
}

/** What a module asked for beyond its rates. */
export interface DroppedCalls {
  readonly logLines: number;
  readonly metrics: number;
  readonly emits: number;
}

interface Rate {
  readonly bucket: TokenBucket;
  /** What the cheapest call takes of it. */
  readonly least: number;
  readonly dropped: keyof DroppedCalls;
}

/** Serves the capabilities of one module within its rates; what is over them is dropped and counted. Outlives its instances. */
export class HostDesk implements HostCalls {
  readonly #parts: HostDeskParts;
  readonly #dropped = { logLines: 0, metrics: 0, emits: 0 };
  #heldEvents = 0;
  readonly #rates: Record<RatedCall, Rate>;
  /** Last value of each gauge, in order of first use. */
  readonly gauges = new Map<string, number>();

  constructor({ limits }: ModuleManifest, parts: HostDeskParts) {
    this.#parts = parts;
    const now = parts.nowMs();
    const rate = (perSecond: number, least: number, dropped: keyof DroppedCalls): Rate => ({
      bucket: new TokenBucket(perSecond, now),
      least,
      dropped,
    });
    this.#rates = {
      log: rate(limits.logBytesPerSec, LOG_LINE_COST, 'logLines'),
      metric: rate(limits.metricsPerSec, 1, 'metrics'),
      emit: rate(limits.emitsPerSec, 1, 'emits'),
    };
  }

  get dropped(): DroppedCalls {
    return { ...this.#dropped };
  }

  log(level: number, text: string): void {
    const line = text.slice(0, LOG_LINE_MAX);
    if (!this.#take('log', Math.max(LOG_LINE_COST, line.length))) this.#dropped.logLines++;
    else this.#parts.log(LEVELS[level] ?? 'info', line.replace(/[\p{Cc}\u2028\u2029]/gu, ' '));
  }

  now(): number {
    return this.#parts.epochMs();
  }

  metric(name: string, value: number): void {
    const isNew = !this.gauges.has(name);
    const isName = /^[a-z][a-z0-9_]{0,63}$/.test(name);
    const isFull = isNew && this.gauges.size >= GAUGES_MAX;
    if (!isName || isFull || !this.#take('metric')) this.#dropped.metrics++;
    else this.gauges.set(name, value);
  }

  /** The next so many events have been emitted already, by the instance before this one: they are taken and go nowhere. */
  holdBack(events: number): void {
    this.#heldEvents = events;
  }

  takes(call: RatedCall): boolean {
    if (call === 'emit' && this.#heldEvents > 0) return true;
    const { bucket, least, dropped } = this.#rates[call];
    if (bucket.available(this.#parts.nowMs()) >= least) return true;
    this.#dropped[dropped]++;
    return false;
  }

  emit(type: string, data: Uint8Array): number {
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(type)) return ERRNO.EINVAL;
    if (this.#heldEvents > 0) {
      this.#heldEvents--;
      return 0;
    }
    if (!this.#take('emit')) {
      this.#dropped.emits++;
      return ERRNO.EAGAIN;
    }
    this.#parts.emit(type, data);
    return 0;
  }

  #take(call: RatedCall, amount = 1): boolean {
    return this.#rates[call].bucket.take(amount, this.#parts.nowMs());
  }
}
