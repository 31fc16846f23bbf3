import { Duplex } from 'node:stream';
import type { Acknowledger } from '../../core/ingest/ports.ts';
import { PACKET } from './frames.ts';

/**
 * A duplex between the MQTT client and its socket that holds back the client's own PUBACK and PUBREC until the message is on disk. The
 * client acknowledges as soon as its `message` event returns; here those acknowledgements wait, in order, and everything the client
 * says after them waits too. So the external broker keeps, and sends again, whatever was not stored.
 */
export class AckGate extends Duplex implements Acknowledger {
  readonly #socket: Duplex;
  /** What the client wrote, in order: frames to pass on, and acknowledgements that wait for a commit. */
  readonly #queue: { octets: Buffer; waitsForCommit: boolean }[] = [];
  #partial: Buffer = Buffer.alloc(0);
  /** Commits that came, not yet used for an acknowledgement. */
  #commits = 0;

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    // The client waits for these names on the stream it was given.
    for (const event of ['connect', 'secureConnect']) socket.on(event, () => this.emit(event));
  }

  /** The oldest message taken is on disk. */
  acknowledge(): void {
    this.#commits++;
  }

  flushAcknowledgements(): void {
    this.#pass();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#partial = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    for (let length = frameLength(this.#partial); length > 0; length = frameLength(this.#partial)) {
      const octets = this.#partial.subarray(0, length);
      this.#partial = this.#partial.subarray(length);
      const type = octets[0]! >> 4;
      this.#queue.push({ octets, waitsForCommit: type === PACKET.puback || type === PACKET.pubrec });
    }
    this.#pass();
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #pass(): void {
    while (this.#queue.length > 0) {
      const { octets, waitsForCommit } = this.#queue[0]!;
      if (waitsForCommit && this.#commits === 0) return;
      if (waitsForCommit) this.#commits--;
      this.#queue.shift();
      this.#socket.write(octets);
    }
  }
}

/** Octets of the first frame, or 0 while it is not whole. */
function frameLength(octets: Buffer): number {
  let length = 0;
  for (let at = 1; at < octets.length && at <= 4; at++) {
    length += (octets[at]! & 127) * 128 ** (at - 1);
    if (octets[at]! < 128) return at + 1 + length <= octets.length ? at + 1 + length : 0;
  }
  return 0;
}
