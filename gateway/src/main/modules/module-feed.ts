import type { MessagePort } from 'node:worker_threads';
import type { BatchPool } from '../../core/model/batch-pool.ts';
import { MODULE_CLASSES, type ModuleClass } from '../../core/model/module-class.ts';
import type { PointColumns } from '../../core/model/points.ts';
import type { ModuleBatchMessage } from '../thread-messages.ts';

/** Slots of the pool that modules of all classes together may hold; beyond it they get copies. */
const SLOTS_MAX = 8;
/** Rows in copies that a class has not worked off: five megaoctets. Beyond it rows are skipped and counted. */
const COPIED_ROWS_MAX = 1 << 18;
/** Batches that a class has not worked off: about two seconds of small ones. */
const UNDERWAY_MAX = 1024;

interface Underway {
  readonly message: ModuleBatchMessage;
  readonly copiedRows: number;
}

interface Feed {
  port: MessagePort | null;
  /** Batches handed on and not worked off, in order; the next worker of the class gets them again. */
  readonly underway: Underway[];
  copiedRows: number;
  /** Sequence of the last message; 0 before the first. */
  last: number;
}

export interface ModuleFeedParts {
  readonly pool: BatchPool;
  /** Sequence of the last batch each class has worked off; its worker writes. Shape [MODULE_CLASSES]. */
  readonly progress: SharedArrayBuffer;
  /** Rows that no module of a class will see. */
  readonly onSkipped: (rows: number) => void;
}

/**
 * The way of batches from ingest to the module workers, one of each class. A batch stays in its slot while there are few; modules that lag,
 * or whose worker is being replaced, get copies, so that neither the store nor the sources wait for them.
 */
export class ModuleFeeds {
  readonly #parts: ModuleFeedParts;
  readonly #progress: Float64Array;
  readonly #feeds = new Map<ModuleClass, Feed>();

  constructor(parts: ModuleFeedParts) {
    this.#parts = parts;
    this.#progress = new Float64Array(parts.progress);
  }

  /** The first worker of a class, or the one after another that is gone: it gets what that one had not worked off. Null: none any more. */
  connect(moduleClass: ModuleClass, port: MessagePort | null): void {
    const { pool } = this.#parts;
    const feed = this.#feeds.get(moduleClass) ?? { port: null, underway: [], copiedRows: 0, last: 0 };
    feed.port?.close();
    feed.port = port;
    if (port === null) {
      this.#feeds.delete(moduleClass);
      pool.releaseAll(moduleClass);
      return;
    }
    this.#feeds.set(moduleClass, feed);
    this.#forgetWorkedOff(moduleClass, feed);
    for (const { message } of feed.underway) port.postMessage(message);
  }

  /** @param slot of the pool, held by nobody of ours yet. */
  deliver(batch: Omit<ModuleBatchMessage, 'copy'>): void {
    const { pool, onSkipped } = this.#parts;
    if (this.#feeds.size === 0 || (batch.length === 0 && batch.newSeries.length === 0)) return;
    let copy: PointColumns | null = null;
    for (const [moduleClass, feed] of this.#feeds) {
      this.#forgetWorkedOff(moduleClass, feed);
      const isNews = batch.length === 0;
      const isCopied = !isNews && pool.slotsHeldBy(MODULE_CLASSES) >= SLOTS_MAX;
      const isFull = feed.copiedRows + batch.length > COPIED_ROWS_MAX || feed.underway.length >= UNDERWAY_MAX;
      if (isCopied && isFull) {
        onSkipped(batch.length);
        if (batch.newSeries.length > 0) this.#send(feed, { ...batch, slot: -1, length: 0, copy: null }, 0);
        continue;
      }
      if (isCopied) copy ??= copyOf(pool.columns(batch.slot), batch.length);
      else if (!isNews) pool.hold(batch.slot, moduleClass);
      const slot = isCopied || isNews ? -1 : batch.slot;
      this.#send(feed, { ...batch, slot, copy: isCopied ? copy : null }, isCopied ? batch.length : 0);
    }
  }

  /** Sequence of the last batch that each class was given. */
  lastSequences(): Map<ModuleClass, number> {
    return new Map([...this.#feeds].map(([moduleClass, { last }]) => [moduleClass, last]));
  }

  #send(feed: Feed, message: ModuleBatchMessage, copiedRows: number): void {
    feed.copiedRows += copiedRows;
    feed.underway.push({ message, copiedRows });
    feed.last = message.sequence;
    feed.port?.postMessage(message);
  }

  #forgetWorkedOff(moduleClass: ModuleClass, feed: Feed): void {
    const through = this.#progress[MODULE_CLASSES.indexOf(moduleClass)]!;
    let done = 0;
    while (done < feed.underway.length && feed.underway[done]!.message.sequence <= through) {
      feed.copiedRows -= feed.underway[done++]!.copiedRows;
    }
    if (done > 0) feed.underway.splice(0, done);
  }
}

/** In memory that the workers can read in place. */
function copyOf(points: PointColumns, length: number): PointColumns {
  const shared = new SharedArrayBuffer(length * 21 + 8);
  const copy: PointColumns = {
    length,
    timeMs: new Float64Array(shared, 0, length),
    value: new Float64Array(shared, length * 8, length),
    series: new Uint32Array(shared, length * 16, length),
    quality: new Uint8Array(shared, length * 20, length),
  };
  copy.timeMs.set(points.timeMs.subarray(0, length));
  copy.value.set(points.value.subarray(0, length));
  copy.series.set(points.series.subarray(0, length));
  copy.quality.set(points.quality.subarray(0, length));
  return copy;
}
