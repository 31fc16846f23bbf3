/**
 * Runs sagas: each step is written down before it is tried, every outcome before the next begins, so that a restart at any point
 * goes on from the last thing known. Definitions are data (`model.ts`); this file knows nothing of what they do.
 */
import { assert } from '../../base/assert.ts';
import { type Millis, millis } from '../../base/units.ts';
import { isFinal, type SagaDefinition, type SagaRow } from '../model/saga.ts';
import type { SagaPorts } from './ports.ts';
import { SagaRun } from './run.ts';

/** How often pending sagas are looked for when nobody says that there are new ones. */
const POLL = millis(1000);

/** Of a definition with keys so many pending sagas are looked at, so that one that waits for its key hides no other. */
const QUEUE_LOOK = 1000;

export class SagaEngine {
  readonly #definitions: ReadonlyMap<string, SagaDefinition>;
  readonly #ports: SagaPorts;
  readonly #running = new Map<string, { row: SagaRow; done: Promise<void> }>();
  readonly #abort = new AbortController();
  #wake: (() => void) | undefined;
  #poller: Promise<void> | undefined;
  #accepting = false;
  /** Set when a run broke off because of the engine's own trouble: its row is active, and nobody drives it. */
  #hasOrphans = false;

  constructor(definitions: readonly SagaDefinition[], ports: SagaPorts) {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#ports = ports;
    for (const { name, steps, pivot } of definitions) {
      const pivotIndex = steps.findIndex((step) => step.name === pivot);
      assert(pivotIndex >= 0, `saga ${name}: its pivot ${pivot} is no step`);
      const endless = steps.slice(pivotIndex).every((step) => step.deadline === null);
      assert(endless, `saga ${name}: from its pivot on it only goes forward, so its steps have no deadline`);
    }
  }

  get running(): number {
    return this.#running.size;
  }

  /** Resumes what was under way, then takes up pending sagas as they come. */
  async start(): Promise<void> {
    this.#accepting = true;
    await this.#resumeActive();
    this.#poller = this.#poll();
  }

  /** There may be new pending sagas, or a definition became ready. */
  nudge(): void {
    this.#wake?.();
  }

  /** Runs one saga at once, whether or not its definition is ready. */
  async runNow(id: string): Promise<void> {
    const row = await this.#ports.journal.find(id);
    if (row !== undefined && !isFinal(row.state)) this.#drive(row);
    await this.#running.get(id)?.done;
  }

  /** Takes up nothing new, gives running sagas `grace` to end, then lets go of them where they are: a later start resumes them. */
  async stop(grace: Millis): Promise<void> {
    this.#accepting = false;
    const ended = Promise.all([...this.#running.values()].map((run) => run.done));
    await this.#orAfter(grace, ended);
    this.#abort.abort(new Error('the saga engine stops'));
    this.nudge();
    await Promise.all([...this.#running.values()].map((run) => run.done));
    await this.#poller;
  }

  async #poll(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      // Before the look, so that a nudge during it leads to another one.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        if (this.#accepting && this.#hasOrphans) await this.#resumeActive();
        if (this.#accepting) await this.#takePending();
      } catch (error) {
        this.#ports.onError(error, 'pending sagas');
      }
      await this.#orAfter(POLL, woken);
    }
  }

  /** Waits for the event, at most for `span`, and leaves no timer behind. */
  async #orAfter(span: Millis, event: Promise<unknown>): Promise<void> {
    const happened = new AbortController();
    // Rejected when the event comes first: then there is nothing to do.
    const late = this.#ports.clock.sleep(span, happened.signal).catch(() => undefined);
    await Promise.race([event, late]);
    happened.abort();
  }

  async #resumeActive(): Promise<void> {
    const rows = await this.#ports.journal.active();
    this.#hasOrphans = false;
    for (const row of rows) this.#drive(row);
  }

  /** Sagas of one key in the order in which they were asked for, whatever their definitions; all others by definition. */
  async #takePending(): Promise<void> {
    const ready = [...this.#definitions.values()].filter((definition) => definition.isReady?.() !== false);
    // Asked all at once: what is added meanwhile is in every answer that follows it, or in none.
    const found = await Promise.all(
      ready.map(({ name, window, exclusive }) =>
        this.#ports.journal.pending(name, exclusive === undefined ? window : QUEUE_LOOK),
      ),
    );
    const waiting = new Set<string>();
    for (const row of found.flat().filter((one) => this.#keyOf(one) === undefined)) this.#take(row);
    const keyed = found.flat().filter((one) => this.#keyOf(one) !== undefined);
    for (const row of keyed.sort((a, b) => a.ordinal - b.ordinal)) {
      const key = this.#keyOf(row)!;
      if (waiting.has(key) || this.#isUnderWay(key) || !this.#take(row)) waiting.add(key);
    }
  }

  /** @returns whether it is under way now. */
  #take(row: SagaRow): boolean {
    const { window } = this.#definitions.get(row.definition)!;
    const hasRoom = this.#runningIn(row.definition, row.priority) < window;
    if (this.#accepting && hasRoom) this.#drive(row);
    return this.#running.has(row.id);
  }

  #runningIn(definition: string, priority: number): number {
    let count = 0;
    for (const { row } of this.#running.values()) {
      if (row.definition === definition && row.priority === priority) count++;
    }
    return count;
  }

  #keyOf(row: SagaRow): string | undefined {
    return this.#definitions.get(row.definition)?.exclusive?.(row.parameters);
  }

  #isUnderWay(key: string): boolean {
    return [...this.#running.values()].some(({ row }) => this.#keyOf(row) === key);
  }

  #drive(row: SagaRow): void {
    if (this.#running.has(row.id) || this.#abort.signal.aborted) return;
    const definition = this.#definitions.get(row.definition);
    if (definition === undefined) {
      this.#ports.onError(new Error(`no definition named ${row.definition}`), row.id);
      return;
    }
    const done = new SagaRun(definition, row, this.#ports, this.#abort.signal)
      .toEnd()
      .catch((error) => {
        if (this.#abort.signal.aborted) return;
        this.#hasOrphans = true;
        this.#ports.onError(error, row.id);
      })
      .finally(() => {
        this.#running.delete(row.id);
        if (!this.#hasOrphans) this.nudge();
      });
    this.#running.set(row.id, { row, done });
  }
}
