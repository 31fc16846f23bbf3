/**
 * Numeric members as points of their own, named by the dotted path of keys: rows are appended as the members come, and taken back when a
 * later key of the same name makes them void (the last one wins, as with `JSON.parse`). No set is cleared between readings: a slot's
 * row is believed only when that row is one of this reading and carries the slot.
 */
import { DECODE_FAULTS } from './decode-faults.ts';
import { NAME_BYTES_MAX, type NameTable } from './name-table.ts';
import type { RowWriter } from './row-writer.ts';

/** In place of a name: the row has been taken back. */
const VOID = -2;
const DOT = 0x2e;

export class StarMembers {
  /** The path of the member being read, and room for a dot behind it. */
  readonly path = new Uint8Array(NAME_BYTES_MAX + 1);
  readonly #names: NameTable;
  readonly #writer: RowWriter;
  #from = 0;
  #voided = 0;
  #reading = 0;
  #hasGroups = false;
  /** Whether each row of this reading is one number of the message: no key came twice, no value was a boolean. */
  isPlain = true;
  /** Per slot of a point: its row. */
  #rowOf = new Int32Array(64);
  /** Per slot of a path with a dot behind it, which is an object of members: the reading it was last met in, and its rows. */
  #groupReading = new Int32Array(64);
  #groupFrom = new Int32Array(64);
  #groupTo = new Int32Array(64);

  constructor(names: NameTable, writer: RowWriter) {
    this.#names = names;
    this.#writer = writer;
  }

  begin(): void {
    this.#from = this.#writer.rows.length;
    this.#voided = 0;
    this.#reading = (this.#reading + 1) | 0;
    this.#hasGroups = false;
    this.isPlain = true;
  }

  /** Notes a number at the path of `pathEnd` octets. @returns 0 or a fault. */
  point(value: number, pathEnd: number): number {
    if (value - value !== 0) return DECODE_FAULTS.nan;
    if (pathEnd < 0) return DECODE_FAULTS.name_too_long;
    const slot = this.#names.point(this.path, 0, pathEnd);
    if (slot < 0) return slot;
    if (this.#hasGroups) this.#forgetGroup(pathEnd);
    const rows = this.#writer.rows;
    if (this.#hasRow(slot)) {
      rows.value[this.#rowOf[slot]!] = value;
      this.isPlain = false;
      return 0;
    }
    const row = this.#writer.append(value, slot);
    if (row < 0) return row;
    if (slot >= this.#rowOf.length) this.#grow(slot);
    this.#rowOf[slot] = row;
    return 0;
  }

  boolean(isTrue: boolean, pathEnd: number): number {
    this.isPlain = false;
    return this.point(isTrue ? 1 : 0, pathEnd);
  }

  /** What was noted at this path, or below it, is void. */
  forget(pathEnd: number): void {
    if (pathEnd < 0) return;
    const slot = this.#names.findPoint(this.path, 0, pathEnd);
    if (slot >= 0 && this.#hasRow(slot)) this.#void(this.#rowOf[slot]!);
    if (this.#hasGroups) this.#forgetGroup(pathEnd);
  }

  /** An object of members begins; the octet behind its path becomes a dot. @returns its slot, or a fault. */
  openGroup(pathEnd: number): number {
    if (pathEnd < 0) return DECODE_FAULTS.name_too_long;
    this.forget(pathEnd);
    this.path[pathEnd] = DOT;
    if (pathEnd >= NAME_BYTES_MAX) return DECODE_FAULTS.name_too_long;
    const slot = this.#names.point(this.path, 0, pathEnd + 1);
    if (slot < 0) return slot;
    if (slot >= this.#rowOf.length) this.#grow(slot);
    this.#hasGroups = true;
    this.#groupReading[slot] = this.#reading;
    this.#groupFrom[slot] = this.#writer.rows.length;
    this.#groupTo[slot] = this.#writer.rows.length;
    return slot;
  }

  closeGroup(slot: number): void {
    this.#groupTo[slot] = this.#writer.rows.length;
  }

  /** Closes up the rows that remain. */
  finish(): void {
    if (this.#voided === 0) return;
    const rows = this.#writer.rows;
    let kept = this.#from;
    for (let row = this.#from; row < rows.length; row++) {
      if (rows.name[row] === VOID) continue;
      rows.name[kept] = rows.name[row]!;
      rows.value[kept] = rows.value[row]!;
      kept++;
    }
    rows.length = kept;
  }

  #hasRow(slot: number): boolean {
    if (slot >= this.#rowOf.length) return false;
    const row = this.#rowOf[slot]!;
    const rows = this.#writer.rows;
    return row >= this.#from && row < rows.length && rows.name[row] === slot;
  }

  #forgetGroup(pathEnd: number): void {
    this.path[pathEnd] = DOT;
    const slot = this.#names.findPoint(this.path, 0, pathEnd + 1);
    if (slot < 0 || slot >= this.#rowOf.length || this.#groupReading[slot] !== this.#reading) return;
    for (let row = this.#groupFrom[slot]!; row < this.#groupTo[slot]!; row++) this.#void(row);
    // A group is taken back once: the work stays in proportion to the rows.
    this.#groupTo[slot] = this.#groupFrom[slot]!;
  }

  #void(row: number): void {
    this.#writer.rows.name[row] = VOID;
    this.#voided++;
    this.isPlain = false;
  }

  #grow(slot: number): void {
    const size = Math.max(this.#rowOf.length * 2, slot + 1);
    this.#rowOf = enlarged(this.#rowOf, size);
    this.#groupReading = enlarged(this.#groupReading, size);
    this.#groupFrom = enlarged(this.#groupFrom, size);
    this.#groupTo = enlarged(this.#groupTo, size);
  }
}

function enlarged(column: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(size);
  grown.set(column);
  return grown;
}
