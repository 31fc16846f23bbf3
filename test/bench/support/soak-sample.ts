/** One look at a running gateway: what the kernel counts of its process, and what V8 counts in each of its threads. */
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from '../../support/eventually.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { Inspector } from '../../support/inspector.ts';
import { memoryOf } from './process-figures.ts';

const MB = 2 ** 20;

/** MB are MiB. Heap, external and buffers are of all threads together; NaN where there is no debugger to ask. */
export interface SoakSample {
  /** Since the load began. */
  readonly seconds: number;
  readonly pssMb: number;
  readonly anonymousMb: number;
  readonly heapMb: number;
  readonly externalMb: number;
  readonly buffersMb: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Points the gateway has received since its start. */
  readonly points: number;
}

/** What grows without end would be a leak. */
export const TREND_FIELDS = [
  'pssMb',
  'anonymousMb',
  'heapMb',
  'externalMb',
  'buffersMb',
  'descriptors',
  'threads',
] as const;

interface Usage {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
}

/**
 * Opens the debugger of a gateway by SIGUSR1, unless it was started with one.
 * @returns null when its port is taken: then heaps are not measured.
 */
export async function openInspector(gateway: GatewayProcess): Promise<Inspector | null> {
  if (!gateway.log.includes('ws://')) process.kill(gateway.pid, 'SIGUSR1');
  await eventually('the debugger', () => /ws:\/\/|Starting inspector .* failed/.test(gateway.log));
  return gateway.log.includes('ws://') ? await Inspector.attach(gateway.log) : null;
}

export async function takeSample(
  gateway: GatewayProcess,
  inspector: Inspector | null,
  startMs: number,
): Promise<SoakSample> {
  const { pid } = gateway;
  const [usage, status] = await Promise.all([usageOf(inspector), gateway.status()]);
  return {
    seconds: (performance.now() - startMs) / 1000,
    ...memoryOf(pid),
    ...usage,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]),
    points: status.ledger.lanes.live.received,
  };
}

async function usageOf(inspector: Inspector | null) {
  if (inspector === null) return { heapMb: Number.NaN, externalMb: Number.NaN, buffersMb: Number.NaN };
  const threads = [undefined, ...inspector.workers];
  const answers = await Promise.all(threads.map((one) => inspector.evaluate('process.memoryUsage()', one)));
  const sum = (field: keyof Usage) =>
    answers.reduce<number>((total, usage) => total + ((usage as Usage | undefined)?.[field] ?? 0), 0) / MB;
  return { heapMb: sum('heapUsed'), externalMb: sum('external'), buffersMb: sum('arrayBuffers') };
}
