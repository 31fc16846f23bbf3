/** Eclipse Mosquitto, broker and clients: the other end that nobody here wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { findBinary } from './require.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A broker on loopback that keeps its sessions over a restart. `await using` ends it. */
export class Mosquitto implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #port: number;
  #child: ChildProcess | undefined;

  private constructor(port: number, lines: string) {
    this.#port = port;
    const own = `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location ${this.#folder.path}/\n`;
    writeFileSync(
      join(this.#folder.path, 'mosquitto.conf'),
      `${own}${process.getuid?.() === 0 ? 'user root\n' : ''}${lines}\n`,
    );
  }

  /** @param lines of its configuration, besides listener and persistence. */
  static async start(lines = ''): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort(), lines);
    await broker.start();
    return broker;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    const child = spawn(findBinary('mosquitto')!, ['-c', join(this.#folder.path, 'mosquitto.conf')], {
      stdio: 'ignore',
    });
    this.#child = child;
    await eventually('mosquitto to listen', () => child.exitCode === null && canConnect(this.#port));
  }

  /** SIGTERM: it writes its sessions down first. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#folder[Symbol.dispose]();
  }
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  const isOpen = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isOpen;
}

/** `mosquitto_pub` to its end. */
export function mosquittoPub(port: number, args: readonly string[], input = ''): Promise<ProgramResult> {
  return runProgram(findBinary('mosquitto_pub')!, ['-h', '127.0.0.1', '-p', String(port), ...args], { input });
}

/** A running `mosquitto_sub -v`. */
export class MosquittoSub implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** `topic payload`, in order of arrival. */
  readonly lines: string[] = [];
  #text = '';

  private constructor(port: number, args: readonly string[]) {
    this.#child = spawn('stdbuf', [
      '-oL',
      findBinary('mosquitto_sub')!,
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-v',
      '-d',
      ...args,
    ]);
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
      const whole = this.#text.split('\n');
      this.#text = whole.pop()!;
      for (const line of whole) this.#line(line);
    });
  }

  #isSubscribed = false;

  /** Debug lines of the client begin with "Client" or "Subscribed". */
  #line(line: string): void {
    if (line.startsWith('Subscribed')) this.#isSubscribed = true;
    else if (!/^(Client|Warning)/.test(line)) this.lines.push(line);
  }

  /** Resolves when the subscription is acknowledged. */
  static async start(port: number, args: readonly string[]): Promise<MosquittoSub> {
    const subscriber = new MosquittoSub(port, args);
    await eventually('mosquitto_sub to be subscribed', () => subscriber.#isSubscribed);
    return subscriber;
  }

  /** The lines, once there are so many. */
  has(count: number): Promise<string[]> {
    return eventually(`${count} messages at mosquitto_sub`, () => this.lines.length >= count && this.lines);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
