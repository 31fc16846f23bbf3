import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findBinary } from './require.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const READY_WITHIN_MS = 15_000;

/** A real nats-server with JetStream on a free loopback port, which it keeps over restarts. */
export class NatsServer implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly port: number;
  readonly #config: string;
  #process: ChildProcess | undefined;

  private constructor(folder: TemporaryFolder, port: number, config: string) {
    this.folder = folder;
    this.port = port;
    this.#config = config;
  }

  /** @param config further lines of the server's configuration file, such as users or TLS. */
  static async start(config = ''): Promise<NatsServer> {
    const server = new NatsServer(temporaryFolder(), await freePort(), config);
    try {
      await server.restart();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** SIGKILL: what the server has not written is lost, such as acknowledgements of the last moments. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** As an operator does it: the server writes what it holds, then ends. */
  shutDown(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill(signal);
    await ended;
  }

  /** Deletes everything the streams hold; the server must be down. */
  wipe(): void {
    rmSync(join(this.folder.path, 'streams'), { recursive: true, force: true });
  }

  /** On the same port and folder; kills the one that still runs. Resolves when the server takes connections. */
  async restart(): Promise<void> {
    const binary = findBinary('nats-server');
    if (binary === undefined) throw new Error('nats-server is not installed: skip this test with skipWithout');
    await this.kill();
    const file = join(this.folder.path, 'server.conf');
    const streams = join(this.folder.path, 'streams');
    writeFileSync(file, `listen: 127.0.0.1:${this.port}\njetstream { store_dir: "${streams}" }\n${this.#config}\n`);
    const process = spawn(binary, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = process;
    await untilReady(process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.folder[Symbol.dispose]();
  }
}

function untilReady(process: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = () => reject(new Error(`nats-server is not ready:\n${log}`));
    const timeout = setTimeout(fail, READY_WITHIN_MS);
    process.once('exit', fail);
    process.once('error', reject);
    process.stderr!.on('data', (chunk: Buffer) => {
      log = (log + chunk).slice(-10_000);
      if (!log.includes('Server is ready')) return;
      clearTimeout(timeout);
      process.off('exit', fail);
      resolve();
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port of the loopback interface is free');
  return address.port;
}
