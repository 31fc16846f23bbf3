/** One look at a running gateway: what the kernel counts of its process, and what V8 counts in each of its threads. */
import { readdirSync, readFileSync } from 'node:fs';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { memoryOf } from './process-figures.ts';

const MB = 2 ** 20;

/** MB are MiB. Heap and external are of all threads together. */
export interface SoakSample {
  /** Since the load began. */
  readonly seconds: number;
  readonly pssMb: number;
  readonly anonymousMb: number;
  readonly heapMb: number;
  readonly externalMb: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Points the gateway has received since its start. */
  readonly points: number;
}

/** What grows without end would be a leak. */
export const TREND_FIELDS = ['pssMb', 'anonymousMb', 'heapMb', 'externalMb', 'descriptors', 'threads'] as const;

export async function takeSample(gateway: GatewayProcess, startMs: number): Promise<SoakSample> {
  const { pid } = gateway;
  const status = await gateway.status();
  const { threads } = status.process;
  const sum = (field: 'heapBytes' | 'externalBytes') => threads.reduce((total, one) => total + one[field], 0) / MB;
  return {
    seconds: (performance.now() - startMs) / 1000,
    ...memoryOf(pid),
    heapMb: sum('heapBytes'),
    externalMb: sum('externalBytes'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]),
    points: status.ledger.lanes.live.received,
  };
}
