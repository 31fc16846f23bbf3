/**
 * The journal on disk: files `<first record>.tgj`, each a sequence of framed records.
 *
 *   u32 magic "TGJ1" · u32 length · u32 crc32 of the payload · u32 crc32 of the twelve octets before · payload
 *
 * `append` returns after fdatasync. A crash may leave a torn frame at the end of the newest file only: it was never
 * acknowledged, and is cut off at the next start. A bad frame anywhere else, in front of an intact one of the newest file too, is
 * corruption: it is reported, and what follows a damaged payload whose own header is intact is still read.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../../base/assert.ts';
import { GatewayError } from '../../base/errors.ts';
import type { Journal } from '../../core/store/ports.ts';
import { diskError, makeFolder, syncFolder } from './durable.ts';

const MAGIC = 0x314a4754;
const FRAME_BYTES = 16;
/** A file is closed past this size, so that sealed points free disk in steps. */
const FILE_BYTES_MAX = 8 * 2 ** 20;

interface JournalFile {
  readonly path: string;
  bytes: number;
  lastRecord: number;
  /** A failed write could not be taken back: octets beyond `bytes` have to go before anything else is written. */
  isTorn: boolean;
}

export class JournalFiles implements Journal {
  readonly #folder: string;
  readonly #onCorrupt: (error: GatewayError) => void;
  readonly #frame = Buffer.alloc(FRAME_BYTES);
  /** Oldest first; the last one is open for appending while `#descriptor` is set. */
  readonly #files: JournalFile[] = [];
  #descriptor: number | undefined;

