import type { Acknowledger, Intake } from '../../../gateway/src/core/ingest/ports.ts';

export interface Taken {
  readonly topic: string;
  readonly payload: string;
  /** Null for a message that was offered, the reason for one that was rejected. */
  readonly rejected: string | null;
}

/** Stands for the pipeline: takes messages while there is room, and acknowledges them when told that they are on disk. */
export class FakeIntake implements Intake {
  readonly taken: Taken[] = [];
  hasRoom = true;
  /** Commits each message at once. */
  commitsAtOnce = false;
  #waiting: { acknowledger: Acknowledger; token: number }[] = [];
  #callbacks: (() => void)[] = [];

  get callbacksWaiting(): number {
    return this.#callbacks.length;
  }

  offer(
    octets: Uint8Array,
    topicStart: number,
    topicEnd: number,
    payloadStart: number,
    payloadEnd: number,
    acknowledger: Acknowledger | null,
    token: number,
  ): boolean {
    const payload = Buffer.from(octets.subarray(payloadStart, payloadEnd)).toString();
    return this.#take(
      { topic: Buffer.from(octets.subarray(topicStart, topicEnd)).toString(), payload, rejected: null },
      acknowledger,
      token,
    );
  }

  reject(topic: string, reason: string, sample: Uint8Array, acknowledger: Acknowledger | null, token: number): boolean {
    return this.#take({ topic, payload: Buffer.from(sample).toString(), rejected: reason }, acknowledger, token);
  }

  whenRoom(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  #take(message: Taken, acknowledger: Acknowledger | null, token: number): boolean {
    if (!this.hasRoom) return false;
    this.taken.push(message);
    if (acknowledger !== null) this.#waiting.push({ acknowledger, token });
    if (this.commitsAtOnce) queueMicrotask(() => this.commit());
    return true;
  }

  /** Everything taken is on disk, as the pipeline says it: acknowledgements first, then those who wait for room. */
  commit(count = this.#waiting.length): void {
    const done = this.#waiting.splice(0, count);
    for (const { acknowledger, token } of done) acknowledger.acknowledge(token);
    for (const acknowledger of new Set(done.map((entry) => entry.acknowledger))) acknowledger.flushAcknowledgements();
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  }
}
