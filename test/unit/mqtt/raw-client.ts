/** A client that says exactly what it is told to, right or wrong; `mqtt-packet`, which nobody here wrote, makes and reads its frames. */
import { connect, type Socket } from 'node:net';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { eventually } from '../../support/eventually.ts';

export type ConnectFields = Partial<Omit<import('mqtt-packet').IConnectPacket, 'cmd'>>;

export class RawClient implements Disposable {
  readonly socket: Socket;
  /** Everything received, in order. */
  readonly packets: Packet[] = [];
  isClosed = false;
  #read = 0;

  private constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const parser = mqttPacket.parser();
    parser.on('packet', (packet) => this.packets.push(packet));
    this.socket.on('data', (chunk) => parser.parse(chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
  }

  /** A TCP connection and no more. */
  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await new Promise<void>((resolve, reject) => client.socket.once('connect', resolve).once('error', reject));
    return client;
  }

  /** Connected and accepted. */
  static async connect(port: number, clientId: string, fields: ConnectFields = {}): Promise<RawClient> {
    const client = await RawClient.open(port);
    client.send({
      cmd: 'connect',
      clientId,
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      ...fields,
    });
    const answer = await client.next('connack');
    if (answer.returnCode !== 0) throw new Error(`refused with ${answer.returnCode}`);
    return client;
  }

  send(packet: Packet | Buffer): void {
    this.socket.write(Buffer.isBuffer(packet) ? packet : mqttPacket.generate(packet));
  }

  publish(
    topic: string,
    payload: string | Buffer,
    qos: 0 | 1 | 2 = 0,
    messageId = 1,
    flags: { retain?: boolean; dup?: boolean } = {},
  ): void {
    this.send({ cmd: 'publish', topic, payload, qos, messageId, retain: false, dup: false, ...flags });
  }

  async subscribe(filter: string, qos: 0 | 1 | 2, messageId = 1): Promise<number> {
    this.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: filter, qos }] });
    return (await this.next('suback')).granted[0] as number;
  }

  /** The next packet, which has to be of this kind. */
  async next<C extends Packet['cmd']>(command: C): Promise<Extract<Packet, { cmd: C }>> {
    const packet = await eventually(
      `a ${command}`,
      () => {
        if (this.packets.length <= this.#read && this.isClosed) throw new Error('the connection is closed');
        return this.packets[this.#read];
      },
      3000,
    );
    this.#read++;
    if (packet.cmd !== command) throw new Error(`${command} expected, ${JSON.stringify(packet)} found`);
    return packet as Extract<Packet, { cmd: C }>;
  }

  /** Packets received and not yet asked for. */
  get unread(): number {
    return this.packets.length - this.#read;
  }

  /** Asks for a PINGRESP and waits for it: everything sent before has been handled then. */
  async ping(): Promise<void> {
    this.send({ cmd: 'pingreq' });
    await this.next('pingresp');
  }

  closed(): Promise<boolean> {
    return eventually('the connection to be closed', () => this.isClosed, 5000);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