  /** @param onCorrupt told of each damage, with the octets it has cost. */
  constructor(folder: string, onCorrupt: (error: GatewayError) => void) {
    this.#folder = folder;
    this.#onCorrupt = onCorrupt;
  }

  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes, 0);
  }

  replay(onRecord: (record: Uint8Array) => void): boolean {
    makeFolder(this.#folder);
    const names = fs
      .readdirSync(this.#folder)
      .filter((name) => name.endsWith('.tgj'))
      .sort();
    let isWhole = true;
    for (const [index, name] of names.entries()) {
      const path = join(this.#folder, name);
      const file: JournalFile = { path, bytes: 0, lastRecord: Number.MAX_SAFE_INTEGER, isTorn: false };
      if (!this.#replayFile(file, onRecord, index === names.length - 1)) isWhole = false;
      this.#files.push(file);
    }
    // Whatever was replayed is numbered below the next append; it goes when that is released.
    return isWhole;
  }

  append(record: Uint8Array, recordNumber: number): void {
    const file = this.#writable(recordNumber);
    const frame = this.#frame;
    frame.writeUInt32LE(MAGIC, 0);
    frame.writeUInt32LE(record.length, 4);
    frame.writeUInt32LE(crc32(record), 8);
    frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
    try {
      writeAll(this.#descriptor!, [frame, record], file.bytes);
      fs.fdatasyncSync(this.#descriptor!);
    } catch (error) {
      this.#cutBack(file);
      throw diskError(`append ${record.length} octets to ${file.path}`, error);
    }
    file.bytes += FRAME_BYTES + record.length;
    file.lastRecord = recordNumber;
  }

  releaseThrough(recordNumber: number): void {
    let removed = false;
    while (this.#files.length > 0 && this.#files[0]!.lastRecord <= recordNumber) {
      const file = this.#files[0]!;
      // The open file goes too, once it is worth it: an idle gateway keeps a small one rather than make a new one each seal.
      if (this.#files.length === 1 && this.#descriptor !== undefined && file.bytes < FILE_BYTES_MAX / 8) break;
      if (this.#files.length === 1) this.close();
      fs.rmSync(file.path, { force: true });
      this.#files.shift();
      removed = true;
    }
    if (removed) syncFolder(this.#folder);
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #writable(recordNumber: number): JournalFile {
    const current = this.#files.at(-1);
    if (current?.isTorn) mendTorn(current);
    if (this.#descriptor !== undefined && current !== undefined && current.bytes < FILE_BYTES_MAX) return current;
    this.close();
    // Records replayed at the start have numbers below the first one appended after it.
    for (const file of this.#files) if (file.lastRecord === Number.MAX_SAFE_INTEGER) file.lastRecord = recordNumber - 1;
    const path = join(this.#folder, `${String(recordNumber).padStart(16, '0')}.tgj`);
    // A crash between making a file and its first record leaves an empty one of this very name.
    const leftover = this.#files.findIndex((file) => file.path === path);
    if (leftover >= 0)
      assert(this.#files.splice(leftover, 1)[0]!.bytes === 0, `${path} holds record ${recordNumber} already`);
    try {
      this.#descriptor = fs.openSync(path, 'w', 0o640);
      syncFolder(this.#folder);
    } catch (error) {
      this.close();
      throw diskError(`make ${path}`, error);
    }
    const file = { path, bytes: 0, lastRecord: recordNumber, isTorn: false };
    this.#files.push(file);
    return file;
  }

  /** After a failed write nothing of it may stay: it may be whole, and would be replayed beside its repetition. */
  #cutBack(file: JournalFile): void {
    try {
      fs.ftruncateSync(this.#descriptor!, file.bytes);
    } catch {
      // The caller is told of the failed write; the next append begins by trying this again.
      file.isTorn = true;
      this.close();
    }
  }

  /** @returns whether all of the file could be read; a torn end of the newest file is nothing missing. */
  #replayFile(file: JournalFile, onRecord: (record: Uint8Array) => void, isNewest: boolean): boolean {
    const octets = fs.readFileSync(file.path);
    let isWhole = true;
    let at = 0;
    while (at < octets.length) {
      const payload = frameAt(octets, at);
      if (payload !== null) {
        onRecord(payload);
        at += FRAME_BYTES + payload.length;
        continue;
      }
      const next = endOfFrame(octets, at);
      if (isNewest && next === octets.length && !hasFrameAfter(octets, at)) {
        fs.truncateSync(file.path, at);
        break;
      }
      isWhole = false;
      this.#reportDamage(file, at, next - at);
      at = next;
    }
    file.bytes = at;
    return isWhole;
  }

  #reportDamage(file: JournalFile, at: number, octets: number): void {
    const found = `a frame expected at ${at}, ${octets} octets of something else found`;
    const hint = 'The storage medium may be failing: run a diagnosis and plan its replacement.';
    this.#onCorrupt(new GatewayError('corrupt', `journal ${file.path}: ${found}`, { hint }));
  }
}

/** @throws GatewayError as of `append`. */
function mendTorn(file: JournalFile): void {
  try {
    fs.truncateSync(file.path, file.bytes);
    file.isTorn = false;
  } catch (error) {
    throw diskError(`cut ${file.path} back to ${file.bytes} octets`, error);
  }
}

/** Whether a frame's first sixteen octets are intact, whatever its payload. */
function isHeader(octets: Buffer, at: number): boolean {
  return (
    at + FRAME_BYTES <= octets.length &&
    octets.readUInt32LE(at) === MAGIC &&
    octets.readUInt32LE(at + 12) === crc32(octets.subarray(at, at + 12))
  );
}

/** Where the frame at `at` ends by its own word; the end of the file when its header is damaged or it is cut short. */
function endOfFrame(octets: Buffer, at: number): number {
  const end = isHeader(octets, at) ? at + FRAME_BYTES + octets.readUInt32LE(at + 4) : octets.length;
  return Math.min(end, octets.length);
}

/** Whether an intact frame stands anywhere behind `at`: then what stands there was not the last write. */
function hasFrameAfter(octets: Buffer, at: number): boolean {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC);
  for (let found = octets.indexOf(magic, at + 1); found >= 0; found = octets.indexOf(magic, found + 1)) {
    if (frameAt(octets, found) !== null) return true;
  }
  return false;
}

/** The payload of the frame at `at`, or null when no whole, intact frame stands there. */
function frameAt(octets: Buffer, at: number): Buffer | null {
  if (!isHeader(octets, at)) return null;
  const length = octets.readUInt32LE(at + 4);
  if (at + FRAME_BYTES + length > octets.length) return null;
  const payload = octets.subarray(at + FRAME_BYTES, at + FRAME_BYTES + length);
  return crc32(payload) === octets.readUInt32LE(at + 8) ? payload : null;
}

function writeAll(descriptor: number, parts: Uint8Array[], position: number): void {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const written = fs.writevSync(descriptor, parts, position);
  if (written === total) return;
  const rest = Buffer.concat(parts).subarray(written);
  let at = 0;
  for (let tries = 0; at < rest.length; tries++) {
    assert(tries < 1_000_000, 'a write makes no progress');
    at += fs.writeSync(descriptor, rest, at, rest.length - at, position + written + at);
  }
}
