/**
 * On the store worker: makes events durable before what they came with goes on to be committed, so that nothing is acknowledged whose event
 * could still be lost. Everything passes in order; what comes while the disk writes goes together the next time.
 */
import { describeError } from '../../base/errors.ts';
import type { TakenEvent } from '../../core/ingest/ports.ts';

export interface EventIntakeParts {
  /** All of them or none; when it returns they survive a power cut. @throws when the disk refuses. */
  readonly add: (events: readonly TakenEvent[]) => void;
  /** These functions have something new. */
  readonly onAdded: (functions: readonly string[]) => void;
  /** Adding failed and will be repeated. */
  readonly onFailure: (text: string) => void;
}

interface Waiting {
  readonly events: readonly TakenEvent[];
  readonly goOn: () => void;
}

const RETRY_MS = 500;

export class EventIntake {
  readonly #parts: EventIntakeParts;
  /** Bounded by those who hand in: each holds a slot of the batch pool, or a place in a module worker's window. */
  #waiting: Waiting[] = [];
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: EventIntakeParts) {
    this.#parts = parts;
  }

  /** @param goOn called once the events are durable, and after that of everything handed in before; at once where nothing waits. */
  pass(events: readonly TakenEvent[], goOn: () => void): void {
    if (events.length === 0 && this.#waiting.length === 0) return goOn();
    this.#waiting.push({ events, goOn });
    if (this.#isScheduled || this.#timer !== undefined) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Everything handed in has gone on. @throws Error when the disk refuses. */
  drain(): void {
    if (this.#waiting.length > 0) this.#flush();
    if (this.#waiting.length > 0) throw new Error('cannot store events of functions: see the log');
  }

  #flush(): void {
    this.#isScheduled = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#waiting;
    const events = group.flatMap((one) => one.events);
    try {
      this.#parts.add(events);
    } catch (error) {
      this.#parts.onFailure(`events of functions: ${describeError(error)}; trying again in ${RETRY_MS} ms`);
      this.#timer = setTimeout(() => this.#flush(), RETRY_MS);
      return;
    }
    this.#waiting = [];
    for (const { goOn } of group) goOn();
    this.#parts.onAdded([...new Set(events.map(({ fn }) => fn))]);
  }
}
