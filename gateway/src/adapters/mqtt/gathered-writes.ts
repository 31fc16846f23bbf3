import type { Socket } from 'node:net';

/** Gathers what is written in one turn of the event loop into one write of the socket. */
export class GatheredWrites {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Octets that the client has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength + this.#bytes;
  }

  add(octets: Uint8Array): void {
    if (this.#parts.length === 0) queueMicrotask(() => this.flush());
    this.#parts.push(octets);
    this.#bytes += octets.length;
  }

  flush(): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#bytes = 0;
    if (this.#socket.writable) this.#socket.write(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }
}
