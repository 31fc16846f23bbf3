import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { makeFolder, syncFolder, writeDurably } from './durable.ts';

const SUFFIX = '.state';
const HASH_BYTES = 32;

/**
 * What modules knew when the gateway was stopped, one file each. Used once: a state that a later life of its module has gone on from is no
 * longer true. That of a module that does not run is kept until it runs again.
 */
export class ModuleStateFolder {
  readonly #folder: string;

  /** Made when it is first written to. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  save(states: ReadonlyMap<string, Uint8Array>): void {
    if (states.size === 0) return;
    makeFolder(this.#folder);
    for (const [name, octets] of states) {
      writeDurably(join(this.#folder, `${name}${SUFFIX}`), Buffer.concat([octets, hashOf(octets)]));
    }
  }

  /** All that are whole; none is used up by it. What is damaged is named in `onDamaged`, removed and left out. */
  read(onDamaged: (name: string) => void): Map<string, Uint8Array> {
    const states = new Map<string, Uint8Array>();
    for (const file of this.#files().filter((one) => one.endsWith(SUFFIX))) {
      const whole = fs.readFileSync(join(this.#folder, file));
      const octets = whole.subarray(0, -HASH_BYTES);
      const name = file.slice(0, -SUFFIX.length);
      if (hashOf(octets).equals(whole.subarray(-HASH_BYTES))) states.set(name, octets);
      else {
        onDamaged(name);
        this.#remove([file]);
      }
    }
    return states;
  }

  /** Removes all but those of `names`, and what a save that was cut short has left. */
  keepOnly(names: ReadonlySet<string>): void {
    const kept = new Set([...names].map((name) => `${name}${SUFFIX}`));
    this.#remove(this.#files().filter((file) => !kept.has(file)));
  }

  /** For good when it returns. Harmless when there is none. */
  remove(name: string): void {
    this.#remove(this.#files().filter((file) => file === `${name}${SUFFIX}`));
  }

  /** Folders are not ours, and no reason not to start. */
  #files(): string[] {
    if (!fs.existsSync(this.#folder)) return [];
    const entries = fs.readdirSync(this.#folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  #remove(files: readonly string[]): void {
    if (files.length === 0) return;
    for (const file of files) fs.rmSync(join(this.#folder, file));
    syncFolder(this.#folder);
  }
}

function hashOf(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}
