/**
 * A segment: an immutable, compressed, checksummed run of points of many series, complete in itself (it carries the names), so that the
 * cloud's consumer needs nothing else to read it. Format in docs/reference/store-format.md:
 *
 *   header (32) · blocks · directory · trailer (12)
 *
 * Each block has its checksum in the directory; the trailer's covers header and directory together, so no octet stands unguarded.
 * Runs of series stand one after the other in blocks of about 64 KiB, each compressed by itself, so that reading one series
 * touches one block. The directory, at the end, says which series lies in which block at which octet.
 */
import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { GatewayError } from '../../base/errors.ts';
import { allocatePoints, type PointColumns } from '../model/points.ts';
import { LANES, type Lane, type Series } from '../model/series.ts';
import type { Compressor } from './compressor.ts';
import { readSeries, writeSeries } from './journal-record.ts';
import { decodeRun, encodeRun } from './run-codec.ts';
import { SeriesRuns } from './series-runs.ts';

const MAGIC = 0x31534754; // "TGS1"
const HEADER_BYTES = 32;
const TRAILER_BYTES = 12;
const BLOCK_BYTES = 64 * 1024;

export interface SegmentSummary {
  readonly lane: Lane;
  readonly sequence: number;
  readonly points: number;
  readonly series: number;
  /** Smallest and largest time of a point, Unix epoch milliseconds. */
  readonly firstMs: number;
  readonly lastMs: number;
}

interface DirectoryEntry {
  readonly series: Series;
  readonly rows: number;
  readonly block: number;
  /** Of the run within its block, once decompressed. */
  readonly at: number;
}

interface BlockPlace {
  readonly at: number;
  readonly compressedBytes: number;
  readonly rawBytes: number;
  readonly crc: number;
}

/**
 * Encodes in small steps: each `yield` is a place where the caller may do something more urgent, such as a group commit.
 * @returns the whole file and its summary.
 */
export function* encodeSegment(
  lane: Lane,
  sequence: number,
  points: PointColumns,
  seriesOf: (id: number) => Series,
  compressor: Compressor,
): Generator<void, { octets: Uint8Array; summary: SegmentSummary }> {
  const runs = new SeriesRuns();
  runs.group(points);
  const file = new ByteWriter(Math.max(4096, points.length * 3));
  const block = new ByteWriter(BLOCK_BYTES * 2);
  const places: BlockPlace[] = [];
  const entries: DirectoryEntry[] = [];
  const closeBlock = () => {
    const compressed = compressor.compress(block.view());
    const crc = compressor.crc32(compressed);
    places.push({ at: file.length, compressedBytes: compressed.length, rawBytes: block.length, crc });
    file.raw(compressed);
    block.reset();
  };

  for (let i = 0; i < HEADER_BYTES; i++) file.u8(0);
  let from = 0;
  for (let i = 0; i < runs.series.length; i++) {
    const to = from + runs.takeRows(i);
    entries.push({ series: seriesOf(runs.series[i]!), rows: to - from, block: places.length, at: block.length });
    encodeRun(block, points, runs.order, from, to);
    from = to;
    if (block.length >= BLOCK_BYTES) {
      closeBlock();
      yield;
    }
  }
  if (block.length > 0) closeBlock();
  yield;

  const summary = { lane, sequence, points: points.length, series: entries.length, ...timeRange(points) };
  writeHeader(file, summary);
  writeDirectory(file, places, entries, compressor);
  return { octets: file.view(), summary };
}

function timeRange(points: PointColumns): { firstMs: number; lastMs: number } {
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for (let i = 0; i < points.length; i++) {
    const t = points.timeMs[i]!;
    if (t < firstMs) firstMs = t;
    if (t > lastMs) lastMs = t;
  }
  return { firstMs, lastMs };
}

function writeHeader(file: ByteWriter, summary: SegmentSummary): void {
  const end = file.length;
  file.length = 0;
  file.u32(MAGIC);
  file.u8(LANES.indexOf(summary.lane));
  file.u8(0);
  file.u8(0);
  file.u8(0);
  file.f64(summary.sequence);
  file.f64(summary.firstMs);
  file.f64(summary.lastMs);
  file.length = end;
}

function writeDirectory(
  file: ByteWriter,
  places: BlockPlace[],
  entries: DirectoryEntry[],
  compressor: Compressor,
): void {
  const directory = new ByteWriter();
  directory.varint(places.length);
  for (const place of places) {
    directory.varint(place.at);
    directory.varint(place.compressedBytes);
    directory.varint(place.rawBytes);
    directory.u32(place.crc);
  }
  directory.varint(entries.length);
  for (const entry of entries) {
    writeSeries(directory, entry.series);
    directory.varint(entry.rows);
    directory.varint(entry.block);
    directory.varint(entry.at);
  }
  const compressed = compressor.compress(directory.view());
  file.raw(compressed);
  file.u32(compressed.length);
  file.u32(directory.length);
  file.u32(compressor.crc32(compressed, compressor.crc32(file.view(0, HEADER_BYTES))));
}

