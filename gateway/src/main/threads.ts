/** The one door to worker threads: whoever asks is told what each takes. */
import { getHeapStatistics } from 'node:v8';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import { millis } from '../base/units.ts';
import { assets, type WorkerName } from './assets.ts';

/** A thread in the middle of a long call answers after it: it is left out then. */
const ANSWER_WAIT = millis(200);

const running = new Map<Worker, WorkerName>();

export interface ThreadMemory {
  readonly name: 'main' | WorkerName;
  /** Of this name that have answered: modules have one for each class of trust. */
  readonly threads: number;
  /** Of V8's heap, in use; of all of them together. */
  readonly heapBytes: number;
  /** Beside the heap: buffers and memories of WebAssembly, without what threads share. */
  readonly externalBytes: number;
}

type Taken = Pick<ReturnType<typeof getHeapStatistics>, 'used_heap_size' | 'external_memory'>;

export function startThread(name: WorkerName, options: WorkerOptions): Worker {
  const worker = assets.startWorker(name, options);
  running.set(worker, name);
  worker.once('exit', () => running.delete(worker));
  return worker;
}

/** By name, main first. */
export async function threadMemory(): Promise<ThreadMemory[]> {
  const found = new Map<ThreadMemory['name'], ThreadMemory>();
  const add = (name: ThreadMemory['name'], { used_heap_size, external_memory }: Taken) => {
    const { threads, heapBytes, externalBytes } = found.get(name) ?? { threads: 0, heapBytes: 0, externalBytes: 0 };
    const more = { heapBytes: heapBytes + used_heap_size, externalBytes: externalBytes + external_memory };
    found.set(name, { name, threads: threads + 1, ...more });
  };
  add('main', getHeapStatistics());
  const asked = [...running].map(async ([worker, name]) => ({ name, taken: await answerOf(worker) }));
  for (const { name, taken } of await Promise.all(asked)) if (taken !== null) add(name, taken);
  return [...found.values()];
}

/** Null: it has ended, or does not answer in time. */
async function answerOf(worker: Worker): Promise<Taken | null> {
  const enough = new AbortController();
  const late = systemClock.sleep(ANSWER_WAIT, enough.signal).then(() => null);
  try {
    return await Promise.race([worker.getHeapStatistics(), late]);
  } catch {
    return null;
  } finally {
    enough.abort();
  }
}
