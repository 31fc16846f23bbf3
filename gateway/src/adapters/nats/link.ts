/**
 * The connection to NATS: made in the background, kept up by the client, made anew when the client gives up. Nothing waits for it at start.
 */
import * as fs from 'node:fs';
import type { Authenticator, ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { backoffDelay } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { describeError, describeWithHint, GatewayError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { millis } from '../../base/units.ts';
import { type NatsClient, natsClient } from './client.ts';

export interface NatsSettings {
  readonly servers: readonly string[];
  /** At most one of user, nkey file, creds file. Files hold the secret and nothing else. */
  readonly user: string;
  readonly passwordFile: string;
  readonly nkeyFile: string;
  readonly credsFile: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** How grave a turn of the link is: up, down, or down by what is wrong on this machine. */
export type TurnLevel = 'info' | 'warn' | 'error';

const BACKOFF = { first: millis(250), max: millis(15_000) };

export class NatsLink implements AsyncDisposable {
  readonly #settings: NatsSettings;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #upListeners: ((connection: NatsConnection) => void)[] = [];
  readonly #turnListeners: ((text: string, level: TurnLevel) => void)[] = [];
  readonly #waiters = new Set<(connection: NatsConnection) => void>();
  #connection: NatsConnection | undefined;
  #isUp = false;
  /** Of the last turn. Before the first try the link is neither up nor down. */
  #told: TurnLevel | undefined;
  #loop: Promise<void> | undefined;
  /** Since when the link is as it is, Unix epoch milliseconds. */
  sinceMs: number;
  error: string | undefined;

  /** @param name shown in the server's list of clients. */
  constructor(settings: NatsSettings, name: string, clock: Clock, random: Random) {
    this.#settings = settings;
    this.#name = name;
    this.#clock = clock;
    this.#random = random;
    this.sinceMs = clock.now();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get server(): string {
    return this.#isUp ? (this.#connection?.getServer() ?? '') : '';
  }

  /** Called at every time the link comes up, the first one included. */
  onUp(listener: (connection: NatsConnection) => void): void {
    this.#upListeners.push(listener);
    if (this.#isUp && this.#connection !== undefined) listener(this.#connection);
  }

  /** Told in words, each time the link comes up or goes down, and when what keeps it down turns out to be a file that cannot be read. */
  onTurn(listener: (text: string, level: TurnLevel) => void): void {
    this.#turnListeners.push(listener);
  }

  start(): void {
    this.#loop ??= this.#keepConnected();
  }

  /** Resolves with the connection once it is up; rejects with the signal's reason. */
  whenUp(signal: AbortSignal): Promise<NatsConnection> {
    if (this.#isUp && this.#connection !== undefined) return Promise.resolve(this.#connection);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onUp = (connection: NatsConnection) => {
        signal.removeEventListener('abort', onAbort);
        resolve(connection);
      };
      const onAbort = () => {
        this.#waiters.delete(onUp);
        reject(signal.reason);
      };
      this.#waiters.add(onUp);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Sends what is buffered, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the link is closed'));
    const connection = this.#connection;
    if (connection !== undefined && !connection.isClosed()) {
      const drained = connection.drain().catch(() => connection.close());
      await Promise.race([drained, this.#clock.sleep(millis(2000)).then(() => connection.close())]);
    }
    await this.#loop;
  }

  async #keepConnected(): Promise<void> {
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      try {
        const { transport } = await natsClient();
        const connection = await transport.connect(this.#options(transport));
        if (this.#stop.signal.aborted) {
          await connection.close();
          return;
        }
        attempt = 0;
        await this.#watch(connection);
      } catch (error) {
        this.#down(explain(error, this.#settings), error instanceof GatewayError ? 'error' : 'warn');
      }
      await this.#clock
        .sleep(backoffDelay(BACKOFF, attempt + 1, this.#random), this.#stop.signal)
        .catch(() => undefined);
    }
  }

  /** Follows one connection until it is closed for good. */
  async #watch(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    this.#up(connection);
    for await (const status of connection.status()) {
      if (status.type === 'reconnect') this.#up(connection);
      else if (status.type === 'disconnect') this.#down('disconnected');
      else if (status.type === 'error') this.error = describeError(status.error);
    }
    const closed = await connection.closed();
    this.#down(closed === undefined ? 'closed' : describeError(closed));
  }

  #up(connection: NatsConnection): void {
    if (!this.#isUp) this.#turn(`link up: ${connection.getServer()}`, 'info');
    this.#isUp = true;
    this.sinceMs = this.#clock.now();
    this.error = undefined;
    for (const waiter of this.#waiters) waiter(connection);
    this.#waiters.clear();
    for (const listener of this.#upListeners) listener(connection);
  }

  #down(reason: string, level: TurnLevel = 'warn'): void {
    if (this.#isUp) this.sinceMs = this.#clock.now();
    const servers = this.#settings.servers.join(', ');
    const isNews = this.#isUp || this.#told === undefined || (level === 'error' && this.#told !== 'error');
    // Its own closing is nobody's news.
    if (isNews && !this.#stop.signal.aborted)
      this.#turn(`link down: ${servers}: ${reason}; tried again in the background`, level);
    this.#isUp = false;
    this.error = reason;
  }

  #turn(text: string, level: TurnLevel): void {
    this.#told = level;
    for (const listener of this.#turnListeners) listener(text, level);
  }

  #options(client: NatsClient['transport']): ConnectionOptions {
    const { servers, caFile, certFile, keyFile } = this.#settings;
    for (const path of [caFile, certFile, keyFile]) if (path !== '') readFile(path);
    const tls = { ...(caFile && { caFile }), ...(certFile && { certFile, keyFile }) };
    const authenticator = authenticatorOf(client, this.#settings);
    return {
      servers: [...servers],
      name: this.#name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      timeout: 5000,
      pingInterval: 10_000,
      maxPingOut: 2,
      ...(authenticator && { authenticator }),
      ...(Object.keys(tls).length > 0 && { tls }),
    };
  }
}

function authenticatorOf(client: NatsClient['transport'], settings: NatsSettings): Authenticator | undefined {
  if (settings.credsFile) return client.credsAuthenticator(readFile(settings.credsFile));
  if (settings.nkeyFile) return client.nkeyAuthenticator(Buffer.from(readLine(settings.nkeyFile)));
  if (settings.user) {
    return client.usernamePasswordAuthenticator(
      settings.user,
      settings.passwordFile ? readLine(settings.passwordFile) : '',
    );
  }
  return undefined;
}

function readLine(path: string): string {
  return readFile(path).toString().trim();
}

function readFile(path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    throw new GatewayError('not_found', `file ${path} cannot be read`, {
      cause: error,
      hint: 'Check the files that sync names: password_file, nkey_file, creds_file, ca_file, cert_file and key_file.',
    });
  }
}

function explain(error: unknown, settings: NatsSettings): string {
  const text = error instanceof GatewayError ? describeWithHint(error) : describeError(error);
  // The server drops a client without certificate only after its own time-out (docs/reference/sync.md).
  const maybeTls = /timeout/i.test(text) && settings.caFile && !settings.certFile;
  return maybeTls
    ? `${text} (does the server ask for a client certificate? set sync.cert_file and sync.key_file)`
    : text;
}
