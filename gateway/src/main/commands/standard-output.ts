/**
 * What becomes of standard output. A reader that goes away, such as `head`, has read enough: that is no error. A disk that is full is one,
 * which is told once, when the verb has come to its end.
 */
import * as fs from 'node:fs';
import { errnoOf, GatewayError } from '../../base/errors.ts';

/** Before a pipe that is full is tried again. */
const PIPE_WAIT_MS = 5;

let failure: Error | undefined;
let isTold = false;

/** Call once, before anything is written. */
export function watchStandardOutput(): void {
  process.stdout.on('error', (error: Error) => {
    failure ??= error;
  });
  // Nobody is left to be told.
  process.stderr.on('error', () => undefined);
}

/** Waits until everything printed is written. @throws GatewayError when it could not be, but for a reader that has gone. */
export async function flushStandardOutput(): Promise<void> {
  // The error is told after the call back, in the same turn.
  await new Promise<void>((resolve) => process.stdout.write('', () => setImmediate(resolve)));
  if (failure !== undefined && !isTold && !isReaderGone(failure)) throw outputError(failure);
}

/**
 * Much text, past what `process.stdout` would gather in memory.
 * @throws GatewayError when it could not be written, which is then not told again at the end; of a reader that has gone the system's own error.
 */
export function writeStandardOutput(text: string): void {
  try {
    writeWhole(1, text);
  } catch (error) {
    if (isReaderGone(error) || !(error instanceof Error)) throw error;
    isTold = true;
    throw outputError(error);
  }
}

/** A pipe may take less than it is given: the rest waits for its reader. */
export function writeWhole(descriptor: number, text: string): void {
  const octets = Buffer.from(text);
  for (let at = 0; at < octets.length; ) {
    try {
      at += fs.writeSync(descriptor, octets, at);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_WAIT_MS);
    }
  }
}

/** Whether an error says that who read standard output does no more. */
export function isReaderGone(error: unknown): boolean {
  return errnoOf(error) === 'EPIPE';
}

function outputError(error: Error): GatewayError {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new GatewayError('exhausted', `standard output: the disk is full (${errno})`, {
      hint: 'Free space there, or write elsewhere.',
    });
  return new GatewayError('unavailable', `standard output: ${error.message}`, { hint: 'Write elsewhere.' });
}
