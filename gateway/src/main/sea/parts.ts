/**
 * The parts of a packaged executable. Each is an asset of Node's single executable application; `index.json` lists the SHA-256 of every other
 * part, and its own hash stands in the loader's text. A part is checked when it is first used, so that a start pays for what it needs and
 * nothing altered is ever run or served. Not covered: Node itself and the loader, which nobody could check from inside; for those there are
 * SHA256SUMS and its signature.
 */
import { getRawAsset } from 'node:sea';
import { GatewayError } from '../../base/errors.ts';
import type { BuildFacts } from '../assets/face.ts';

/** `index.json`. */
export interface PartsIndex {
  readonly version: string;
  readonly facts: BuildFacts;
  /** SHA-256 of each part, lower-case hexadecimal, by name. */
  readonly parts: Readonly<Record<string, string>>;
}

const INDEX = 'index.json';

export class Parts {
  readonly index: PartsIndex;
  readonly #read: (name: string) => ArrayBuffer;
  readonly #checked: Set<string>;

  /**
   * @param indexSha256 of `index.json`
   * @param checked parts that another thread of this process has checked: all threads see the same pages of the same file
   * @throws GatewayError `corrupt`.
   */
  constructor(indexSha256: string, checked: readonly string[] = [], read: (name: string) => ArrayBuffer = getRawAsset) {
    this.#read = read;
    this.#checked = new Set(checked);
    this.index = JSON.parse(Buffer.from(this.#part(INDEX, indexSha256)).toString('utf8')) as PartsIndex;
  }

  get checked(): string[] {
    return [...this.#checked];
  }

  get names(): string[] {
    return Object.keys(this.index.parts);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.index.parts, name);
  }

  /** The octets of a part, in place: to write into them ends the process. @throws GatewayError `corrupt` or `not_found`. */
  octets(name: string): Uint8Array {
    const sha256 = this.has(name) ? this.index.parts[name] : undefined;
    if (sha256 === undefined) throw new GatewayError('not_found', `part ${name} of the executable: no such part`);
    return this.#part(name, sha256);
  }

  text(name: string): string {
    return Buffer.from(this.octets(name)).toString('utf8');
  }

  #part(name: string, sha256: string): Uint8Array {
    const octets = new Uint8Array(this.#raw(name));
    if (this.#checked.has(name)) return octets;
    // Loaded here: it costs a thread 8 ms and 0.7 MB, and a worker whose parts have been checked may never need it.
    const { createHash } = process.getBuiltinModule('node:crypto');
    const found = createHash('sha256').update(octets).digest('hex');
    if (found !== sha256) throw damaged(name, `SHA-256 ${sha256} expected, ${found} found`);
    this.#checked.add(name);
    return octets;
  }

  #raw(name: string): ArrayBuffer {
    try {
      return this.#read(name);
    } catch (error) {
      throw damaged(name, error instanceof Error ? error.message : String(error));
    }
  }
}

function damaged(name: string, found: string): GatewayError {
  return new GatewayError('corrupt', `part ${name} of the executable is not the one it was built with: ${found}`, {
    hint: 'The file is damaged or was altered: install it again and compare it with SHA256SUMS.',
  });
}
