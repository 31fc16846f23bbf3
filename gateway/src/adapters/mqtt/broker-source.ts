import * as fs from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import mqtt from 'mqtt';
import { GatewayError } from '../../base/errors.ts';
import type { Intake } from '../../core/ingest/ports.ts';
import { AckGate } from './ack-gate.ts';

export interface BrokerSettings {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  readonly url: string;
  readonly clientId: string;
  readonly username: string;
  readonly passwordFile: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly topics: readonly string[];
  readonly qos: 0 | 1 | 2;
  readonly keepaliveMs: number;
}

/**
 * Readings from an external broker: one persistent session, acknowledged after the commit, so that what was not stored comes again.
 * The broker's own window (mosquitto: `max_inflight_messages`, 20) times the commits a second bounds the rate at QoS 1.
 */
export class BrokerSource implements AsyncDisposable {
  readonly #settings: BrokerSettings;
  readonly #intake: Intake;
  readonly #onNotice: (text: string) => void;
  #client: mqtt.MqttClient | undefined;
  #gate: AckGate | undefined;
  #isStopped = false;

  constructor(settings: BrokerSettings, intake: Intake, onNotice: (text: string) => void) {
    this.#settings = settings;
    this.#intake = intake;
    this.#onNotice = onNotice;
  }

  get connections(): number {
    return this.#client?.connected ? 1 : 0;
  }

  /** Does not wait for the broker: the client connects, and connects again, by itself. */
  start(): Promise<{ address: string }> {
    const { url, clientId, username, passwordFile, keepaliveMs, topics, qos } = this.#settings;
    const client = new mqtt.MqttClient(() => this.#openStream(), {
      protocolVersion: 4,
      clientId,
      clean: false,
      keepalive: Math.ceil(keepaliveMs / 1000),
      reconnectPeriod: 1000,
      resubscribe: false,
      ...(username && { username }),
      ...(passwordFile && { password: readFile(passwordFile).trim() }),
    });
    this.#client = client;
    // Nothing reaches the `message` event: `handleMessage` is called first, and its callback lets the next message in.
    client.handleMessage = (packet, done) => {
      const publish = packet as mqtt.IPublishPacket;
      if (publish.qos === 2) done();
      else this.#take(publish, done);
    };
    // At QoS 2 the client would hand a message over at its PUBREL, long after the PUBREC that has to wait for the commit: it is taken here.
    client.options.customHandleAcks = (_topic, _message, packet, done) => {
      if (packet.qos === 2) this.#take(packet, (error) => (error ? done(error) : done(0)));
      else done(0);
    };
    client.on('connect', () => {
      client.subscribe([...topics], { qos }, (error) => {
        if (error) this.#onNotice(`broker ${url}: subscribe: ${error.message}`);
      });
    });
    client.on('error', (error) => this.#onNotice(`broker ${url}: ${error.message}`));
    return Promise.resolve({ address: url });
  }

  /** Messages that come from now on are not taken, and not acknowledged: the broker keeps them. */
  stopReading(): void {
    this.#isStopped = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.endAsync(true);
  }

  #openStream(): AckGate {
    const { url, caFile, certFile, keyFile } = this.#settings;
    const { hostname, port, protocol } = new URL(url);
    const socket =
      protocol === 'mqtts:'
        ? connectTls({
            host: hostname,
            port: Number(port || 8883),
            ...(caFile && { ca: readFile(caFile) }),
            ...(certFile && { cert: readFile(certFile), key: readFile(keyFile) }),
          })
        : connectTcp({ host: hostname, port: Number(port || 1883) });
    this.#gate = new AckGate(socket);
    return this.#gate;
  }

  #take(packet: mqtt.IPublishPacket, done: (error?: Error) => void): void {
    if (this.#isStopped) return;
    const topic = Buffer.from(packet.topic);
    const payload = Buffer.from(packet.payload);
    const octets = Buffer.concat([topic, payload]);
    const gate = this.#gate!;
    const acknowledger = packet.qos > 0 ? gate : null;
    const offer = () => {
      // What came on a connection that is gone comes again; its acknowledgement must not go out on the next one.
      if (this.#isStopped || gate.destroyed) return;
      if (this.#intake.offer(octets, 0, topic.length, topic.length, octets.length, acknowledger, 0)) done();
      else this.#intake.whenRoom(offer);
    };
    offer();
  }
}

function readFile(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw new GatewayError('not_found', `file ${path}`, {
      cause: error,
      hint: 'Check the files named under mqtt.broker.',
    });
  }
}
