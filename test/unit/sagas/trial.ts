import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { millis } from '../../../gateway/src/base/units.ts';
import {
  isFinal,
  type SagaDefinition,
  type SagaRow,
  type SagaStep,
  type StepContext,
} from '../../../gateway/src/core/model/saga.ts';
import { SagaEngine } from '../../../gateway/src/core/sagas/engine.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { MemoryJournal } from './memory-journal.ts';

export const RETRY = { attempts: 3, first: millis(100), max: millis(1000) };

/** A step named by a letter that says what it did in `log`; override what a test is about. */
export function stepOf(name: string, log: string[], override: Partial<SagaStep<unknown>> = {}): SagaStep<unknown> {
  return {
    name,
    async action({ generation, attempt }) {
      log.push(`${name}${generation}.${attempt}`);
      return { kind: 'done', result: name.toUpperCase() };
    },
    async compensate({ attempt }) {
      log.push(`-${name}.${attempt}`);
    },
    deadline: null,
    retry: RETRY,
    ...override,
  };
}

export function definitionOf(steps: SagaStep<unknown>[], override: Partial<SagaDefinition> = {}): SagaDefinition {
  return { name: 'trial', parse: (raw) => raw, steps, pivot: steps.at(-1)!.name, window: 4, ...override };
}

/** Fails its first `times` calls. */
export function failingAction(times: number, error: () => Error, log: string[], name: string) {
  let failures = 0;
  return async ({ attempt }: StepContext<unknown>) => {
    log.push(`${name}1.${attempt}`);
    if (failures++ < times) throw error();
    return { kind: 'done' as const };
  };
}

export const transient = () => new GatewayError('unavailable', 'away');
export const permanent = () => new GatewayError('invalid', 'wrong');

/** Rejects when the step is told to stop, and never otherwise. */
export function hang({ signal }: StepContext<unknown>): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** An engine over a journal in memory and time that the test owns. */
export class Trial {
  readonly journal: MemoryJournal;
  readonly clock = new ManualClock();
  readonly errors: unknown[] = [];
  readonly changes: SagaRow[] = [];
  readonly engine: SagaEngine;

  constructor(definitions: SagaDefinition[], journal = new MemoryJournal()) {
    this.journal = journal;
    this.engine = new SagaEngine(definitions, {
      journal,
      clock: this.clock,
      random: seededRandom(1),
      onChange: (row) => this.changes.push(row),
      onError: (error) => this.errors.push(error),
    });
  }

  /** Starts, lets time pass until every saga has ended, stops. @returns the row of the saga `a`. */
  async run(): Promise<SagaRow> {
    await this.engine.start();
    await this.clock.advanceUntil(() => [...this.journal.rows.values()].every(({ state }) => isFinal(state)));
    await this.stop();
    return this.journal.row('a');
  }

  async stop(): Promise<void> {
    const stopped = this.engine.stop(millis(0));
    await settle();
    await this.clock.advance(2000);
    await stopped;
  }
}

/** One saga `a` run to its end. */
export async function runOne(definition: SagaDefinition, parameters: unknown = {}) {
  const trial = new Trial([definition]);
  trial.journal.add({ id: 'a', definition: definition.name, parameters });
  const row = await trial.run();
  return { trial, row };
}
