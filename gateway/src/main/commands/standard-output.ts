/**
 * What becomes of standard output. A reader that goes away, such as `head`, has read enough: that is no error. A disk that is full is one,
 * which is told once, when the verb has come to its end.
 */
import { errnoOf, GatewayError } from '../../base/errors.ts';

let failure: Error | undefined;

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
  if (failure !== undefined && !isReaderGone(failure)) throw outputError(failure);
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
