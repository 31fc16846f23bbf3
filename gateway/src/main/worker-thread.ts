import type { MessagePort, Transferable, Worker } from 'node:worker_threads';
import { type Remote, remoteCalls, reviveError } from '../adapters/threads/rpc.ts';
import type { WorkerName } from './assets.ts';
import type { Log } from './service/log.ts';
import type { WorkerNotice } from './thread-messages.ts';
import { startThread } from './threads.ts';

type ReadyNotice = Extract<WorkerNotice, { notice: 'ready' }>;

/** A worker thread that has said that it is ready; releasing it ends the thread. */
export interface RunningWorker<V> extends AsyncDisposable {
  readonly worker: Worker;
  readonly remote: Remote<V>;
  readonly ready: ReadyNotice;
  onNotice(listener: (notice: WorkerNotice) => void): void;
  /** Gives the worker one end of a channel. */
  handPort(port: MessagePort): Promise<void>;
}

/**
 * Starts one of the workers that the gateway cannot be without.
 * @param onFatal told when it dies by itself. @throws what it threw before it was ready.
 */
export async function startWorker<V>(
  name: WorkerName,
  workerData: unknown,
  transferList: Transferable[],
  log: Log,
  onFatal: (error: Error) => void,
): Promise<RunningWorker<V>> {
  const worker = startThread(name, { workerData, transferList });
  const { remote, fail } = remoteCalls<V>(worker);
  const listeners: ((notice: WorkerNotice) => void)[] = [];
  let isReady = false;
  let isReleased = false;
  const ready = await new Promise<ReadyNotice>((resolve, reject) => {
    worker.on('message', (notice: WorkerNotice) => {
      if (notice.notice === 'ready') resolve(notice);
      if (notice.notice === 'log') log(notice.level, notice.text);
      for (const listener of listeners) listener(notice);
    });
    worker.on('error', (thrown: Error) => {
      const error = reviveError(thrown);
      fail(error);
      if (isReady) onFatal(error);
      reject(error);
    });
    worker.on('exit', (code) => {
      const error = new Error(`the ${name} worker has ended with code ${code}`);
      fail(error);
      if (isReady && !isReleased) onFatal(error);
      reject(error);
    });
  });
  isReady = true;
  return {
    worker,
    remote,
    ready,
    onNotice: (listener) => listeners.push(listener),
    handPort: (port) => {
      worker.postMessage({ port }, [port]);
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      isReleased = true;
      await worker.terminate();
    },
  };
}

/** Two workers that start at the same time. @throws what the first, or else the second, threw; then neither runs. */
export async function startTogether<A, B>(
  first: Promise<RunningWorker<A>>,
  second: Promise<RunningWorker<B>>,
): Promise<[RunningWorker<A>, RunningWorker<B>]> {
  const outcomes = await Promise.allSettled([first, second] as const);
  const [one, other] = outcomes;
  if (one.status === 'fulfilled' && other.status === 'fulfilled') return [one.value, other.value];
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') await outcome.value[Symbol.asyncDispose]();
  }
  throw outcomes.find((outcome) => outcome.status === 'rejected')!.reason;
}
