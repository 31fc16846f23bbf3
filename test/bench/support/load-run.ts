import { join } from 'node:path';
import { pause, startChild } from './child.ts';

export const ROOT = new URL('../../../', import.meta.url).pathname;
export const CONNECTIONS = 4;

/** What the load generator sends; see test/support/load.ts. */
export interface LoadShape {
  readonly readings: number;
  /** Of all connections together. */
  readonly series: number;
  /** Messages a second of all connections together; Infinity: as acknowledgements allow. */
  readonly messagesPerSecond: number;
  /** Whether every reading carries the moment of its message: its age is then the message's. */
  readonly isStamped?: boolean;
  /** See test/support/load.ts; `walk` unless told. */
  readonly values?: 'walk' | 'numbered';
}

export interface Spans {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly points: number;
  readonly pointsPerSecond: number;
  /** Processor seconds of the generator, one thread, a second: near 1 means that it is what limits. */
  readonly cores: number;
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
}

/** Runs the load generator against a broker on loopback; `during` is called at the beginning and at the end of the span that counts. */
export async function runLoad(
  port: number,
  shape: LoadShape,
  spans: Spans,
  during: (at: 'begin' | 'end') => Promise<void>,
): Promise<LoadResult> {
  await using load = startChild(
    process.execPath,
    [
      join(ROOT, 'test/support/load.ts'),
      ...['--port', String(port)],
      ...['--connections', String(CONNECTIONS)],
      ...['--series', String(shape.series / CONNECTIONS)],
      ...['--readings', String(shape.readings)],
      ...['--rate', Number.isFinite(shape.messagesPerSecond) ? String(shape.messagesPerSecond) : 'max'],
      ...['--warm-up', String(spans.warmUpSeconds)],
      // Ended by us: it goes on until our own span is over.
      ...['--for', String(spans.seconds + 0.5)],
      ...['--values', shape.values ?? 'walk'],
      ...['--times', shape.isStamped ? 'now' : 'even'],
    ],
    ROOT,
  );
  await load.nextJson<{ started: true }>();
  await pause(spans.warmUpSeconds * 1000);
  await during('begin');
  await pause(spans.seconds * 1000);
  await during('end');
  return await load.nextJson<LoadResult>();
}
