import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { GatewayError } from '../../base/errors.ts';
import type { Intake } from '../../core/ingest/ports.ts';
import { Access, type MqttUser } from './access.ts';
import { Broker, type BrokerLimits } from './broker.ts';
import { Connection, type ConnectionHost, type ConnectionLimits } from './connection.ts';

export interface Refusal {
  /** As it calls itself: hostile until shown otherwise. Empty when it gave no name. */
  readonly client: string;
  readonly reason: string;
}

export interface ListenerSettings extends BrokerLimits, ConnectionLimits {
  readonly address: string;
  readonly port: number;
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  readonly users: readonly MqttUser[];
}

/** How often silent connections are looked for. */
const SWEEP_MS = 1000;

/** The in-process MQTT 3.1.1 listener. */
export class MqttListener implements AsyncDisposable {
  readonly #settings: ListenerSettings;
  readonly #clock: Clock;
  readonly #onNotice: (text: string) => void;
  readonly #onRefused: (refusal: Refusal) => void;
  readonly #connections = new Set<Connection>();
  readonly #byClient = new Map<string, Connection>();
  readonly #host: ConnectionHost;
  readonly #server: Server;
  #sweeper: NodeJS.Timeout | undefined;

  /**
   * @param onNotice told of connections that end for a reason worth a line in the log.
   * @param onRefused told of those beyond the bound, without a right to come in, or that break the protocol.
   */
  constructor(
    settings: ListenerSettings,
    intake: Intake,
    clock: Clock,
    onNotice: (text: string) => void,
    onRefused: (refusal: Refusal) => void = () => undefined,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#onNotice = onNotice;
    this.#onRefused = onRefused;
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket));
    this.#host = {
      intake,
      broker: new Broker(settings),
      access: new Access(settings.users),
      limits: settings,
      takeOver: (clientId) =>
        this.#byClient.get(clientId)?.close('taken over by a newer connection of the same client'),
      onOpened: (connection) => this.#byClient.set(connection.clientId, connection),
      onClosed: (connection, reason) => this.#closed(connection, reason),
    };
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** @throws GatewayError `unavailable` when the address is taken or not ours. */
  async start(): Promise<{ address: string; port: number }> {
    const { address, port } = this.#settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, resolve);
    }).catch((error) => {
      throw new GatewayError('unavailable', `MQTT listener on ${address}:${port}`, {
        cause: error,
        hint: 'Is another broker running on this port? Set mqtt.listener.port.',
      });
    });
    this.#server.on('error', (error) => this.#onNotice(`MQTT listener: ${error.message}`));
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    return { address, port: (this.#server.address() as { port: number }).port };
  }

  /** Takes no new connections and no more messages; acknowledgements of what was taken still go out. */
  stopReading(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.stopReading();
  }

  /** Closes what is open. Comes after `stopReading` and a last commit, so that clients have their acknowledgements. */
  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.close('the gateway stops', true);
    return closed;
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= this.#settings.connectionsMax) {
      this.#onRefused({ client: '', reason: `more than ${this.#settings.connectionsMax} connections` });
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this.#host, this.#clock.monotonic(), this.#settings.connectTimeoutMs);
    this.#connections.add(connection);
    socket.on('data', (chunk: Buffer) => connection.receive(chunk, this.#clock.monotonic()));
    socket.on('drain', () => connection.drained());
    socket.on('error', (error) => connection.close(error.message));
    socket.on('close', () => connection.close('the socket closed'));
  }

  #closed(connection: Connection, reason: string): void {
    this.#connections.delete(connection);
    if (this.#byClient.get(connection.clientId) === connection) this.#byClient.delete(connection.clientId);
    if (/^protocol violation|^refused/.test(reason)) this.#onRefused({ client: connection.clientId, reason });
    if (/violation|refused|taken over|silent/.test(reason))
      this.#onNotice(`MQTT client ${connection.clientId || '(unnamed)'}: ${reason}`);
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const connection of this.#connections)
      if (connection.isOverdue(now)) connection.close('silent beyond its keep-alive');
  }
}