/** Reads a segment held in memory. Every checksum met on the way is verified. */
export class SegmentReader {
  readonly lane: Lane;
  readonly sequence: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly entries: readonly DirectoryEntry[];
  readonly #octets: Uint8Array;
  readonly #places: readonly BlockPlace[];
  readonly #compressor: Compressor;
  readonly #what: string;

  /** @throws GatewayError `corrupt`; `what` names the segment in it. */
  constructor(octets: Uint8Array, compressor: Compressor, what: string) {
    this.#octets = octets;
    this.#compressor = compressor;
    this.#what = what;
    const header = new ByteReader(octets, what);
    const magic = header.u32();
    if (magic !== MAGIC)
      throw new GatewayError('corrupt', `${what}: a segment expected, magic 0x${magic.toString(16)} found`);
    const lane = LANES[header.u8()];
    if (lane === undefined) throw new GatewayError('corrupt', `${what}: unknown lane`);
    this.lane = lane;
    header.at = 8;
    this.sequence = header.f64();
    this.firstMs = header.f64();
    this.lastMs = header.f64();
    const directory = new ByteReader(this.#directoryOctets(), `${what}: directory`);
    this.#places = Array.from({ length: directory.varint() }, () => ({
      at: directory.varint(),
      compressedBytes: directory.varint(),
      rawBytes: directory.varint(),
      crc: directory.u32(),
    }));
    this.entries = Array.from({ length: directory.varint() }, () => ({
      series: readSeries(directory),
      rows: directory.varint(),
      block: directory.varint(),
      at: directory.varint(),
    }));
  }

  get points(): number {
    return this.entries.reduce((sum, entry) => sum + entry.rows, 0);
  }

  /** All points of one series, or null when the segment has none. */
  readSeries(id: number): PointColumns | null {
    const entry = this.entries.find((candidate) => candidate.series.id === id);
    if (entry === undefined) return null;
    const points = allocatePoints(entry.rows);
    const block = new ByteReader(this.#block(entry.block), `${this.#what}: block ${entry.block}`);
    block.at = entry.at;
    decodeRun(block, id, points);
    return points;
  }

  /** All points, series after series. */
  readAll(): PointColumns {
    const points = allocatePoints(this.points);
    let block = new ByteReader(new Uint8Array(), '');
    let open = -1;
    for (const entry of this.entries) {
      if (entry.block !== open) {
        block = new ByteReader(this.#block(entry.block), `${this.#what}: block ${entry.block}`);
        open = entry.block;
      }
      block.at = entry.at;
      const rows = decodeRun(block, entry.series.id, points);
      if (rows !== entry.rows) {
        throw new GatewayError(
          'corrupt',
          `${this.#what}: ${entry.rows} rows of series ${entry.series.id} expected, ${rows} found`,
        );
      }
    }
    return points;
  }

  /** Checks every checksum without decoding a point. */
  verify(): void {
    for (let i = 0; i < this.#places.length; i++) this.#compressed(i);
  }

  #directoryOctets(): Uint8Array {
    const end = this.#octets.length - TRAILER_BYTES;
    const trailer = new ByteReader(this.#octets.subarray(Math.max(0, end)), `${this.#what}: trailer`);
    const [length, rawLength, crc] = [trailer.u32(), trailer.u32(), trailer.u32()];
    if (end - length < HEADER_BYTES)
      throw new GatewayError('corrupt', `${this.#what}: a directory of ${length} octets does not fit`);
    const compressed = this.#octets.subarray(end - length, end);
    this.#check(
      compressed,
      crc,
      'header and directory',
      this.#compressor.crc32(this.#octets.subarray(0, HEADER_BYTES)),
    );
    return this.#compressor.decompress(compressed, rawLength);
  }

  #compressed(index: number): Uint8Array {
    const place = this.#places[index];
    if (place === undefined || place.at + place.compressedBytes > this.#octets.length) {
      throw new GatewayError('corrupt', `${this.#what}: block ${index} lies outside the file`);
    }
    const compressed = this.#octets.subarray(place.at, place.at + place.compressedBytes);
    this.#check(compressed, place.crc, `block ${index}`);
    return compressed;
  }

  #block(index: number): Uint8Array {
    return this.#compressor.decompress(this.#compressed(index), this.#places[index]!.rawBytes);
  }

  #check(octets: Uint8Array, expected: number, part: string, before = 0): void {
    const found = this.#compressor.crc32(octets, before);
    if (found !== expected) {
      throw new GatewayError('corrupt', `${this.#what}: ${part}: checksum ${expected} expected, ${found} found`);
    }
  }
}
