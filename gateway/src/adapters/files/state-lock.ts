import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { GatewayError } from '../../base/errors.ts';
import { makeFolder } from './durable.ts';

/**
 * Makes sure that one gateway writes to a state folder: holds a socket in Linux's abstract namespace, which the kernel frees with the
 * process, however it ends.
 * @returns releases the lock. @throws GatewayError `conflict` when another process holds it.
 */
export async function lockState(folder: string): Promise<AsyncDisposable> {
  makeFolder(folder);
  const name = createHash('sha256').update(fs.realpathSync(folder)).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(`\0tidegate-${name}`, resolve);
  }).catch(() => {
    throw new GatewayError('conflict', `state folder ${folder}: another Tidegate uses it`, {
      hint: 'Stop the other one, or choose another folder with gateway.state_dir.',
    });
  });
  server.unref();
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}
