/**
 * The names that readings bring with them. A reading's name is a pair of device and point, each of which may be left to the topic;
 * pairs are numbered in order of arrival, so that a row carries one whole number. Strings are made once a pair.
 */
import { ByteTable } from './byte-table.ts';
import { DECODE_FAULTS } from './decode-faults.ts';
import { TOPIC_NAME } from './decoded-rows.ts';

/** Octets of UTF-8 a name of a device or point may have. */
export const NAME_BYTES_MAX = 256;
/** In place of a slot: this half of the name is the topic's. */
export const NO_NAME = -1;

export interface DecodedName {
  /** Undefined: as the topic says. */
  readonly device: string | undefined;
  /** Undefined: as the topic says. */
  readonly point: string | undefined;
}

export class NameTable {
  /** Grows at its end only. */
  readonly names: DecodedName[] = [];
  readonly #bound: number;
  readonly #devices: ByteTable;
  readonly #points: ByteTable;
  /** Index + 1 of the pair whose hash leads here, 0 where free; a power of two, at most half full. */
  #buckets = new Int32Array(32);
  #pairDevice = new Int32Array(16);
  #pairPoint = new Int32Array(16);

  /** @param bound most pairs. Points may be twice as many: objects of points have slots too (`star-members.ts`). */
  constructor(bound: number) {
    this.#bound = bound;
    this.#devices = new ByteTable(bound, 'device names');
    this.#points = new ByteTable(bound * 2, 'point names');
  }

  /** The slot of a device name, or a fault. */
  device(buf: Uint8Array, from: number, to: number): number {
    return slotOf(this.#devices, buf, from, to);
  }

  /** The slot of a point name, or a fault. */
  point(buf: Uint8Array, from: number, to: number): number {
    return slotOf(this.#points, buf, from, to);
  }

  /** The slot of a point name seen before, or `NO_NAME`. */
  findPoint(buf: Uint8Array, from: number, to: number): number {
    return this.#points.find(buf, from, to);
  }

  /** The index of a pair of slots, `TOPIC_NAME` when both halves are the topic's, or the fault `name_limit`. */
  pair(device: number, point: number): number {
    if (device === NO_NAME && point === NO_NAME) return TOPIC_NAME;
    const mask = this.#buckets.length - 1;
    let bucket = hashOf(device, point) & mask;
    while (true) {
      const index = this.#buckets[bucket]! - 1;
      if (index < 0) return this.#addPair(device, point);
      if (this.#pairDevice[index] === device && this.#pairPoint[index] === point) return index;
      bucket = (bucket + 1) & mask;
    }
  }

  /** The index of the pair `name` with its missing halves filled in; or the fault `name_limit`. */
  completed(name: number, device: number, point: number): number {
    if (name === TOPIC_NAME) return this.pair(device, point);
    const ownDevice = this.#pairDevice[name]!;
    const ownPoint = this.#pairPoint[name]!;
    return this.pair(ownDevice === NO_NAME ? device : ownDevice, ownPoint === NO_NAME ? point : ownPoint);
  }

  #addPair(device: number, point: number): number {
    const index = this.names.length;
    if (index >= this.#bound) return DECODE_FAULTS.name_limit;
    if (index === this.#pairDevice.length) this.#grow();
    this.#pairDevice[index] = device;
    this.#pairPoint[index] = point;
    this.names.push({
      device: device === NO_NAME ? undefined : this.#devices.textOf(device),
      point: point === NO_NAME ? undefined : this.#points.textOf(point),
    });
    this.#link(index);
    return index;
  }

  #grow(): void {
    const pairs = this.names.length;
    const device = new Int32Array(pairs * 2);
    const point = new Int32Array(pairs * 2);
    device.set(this.#pairDevice);
    point.set(this.#pairPoint);
    this.#pairDevice = device;
    this.#pairPoint = point;
    this.#buckets = new Int32Array(pairs * 4);
    for (let index = 0; index < pairs; index++) this.#link(index);
  }

  #link(index: number): void {
    const mask = this.#buckets.length - 1;
    let bucket = hashOf(this.#pairDevice[index]!, this.#pairPoint[index]!) & mask;
    while (this.#buckets[bucket] !== 0) bucket = (bucket + 1) & mask;
    this.#buckets[bucket] = index + 1;
  }
}

function slotOf(table: ByteTable, buf: Uint8Array, from: number, to: number): number {
  const slot = table.find(buf, from, to);
  if (slot >= 0) return slot;
  if (from === to) return DECODE_FAULTS.no_name;
  if (to - from > NAME_BYTES_MAX) return DECODE_FAULTS.name_too_long;
  return table.isFull() ? DECODE_FAULTS.name_limit : table.add(buf, from, to);
}

function hashOf(device: number, point: number): number {
  const hash = Math.imul(Math.imul(device + 1, 0x9e3779b1) ^ (point + 1), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
