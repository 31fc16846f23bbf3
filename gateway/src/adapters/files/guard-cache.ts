import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { diskError, makeFolder, writeDurably } from './durable.ts';

/** Entries kept; beyond, those written longest ago go. More than a gateway has modules, and their older versions. */
const ENTRIES_MAX = 64;
/** Of one entry; a larger module is guarded each time. */
const ENTRY_BYTES_MAX = 16 << 20;
const HASH_BYTES = 32;
const SUFFIX = '.guarded';
const KEY = /^[0-9a-f]{64}$/;

/**
 * Guarded modules as files of one folder, `<key>.guarded`, readable by the service only: the cache of `core/modules/guard`.
 *
 * Each file begins with the SHA-256 of its key and its octets: an entry that is cut, damaged, empty after a power cut or lies under another
 * entry's name is dropped and made anew. This does not protect from who may write to the state folder: they can put any code there with a
 * hash that is right. They could as well replace the modules' signatures or the database, so the folder's owner and mode are the wall; a key
 * for the hash would have to lie in the same folder.
 */
export class GuardCacheFolder {
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;

  /** Makes the folder when it is not there. @param onError hears why an entry could not be read, written or used; the guard goes on without it. */
  static open(folder: string, onError: (error: unknown) => void): GuardCacheFolder {
    try {
      makeFolder(folder);
    } catch (error) {
      onError(error);
    }
    return new GuardCacheFolder(folder, onError);
  }

  private constructor(folder: string, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#onError = onError;
  }

  get(key: string): Uint8Array | undefined {
    const path = this.#path(key);
    try {
      const status = fs.statSync(path, { throwIfNoEntry: false });
      if (status === undefined) return undefined;
      const file = status.size <= HASH_BYTES + ENTRY_BYTES_MAX ? fs.readFileSync(path) : Buffer.alloc(0);
      const entry = file.subarray(HASH_BYTES);
      if (hashOf(key, entry).equals(file.subarray(0, HASH_BYTES))) return entry;
      fs.rmSync(path, { force: true });
      this.#onError(new Error(`guarded module ${path}: damaged, made anew`));
    } catch (error) {
      this.#onError(diskError(`read ${path}`, error));
    }
    return undefined;
  }

  put(key: string, entry: Uint8Array): void {
    if (entry.length > ENTRY_BYTES_MAX) return;
    try {
      writeDurably(this.#path(key), Buffer.concat([hashOf(key, entry), entry]), 0o600);
      this.#prune();
    } catch (error) {
      this.#onError(error);
    }
  }

  #path(key: string): string {
    if (!KEY.test(key)) throw new TypeError(`key of a guarded module: 64 hexadecimal digits expected, ${key} found`);
    return join(this.#folder, `${key}${SUFFIX}`);
  }

  /** Files of other names are not ours, but for what a crash left of one of ours. */
  #prune(): void {
    const ours = fs.readdirSync(this.#folder).filter((name) => name.endsWith(SUFFIX) || name.endsWith(`${SUFFIX}.tmp`));
    if (ours.length <= ENTRIES_MAX) return;
    const dated = ours.map((name) => {
      const path = join(this.#folder, name);
      return { path, at: fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
    });
    dated.sort((a, b) => a.at - b.at);
    for (const { path } of dated.slice(0, ours.length - ENTRIES_MAX)) fs.rmSync(path, { force: true });
  }
}

function hashOf(key: string, entry: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(entry).digest();
}
