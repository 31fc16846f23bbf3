import * as fs from 'node:fs';
import { join } from 'node:path';
import type { SegmentFiles } from '../../core/store/ports.ts';
import { diskError, makeFolder, writeDurably } from './durable.ts';

/** Segments as files of one folder. Removal need not be durable: a file that comes back has no row, and is swept at the next start. */
export class SegmentFolder implements SegmentFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    makeFolder(folder);
  }

  write(name: string, octets: Uint8Array): void {
    writeDurably(join(this.#folder, name), octets);
  }

  read(name: string): Uint8Array {
    try {
      return fs.readFileSync(join(this.#folder, name));
    } catch (error) {
      throw diskError(`read segment ${name}`, error);
    }
  }

  remove(name: string): void {
    fs.rmSync(join(this.#folder, name), { force: true });
  }

  list(): { name: string; bytes: number }[] {
    return fs.readdirSync(this.#folder).map((name) => ({ name, bytes: fs.statSync(join(this.#folder, name)).size }));
  }
}
