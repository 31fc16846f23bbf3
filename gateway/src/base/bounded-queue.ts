/** What happens at a full queue, chosen where the queue is declared. */
export type OverflowPolicy = 'refuse' | 'drop-oldest';

/** A first-in first-out ring with a fixed bound on items; what overflows is counted in `dropped`. */
export class BoundedQueue<T> {
  readonly capacity: number;
  readonly #policy: OverflowPolicy;
  readonly #items: (T | undefined)[];
  #head = 0;
  #length = 0;
  #dropped = 0;

  /** @throws RangeError when `capacity` is not a whole number of at least 1. */
  constructor(capacity: number, policy: OverflowPolicy) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`not a queue capacity: ${capacity}`);
    this.capacity = capacity;
    this.#policy = policy;
    this.#items = new Array<T | undefined>(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Items refused or pushed out since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False when the item was refused. With `drop-oldest` the item always enters and the oldest leaves. */
  push(item: T): boolean {
    if (this.#length === this.capacity) {
      this.#dropped++;
      if (this.#policy === 'refuse') return false;
      this.shift();
    }
    this.#items[(this.#head + this.#length) % this.capacity] = item;
    this.#length++;
    return true;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#length--;
    return item;
  }

  /** Takes everything, oldest first. */
  drain(): T[] {
    const all: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) all.push(item);
    return all;
  }
}
