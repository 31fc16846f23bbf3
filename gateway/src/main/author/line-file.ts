/** Files of lines, read piece by piece: a recording may be larger than memory. */
import * as fs from 'node:fs';
import { GatewayError } from '../../base/errors.ts';

const PIECE_BYTES = 1 << 16;
const LINE_BYTES_MAX = 1 << 20;
const NEWLINE = 10;

/** Without their line ends; a last line without one counts too. @throws GatewayError `not_found`, or `invalid` for a line over 1 MiB. */
export function* readLines(path: string): Generator<string> {
  const descriptor = openForReading(path);
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    let rest = Buffer.alloc(0);
    for (let read = PIECE_BYTES; read > 0; ) {
      read = fs.readSync(descriptor, piece);
      const octets = Buffer.concat([rest, piece.subarray(0, read)]);
      let from = 0;
      for (let to = octets.indexOf(NEWLINE); to >= 0; to = octets.indexOf(NEWLINE, from)) {
        yield octets.toString('utf8', from, to);
        from = to + 1;
      }
      rest = octets.subarray(from);
      if (rest.length > LINE_BYTES_MAX)
        throw new GatewayError(
          'invalid',
          `${path}: lines of at most ${LINE_BYTES_MAX} octets expected, a longer one found`,
        );
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    fs.closeSync(descriptor);
  }
}

function openForReading(path: string): number {
  try {
    return fs.openSync(path, 'r');
  } catch (error) {
    throw new GatewayError('not_found', `${path}: cannot be read`, { cause: error });
  }
}

/** Where what is replayed goes. */
export interface LineSink {
  line(text: string): void;
}

/** Gathers lines and writes them in pieces. */
export class LineWriter implements LineSink, Disposable {
  readonly #descriptor: number;
  #pending: string[] = [];
  #bytes = 0;

  /** @throws GatewayError `unavailable` when the file cannot be written. */
  constructor(path: string) {
    try {
      this.#descriptor = fs.openSync(path, 'w');
    } catch (error) {
      throw new GatewayError('unavailable', `${path}: cannot be written`, { cause: error });
    }
  }

  line(text: string): void {
    this.#pending.push(text);
    this.#bytes += text.length;
    if (this.#bytes > PIECE_BYTES) this.#flush();
  }

  #flush(): void {
    if (this.#pending.length > 0) fs.writeFileSync(this.#descriptor, `${this.#pending.join('\n')}\n`);
    this.#pending = [];
    this.#bytes = 0;
  }

  [Symbol.dispose](): void {
    this.#flush();
    fs.closeSync(this.#descriptor);
  }
}
