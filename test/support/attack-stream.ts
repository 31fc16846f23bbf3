/** Readings at QoS 1, one after the other without end, with times of their own: what windows over them must count is known beforehand. */
import { setTimeout as wait } from 'node:timers/promises';
import { RawClient } from '../unit/mqtt/raw-client.ts';
import { ARMED } from './attack-source.ts';
import { eventually } from './eventually.ts';

/** Event time between two readings, and of one window. */
const STEP_MS = 10;
export const WINDOW_MS = 500;
const READINGS_PER_WINDOW = WINDOW_MS / STEP_MS;
/** Wall time between two readings: far fewer than a gateway can take. */
const PAUSE_MS = 4;
/** Readings that wait for their PUBACK; the stream then waits too. */
const WITHOUT_ANSWER_MAX = 200;

export class AttackStream implements Disposable {
  #client: RawClient;
  readonly #fromMs: number;
  /** When each reading that waits for its PUBACK was sent. */
  readonly #sentAtMs: number[] = [];
  readonly #latenciesMs: number[] = [];
  #sent = 0;
  #isEnded = false;
  #ended: Promise<void> | undefined;
  /** From now on readings set off attacks. */
  isArmed = false;

  private constructor(client: RawClient, fromMs: number) {
    this.#client = client;
    this.#fromMs = fromMs;
  }

  /** A stream that runs. */
  static async start(port: number): Promise<AttackStream> {
    const hourAgo = Date.now() - 3_600_000;
    const stream = new AttackStream(await RawClient.connect(port, 'stream'), hourAgo - (hourAgo % WINDOW_MS));
    stream.#begin();
    return stream;
  }

  /** After `stop`: from the next reading on, to a gateway that may be another process. */
  async goOn(port: number): Promise<void> {
    this.#client[Symbol.dispose]();
    this.#client = await RawClient.connect(port, 'stream');
    this.#begin();
  }

  get sent(): number {
    return this.#sent;
  }

  /** Windows that have to be closed, by their end, once every reading has been worked off. Each counts the same. */
  get closedWindows(): Map<number, number> {
    const closed = Math.floor(((this.#sent - 1) * STEP_MS) / WINDOW_MS);
    const ends = Array.from({ length: Math.max(0, closed) }, (_, at) => this.#fromMs + (at + 1) * WINDOW_MS);
    return new Map(ends.map((end) => [end, READINGS_PER_WINDOW]));
  }

  /** PUBACK latencies since the last call, ms, in order of arrival. */
  takeLatencies(): number[] {
    return this.#latenciesMs.splice(0);
  }

  /** One reading of another series, without waiting for anything. */
  alsoPublish(topic: string): void {
    this.#client.publish(topic, '1', 0);
  }

  /** Resolves when so many more readings have been acknowledged. */
  async acknowledged(more: number): Promise<void> {
    const until = this.#sent + more;
    await eventually(`${more} acknowledgements`, () => this.#sent - this.#sentAtMs.length >= until, 20_000);
  }

  /** Resolves when everything sent is acknowledged. */
  async stop(): Promise<void> {
    this.#isEnded = true;
    await this.#ended;
    await eventually('the last acknowledgements', () => this.#sentAtMs.length === 0);
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
    this.#client[Symbol.dispose]();
  }

  #begin(): void {
    this.#isEnded = false;
    this.#client.socket.on('data', () => this.#takeAnswers());
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isEnded && !this.#client.isClosed) {
      const value = (this.isArmed ? ARMED : 0) + (this.#sent % 97);
      const payload = JSON.stringify({ value, time: this.#fromMs + this.#sent * STEP_MS });
      this.#sentAtMs.push(performance.now());
      this.#client.publish('sensors/plant/x', payload, 1, 1 + (this.#sent % 65_535));
      this.#sent++;
      do await wait(PAUSE_MS);
      while (this.#sentAtMs.length >= WITHOUT_ANSWER_MAX && !this.#isEnded);
    }
  }

  /** PUBACKs come in the order of the readings. */
  #takeAnswers(): void {
    for (; this.#client.unread > 0 && this.#sentAtMs.length > 0; this.#client.packets.pop()) {
      this.#latenciesMs.push(performance.now() - this.#sentAtMs.shift()!);
    }
  }
}
