import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { type ChildProgram, startProgram, superviseChild } from './child-program.ts';
import { freePort } from './free-port.ts';

/** A JetStream server and a sink, both on loopback. */
export interface DemoCloud extends AsyncDisposable {
  readonly server: string;
  /** Credentials of this state folder's own server: another one that takes its port later is not taken for it. */
  readonly user: string;
  readonly passwordFile: string;
  /** The sink's SQLite file. */
  readonly database: string;
}

const READY_WAIT_MS = 10_000;

/** Null, with one line that says why, when there is no nats-server. */
export async function startCloud(state: string, say: (line: string) => void): Promise<DemoCloud | null> {
  const binary = findBinary('nats-server');
  if (binary === null) {
    say(
      'No nats-server here (Debian: apt-get install nats-server): the cloud side is left out, points queue in the store.',
    );
    return null;
  }
  await using parts = new AsyncDisposableStack();
  const port = await freePort(4222);
  const user = 'tidegate';
  const password = randomBytes(16).toString('hex');
  const folder = join(state, 'cloud');
  fs.mkdirSync(folder, { recursive: true });
  const passwordFile = join(folder, 'password');
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  const args = [
    '--user',
    user,
    '--pass',
    password,
    '-js',
    '-sd',
    join(folder, 'jetstream'),
    '-a',
    '127.0.0.1',
    '-p',
    String(port),
    '-l',
    join(folder, 'nats-server.log'),
  ];
  // The log is for this run only: nothing here may grow from start to start.
  fs.rmSync(join(folder, 'nats-server.log'), { force: true });
  const nats: ChildProgram = superviseChild('nats-server', spawn(binary, args, { stdio: 'ignore', detached: true }));
  parts.use(nats);
  await answersOn(port);
  const server = `nats://127.0.0.1:${port}`;
  const database = join(folder, 'sink.db');
  parts.use(
    startProgram('sink', [
      'gateway/src/main/cli.ts',
      'sink',
      '--server',
      server,
      '--database',
      database,
      '--user',
      user,
      '--password-file',
      passwordFile,
    ]),
  );
  const running = parts.move();
  return { server, user, passwordFile, database, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function findBinary(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, name)).find((path) => fs.existsSync(path)) ?? null;
}

async function answersOn(port: number): Promise<void> {
  const until = performance.now() + READY_WAIT_MS;
  while (performance.now() < until) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      setTimeout(() => socket.destroy(), 1000).unref();
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nats-server does not answer on port ${port} within ${READY_WAIT_MS} ms`);
}
