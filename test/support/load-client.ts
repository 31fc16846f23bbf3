/** A load generator that speaks just enough MQTT 3.1.1 to publish, count acknowledgements and time them. */
import { connect, type Socket } from 'node:net';
import { LoadFrame, type LoadValues } from './load-frames.ts';

export interface LoadOptions {
  readonly port: number;
  /** Distinguishes clients: part of client identifier and topics. */
  readonly name: string;
  readonly series: number;
  readonly readingsPerMessage: number;
  readonly qos: 0 | 1;
  /** Messages sent and not acknowledged, at most. */
  readonly inFlightMax: number;
  /** Messages a second; Infinity: as fast as acknowledgements allow. */
  readonly messagesPerSecond: number;
  /** Number of the first reading. */
  readonly firstNumber: number;
  /** What readings carry: their numbers unless said otherwise. */
  readonly values?: LoadValues;
  /**
   * When the readings of one message were taken: one millisecond apart, the last one now (the default); evenly since the
   * series' message before; or all of them now, so that the age of any of them is the age of the message.
   */
  readonly times?: 'millisecond' | 'even' | 'now';
  /** Told of each message that is acknowledged: number of its first reading. */
  readonly onAcknowledged?: (firstNumber: number) => void;
}

const SOCKET_BYTES_MAX = 256 * 1024;
const PACKET_IDS = 65_535;

export class LoadClient {
  readonly #options: LoadOptions;
  readonly #frames: LoadFrame[];
  readonly #sentAt = new Float64Array(PACKET_IDS + 1);
  readonly #firstOf = new Float64Array(PACKET_IDS + 1);
  #latencies: number[] = [];
  /** When each series was last sent, Unix epoch milliseconds; 0 at first. */
  readonly #lastMs: Float64Array;
  #socket: Socket | undefined;
  #partial: Buffer = Buffer.alloc(0);
  #packetId = 0;
  #next: number;
  #sent = 0;
  #acknowledged = 0;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = true;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#next = options.firstNumber;
    this.#frames = Array.from({ length: options.series }, (_, i) => {
      return new LoadFrame(`sensors/${options.name}/s${i}`, options.readingsPerMessage, options.qos, options.values);
    });
    this.#lastMs = new Float64Array(options.series);
  }

  get sent(): number {
    return this.#sent;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  get nextNumber(): number {
    return this.#next;
  }

  /** Milliseconds from write to PUBACK, a sample of them. */
  get latencies(): readonly number[] {
    return this.#latencies;
  }

  /** Begins the sample anew, as after warming up. */
  forgetLatencies(): void {
    this.#latencies = [];
  }

  /** Connects and publishes until `stop`. Rejects when the connection cannot be made. */
  async start(): Promise<void> {
    const socket = connect({ port: this.#options.port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', resolve);
    });
    // From here on a broken connection simply ends this client: whoever kills the gateway makes a new one.
    socket.removeAllListeners('error');
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
    this.#socket = socket;
    this.#isStopped = false;
    const clientId = Buffer.from(`load-${this.#options.name}`);
    const header = [0x10, 12 + clientId.length, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, clientId.length];
    socket.write(Buffer.concat([Buffer.from(header), clientId]));
    await new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('close', () => reject(new Error('closed before CONNACK')));
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#publish(), 2);
    this.#publish();
  }

  /** Stops publishing; resolves when everything is acknowledged, the connection is gone, or the wait is over. */
  async stop(waitMs: number): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    const until = performance.now() + waitMs;
    while (
      this.#options.qos === 1 &&
      this.#acknowledged < this.#sent &&
      performance.now() < until &&
      this.#socket !== undefined
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#socket?.end(Buffer.from([0xe0, 0]));
  }

  #end(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#socket = undefined;
  }

  #publish(): void {
    const { inFlightMax, messagesPerSecond, qos, readingsPerMessage } = this.#options;
    const socket = this.#socket;
    const now = performance.now();
    const due = Math.min(Number.MAX_SAFE_INTEGER, ((now - this.#startedAt) / 1000) * messagesPerSecond);
    const burst: Buffer[] = [];
    let burstBytes = 0;
    while (
      !this.#isStopped &&
      socket !== undefined &&
      this.#sent < due &&
      burstBytes + socket.writableLength < SOCKET_BYTES_MAX
    ) {
      if (qos === 1 && this.#sent - this.#acknowledged >= inFlightMax) break;
      this.#packetId = (this.#packetId % PACKET_IDS) + 1;
      const series = this.#sent % this.#frames.length;
      const nowMs = Date.now();
      const octets = this.#frames[series]!.fill(this.#packetId, this.#next, nowMs, this.#spacing(series, nowMs));
      this.#sentAt[this.#packetId] = now;
      this.#firstOf[this.#packetId] = this.#next;
      this.#next += readingsPerMessage;
      this.#sent++;
      burst.push(Buffer.from(octets));
      burstBytes += octets.length;
    }
    if (burst.length > 0) socket!.write(Buffer.concat(burst));
  }

  /** Milliseconds between the readings of a message. */
  #spacing(series: number, nowMs: number): number {
    const { times = 'millisecond', readingsPerMessage } = this.#options;
    if (times !== 'even') return times === 'now' ? 0 : 1;
    const since = this.#lastMs[series]! === 0 ? readingsPerMessage : nowMs - this.#lastMs[series]!;
    this.#lastMs[series] = nowMs;
    return since / readingsPerMessage;
  }

  #receive(chunk: Buffer): void {
    const octets = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    const now = performance.now();
    let at = 0;
    for (; at + 4 <= octets.length; at += 4) {
      const packetId = octets.readUInt16BE(at + 2);
      this.#acknowledged++;
      if ((this.#acknowledged & 15) === 0) this.#latencies.push(now - this.#sentAt[packetId]!);
      this.#options.onAcknowledged?.(this.#firstOf[packetId]!);
    }
    this.#partial = octets.subarray(at);
    if (!this.#isStopped) this.#publish();
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
