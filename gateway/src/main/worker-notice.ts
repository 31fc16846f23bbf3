import { parentPort } from 'node:worker_threads';
import type { WorkerNotice } from './thread-messages.ts';

/** Tells main something it did not ask for. */
export function notify(notice: WorkerNotice): void {
  parentPort!.postMessage(notice);
}

/** A line of main's log. */
export function warn(text: string): void {
  notify({ notice: 'log', level: 'warn', text });
}
