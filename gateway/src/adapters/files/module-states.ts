import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { makeFolder, syncFolder, writeDurably } from './durable.ts';

const SUFFIX = '.state';
const HASH_BYTES = 32;

/**
 * What modules knew when the gateway was stopped, one file each. Taken once: a state that a later life has gone on from is no longer true.
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

  /** All of them, and none is left on disk when this returns. What is damaged is named in `onDamaged` and left out. */
  takeAll(onDamaged: (name: string) => void): Map<string, Uint8Array> {
    const states = new Map<string, Uint8Array>();
    if (!fs.existsSync(this.#folder)) return states;
    for (const file of fs.readdirSync(this.#folder)) {
      const path = join(this.#folder, file);
      // Whatever else lies there is not ours, and no reason not to start.
      if (!fs.statSync(path).isFile()) continue;
      const whole = fs.readFileSync(path);
      const octets = whole.subarray(0, -HASH_BYTES);
      const name = file.slice(0, -SUFFIX.length);
      if (file.endsWith(SUFFIX) && hashOf(octets).equals(whole.subarray(-HASH_BYTES))) states.set(name, octets);
      else if (file.endsWith(SUFFIX)) onDamaged(name);
      fs.rmSync(path);
    }
    syncFolder(this.#folder);
    return states;
  }
}

function hashOf(octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest();
}
