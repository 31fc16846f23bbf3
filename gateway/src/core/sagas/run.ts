import { assert } from '../../base/assert.ts';
import { backoffDelay } from '../../base/backoff.ts';
import { describeError, describeWithHint, GatewayError, isTransient } from '../../base/errors.ts';
import { millis } from '../../base/units.ts';
import {
  isFinal,
  SAGA_MOVES,
  type SagaChange,
  type SagaDefinition,
  type SagaEvent,
  type SagaEventKind,
  type SagaRow,
  type SagaStep,
  type StepContext,
  type StepOutcome,
} from '../model/saga.ts';
import type { SagaPorts } from './ports.ts';

/** One saga under way, from where its row stands to its end. */
export class SagaRun {
  readonly #definition: SagaDefinition;
  readonly #ports: Omit<SagaPorts, 'onError'>;
  readonly #signal: AbortSignal;
  readonly #pivot: number;
  #row: SagaRow;

  constructor(definition: SagaDefinition, row: SagaRow, ports: Omit<SagaPorts, 'onError'>, signal: AbortSignal) {
    this.#definition = definition;
    this.#row = row;
    this.#ports = ports;
    this.#signal = signal;
    this.#pivot = definition.steps.findIndex((step) => step.name === definition.pivot);
  }

  /** Rejects with the signal's reason when the engine stops, or when the journal cannot be written; the row then says where to resume. */
  async toEnd(): Promise<void> {
    while (!isFinal(this.#row.state)) {
      // A step that ended in spite of the stop has its outcome written down; the next one is for the next start.
      this.#signal.throwIfAborted();
      if (this.#row.state === 'pending') {
        await this.#record({ state: 'executing', step: 0, attempt: 1, stepMs: this.#now() }, [
          ['started', null],
          ['step', null],
        ]);
      } else if (this.#row.state === 'executing') await this.#tryStep();
      else await this.#tryUndo();
    }
  }

