import { MODULE_CLASSES, type ModuleClass } from './module-class.ts';
import type { PointColumns } from './points.ts';

/** Who may hold a batch besides the ingest worker, which fills it: the store, and the module worker of each class. */
export type Holder = 'store' | ModuleClass;
const HOLDERS: readonly Holder[] = ['store', ...MODULE_CLASSES];
const HOLDER_COUNT = HOLDERS.length;

export interface BatchPoolMemory {
  readonly shared: SharedArrayBuffer;
  readonly slots: number;
  /** Rows of one batch. */
  readonly capacity: number;
}

/** Rows of one batch: at least the largest message. */
export const BATCH_ROWS = 8192;

/** Rows of one group commit. */
export const COMMIT_ROWS_MAX = 4 * BATCH_ROWS;

export function allocateBatchPool(slots: number, capacity: number): BatchPoolMemory {
  const flags = alignTo8(slots * HOLDER_COUNT * 4);
  return { shared: new SharedArrayBuffer(flags + slots * slotBytes(capacity)), slots, capacity };
}

function slotBytes(capacity: number): number {
  return alignTo8(capacity * (8 + 8 + 4 + 1));
}

function alignTo8(octets: number): number {
  return (octets + 7) & ~7;
}

/**
 * Batches in memory shared by the threads: ingest fills a slot and hands its number on; store and modules read it in place and
 * release their hold. A slot may be filled again when nobody holds it. A worker that dies has its holds taken away by `releaseAll`.
 */
export class BatchPool {
  readonly capacity: number;
  readonly #slots: number;
  readonly #holds: Int32Array;
  readonly #columns: PointColumns[];

  constructor({ shared, slots, capacity }: BatchPoolMemory) {
    this.capacity = capacity;
    this.#slots = slots;
    this.#holds = new Int32Array(shared, 0, slots * HOLDER_COUNT);
    const first = alignTo8(slots * HOLDER_COUNT * 4);
    this.#columns = Array.from({ length: slots }, (_, slot) => {
      const at = first + slot * slotBytes(capacity);
      return {
        length: 0,
        timeMs: new Float64Array(shared, at, capacity),
        value: new Float64Array(shared, at + capacity * 8, capacity),
        series: new Uint32Array(shared, at + capacity * 16, capacity),
        quality: new Uint8Array(shared, at + capacity * 20, capacity),
      };
    });
  }

  /** The slot's columns; `length` is each thread's own and has to be set from the message that hands the slot on. */
  columns(slot: number): PointColumns {
    return this.#columns[slot]!;
  }

  /** A slot nobody holds, other than `except` (the one being filled); -1 when there is none. */
  free(except: number): number {
    for (let slot = 0; slot < this.#slots; slot++) {
      if (slot !== except && !this.#isHeld(slot)) return slot;
    }
    return -1;
  }

  hold(slot: number, holder: Holder): void {
    Atomics.store(this.#holds, this.#at(slot, holder), 1);
  }

  release(slot: number, holder: Holder): void {
    Atomics.store(this.#holds, this.#at(slot, holder), 0);
  }

  releaseAll(holder: Holder): void {
    for (let slot = 0; slot < this.#slots; slot++) this.release(slot, holder);
  }

  /** Slots that at least one of these holds. */
  slotsHeldBy(holders: readonly Holder[]): number {
    let held = 0;
    for (let slot = 0; slot < this.#slots; slot++)
      if (holders.some((holder) => this.#holds[this.#at(slot, holder)])) held++;
    return held;
  }

  #at(slot: number, holder: Holder): number {
    return slot * HOLDER_COUNT + HOLDERS.indexOf(holder);
  }

  #isHeld(slot: number): boolean {
    for (let holder = 0; holder < HOLDER_COUNT; holder++) {
      if (Atomics.load(this.#holds, slot * HOLDER_COUNT + holder) !== 0) return true;
    }
    return false;
  }
}