  get #step(): SagaStep<unknown> {
    const step = this.#definition.steps[this.#row.step];
    assert(step !== undefined, `saga ${this.#row.id}: no step ${this.#row.step} in ${this.#definition.name}`);
    return step;
  }

  async #tryStep(): Promise<void> {
    const step = this.#step;
    let outcome: StepOutcome;
    try {
      outcome = await this.#withDeadline(step, (context) => step.action(context));
    } catch (error) {
      this.#signal.throwIfAborted();
      return this.#stepFailed(step, error);
    }
    if (outcome.kind === 'again') return this.#beginAgain(outcome.from, outcome.reason);
    const results =
      outcome.result === undefined ? this.#row.results : { ...this.#row.results, [step.name]: outcome.result };
    if (this.#row.step === this.#definition.steps.length - 1) {
      await this.#record({ state: 'succeeded', results, error: null }, [
        ['done', null],
        ['ended', 'succeeded'],
      ]);
      return;
    }
    const done = this.#event('done', null);
    const next = this.#row.step + 1;
    await this.#record({ step: next, attempt: 1, results, error: null, stepMs: this.#now() }, [['step', null]], [done]);
  }

  async #stepFailed(step: SagaStep<unknown>, error: unknown): Promise<void> {
    const mustGoOn = this.#row.step >= this.#pivot;
    const mayRetry = isTransient(error) && this.#row.attempt < step.retry.attempts && !this.#isPastDeadline(step);
    if (!mustGoOn && !mayRetry) {
      const text = describeWithHint(error);
      await this.#record({ state: 'compensating', attempt: 1, error: text, stepMs: this.#now() }, [['undo', text]]);
      return;
    }
    await this.#retry(step, describeError(error));
  }

  async #tryUndo(): Promise<void> {
    const step = this.#step;
    try {
      const undo = step.compensate;
      if (undo !== undefined) await this.#withDeadline(step, (context) => undo(context));
    } catch (error) {
      this.#signal.throwIfAborted();
      const text = describeError(error);
      if (isTransient(error) && this.#row.attempt < step.retry.attempts && !this.#isPastDeadline(step))
        return this.#retry(step, text);
      await this.#record({ state: 'failed', error: `undo of ${step.name}: ${text}` }, [['ended', `failed: ${text}`]]);
      return;
    }
    if (this.#row.step === 0) {
      await this.#record({ state: 'compensated' }, [
        ['undone', null],
        ['ended', 'compensated'],
      ]);
      return;
    }
    const undone = this.#event('undone', null);
    await this.#record({ step: this.#row.step - 1, attempt: 1, stepMs: this.#now() }, [['undo', null]], [undone]);
  }

  /** The coming try is written down before the wait, so that a crash does not try more often than allowed. */
  async #retry(step: SagaStep<unknown>, text: string): Promise<void> {
    const delay = backoffDelay(step.retry, this.#row.attempt, this.#ports.random);
    await this.#record({ attempt: this.#row.attempt + 1, error: text }, [
      ['retry', `in ${Math.round(delay)} ms: ${text}`],
    ]);
    await this.#ports.clock.sleep(delay, this.#signal);
  }

  async #beginAgain(from: string, reason: string): Promise<void> {
    const index = this.#definition.steps.findIndex((step) => step.name === from);
    assert(index >= 0 && index <= this.#row.step, `saga ${this.#row.id}: cannot begin again at ${from}`);
    const generation = this.#row.generation + 1;
    const again = this.#event('again', `generation ${generation}: ${reason}`);
    const delay = backoffDelay(this.#step.retry, this.#row.generation, this.#ports.random);
    const change = { step: index, attempt: 1, generation, error: reason, stepMs: this.#now() };
    await this.#record(change, [['step', null]], [again]);
    // What the world loses each time anew must not be repeated as fast as the machine can.
    await this.#ports.clock.sleep(delay, this.#signal);
  }

  async #withDeadline<T>(step: SagaStep<unknown>, work: (context: StepContext<unknown>) => Promise<T>): Promise<T> {
    const row = this.#row;
    const deadline = new AbortController();
    const finished = new AbortController();
    if (step.deadline !== null) {
      const left = millis(Math.max(0, row.stepMs + step.deadline - this.#now()));
      const late = () =>
        deadline.abort(new GatewayError('invalid', `step ${step.name}: not done within ${step.deadline} ms`));
      // Rejected when the work ends first: then there is nothing to do.
      this.#ports.clock.sleep(left, finished.signal).then(late, () => undefined);
    }
    try {
      return await work({
        parameters: this.#definition.parse(row.parameters),
        results: row.results,
        generation: row.generation,
        attempt: row.attempt,
        idempotencyKey: `${row.id}.${row.generation}.${step.name}`,
        signal: AbortSignal.any([this.#signal, deadline.signal]),
      });
    } finally {
      finished.abort();
    }
  }

  #isPastDeadline(step: SagaStep<unknown>): boolean {
    return step.deadline !== null && this.#now() >= this.#row.stepMs + step.deadline;
  }

  #now(): number {
    return Math.round(this.#ports.clock.now());
  }

  #event(kind: SagaEventKind, detail: string | null): SagaEvent {
    const step = this.#definition.steps[this.#row.step]?.name ?? null;
    return { atMs: this.#now(), kind, step, attempt: this.#row.attempt, detail };
  }

  /** Persists the change, with `before` (events of the step that ends) and events of the row as it will be. */
  async #record(
    set: SagaChange['set'],
    events: [SagaEventKind, string | null][],
    before: SagaEvent[] = [],
  ): Promise<void> {
    const from = this.#row.state;
    const to = set.state ?? from;
    const isLegal = to === from || (SAGA_MOVES[from] as readonly string[]).includes(to);
    assert(isLegal, `saga ${this.#row.id}: ${from} to ${to} is not a move`);
    const next = { ...this.#row, ...set, updatedMs: this.#now() };
    const previous = this.#row;
    this.#row = next;
    const lines = [...before, ...events.map(([kind, detail]) => this.#event(kind, detail))];
    try {
      await this.#ports.journal.record({ id: next.id, set, events: lines, atMs: next.updatedMs });
    } catch (error) {
      this.#row = previous;
      throw error;
    }
    this.#ports.onChange?.(next);
  }
}
