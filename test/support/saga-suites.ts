/**
 * What every saga definition has to stand, written once: each action repeated, a failure at each step, a failure in each undo, a kill at
 * each transition. A subject brings a world in which its saga waits, and says what that world looks like from outside.
 */
import assert from 'node:assert/strict';
import { systemClock } from '../../gateway/src/base/clock.ts';
import { GatewayError } from '../../gateway/src/base/errors.ts';
import { seededRandom } from '../../gateway/src/base/random.ts';
import { millis } from '../../gateway/src/base/units.ts';
import {
  isFinal,
  type SagaDefinition,
  type SagaJournal,
  type SagaRow,
  type SagaStep,
} from '../../gateway/src/core/model/saga.ts';
import { SagaEngine } from '../../gateway/src/core/sagas/engine.ts';

/** What one process holds in memory; disposed when the process ends, however it ends. */
export interface SagaProcess extends AsyncDisposable {
  readonly definition: SagaDefinition;
}

/** One pending saga and all it acts on. Outlives its processes. */
export interface SagaWorld extends AsyncDisposable {
  readonly saga: string;
  readonly journal: SagaJournal;
  start(): Promise<SagaProcess>;
  /** What is there to be seen from outside, without times, counts of tries and the like. */
  snapshot(): Promise<unknown>;
}

export interface SagaSubject {
  /** For the names of its steps and its pivot; its actions are never called. */
  readonly outline: SagaDefinition;
  makeWorld(): Promise<SagaWorld>;
}

export interface SagaCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Waits within steps and retries pass so many times faster than they are. */
const HURRY = 200;
const hurried = {
  ...systemClock,
  sleep: (span: number, signal?: AbortSignal) => systemClock.sleep(millis(span / HURRY), signal),
};

/** More transitions than any saga here has. */
const TRANSITIONS_MAX = 60;

const KILLED = 'the process was killed';
const transient = () => new GatewayError('unavailable', 'made to fail for a while');
const permanent = () => new GatewayError('invalid', 'made to fail');

export function sagaCases(subject: SagaSubject): SagaCase[] {
  const { name: saga, steps, pivot } = subject.outline;
  const pivotAt = steps.findIndex((step) => step.name === pivot);
  const cases: SagaCase[] = [];
  const add = (name: string, run: () => Promise<void>) => cases.push({ name: `${saga}: ${name}`, run });

  add('every action done twice has the effect of once', () => expectSuccess(subject, repeatActions));
  add('every undo done twice has the effect of once', () =>
    expectUndone(subject, (definition) => repeatUndos(failAt(definition, pivotAt - 1, 'after', permanent, Infinity))),
  );
  for (const [at, { name, compensate }] of steps.entries()) {
    for (const when of ['before', 'after'] as const) {
      add(`${name} that fails for a while ${when} its work is tried again`, () =>
        expectSuccess(subject, (definition) => failAt(definition, at, when, transient, 2)),
      );
      if (at < pivotAt) {
        add(`${name} that fails for good ${when} its work leaves the world as it was`, () =>
          expectUndone(subject, (definition) => failAt(definition, at, when, permanent, Infinity)),
        );
      } else {
        add(`${name} only goes forward, whatever fails ${when} its work`, () =>
          expectSuccess(subject, (definition) => failAt(definition, at, when, permanent, 10)),
        );
      }
    }
    if (compensate === undefined) continue;
    add(`the undo of ${name} that fails for a while is tried again`, () =>
      expectUndone(subject, (definition) =>
        failUndo(failAt(definition, pivotAt - 1, 'after', permanent, Infinity), at, transient, 2),
      ),
    );
    add(`the undo of ${name} that fails for good ends the saga as failed`, async () => {
      const make = (definition: SagaDefinition) =>
        failUndo(failAt(definition, pivotAt - 1, 'after', permanent, Infinity), at, permanent, Infinity);
      await using world = await subject.makeWorld();
      assert.equal((await runToEnd(world, make)).state, 'failed');
    });
  }
  for (const when of ['before', 'after'] as const) {
    add(`killed just ${when} any of its transitions is written, it ends as without the kill`, () =>
      killEverywhere(when, (kill) => expectSuccess(subject, (definition) => definition, kill)),
    );
    add(`killed just ${when} any transition of its undoing is written, it leaves the world as it was`, () =>
      killEverywhere(when, (kill) =>
        expectUndone(subject, (definition) => failAt(definition, pivotAt - 1, 'after', permanent, Infinity), kill),
      ),
    );
  }
  return cases;
}

type Change = (definition: SagaDefinition) => SagaDefinition;

/** Ends the process at a transition: with it every later write of that process fails. */
class Kill {
  readonly at: number;
  readonly when: 'before' | 'after';
  #count = 0;
  hasHappened = false;

  constructor(at: number, when: 'before' | 'after') {
    this.at = at;
    this.when = when;
  }

  wrap(journal: SagaJournal): SagaJournal {
    let isDead = false;
    const die = () => {
      isDead = true;
      this.hasHappened = true;
      throw new Error(KILLED);
    };
    return {
      ...{ active: () => journal.active(), find: (id) => journal.find(id) },
      pending: (definition, perPriority) => journal.pending(definition, perPriority),
      record: async (change) => {
        const isTheOne = ++this.#count === this.at;
        if (isDead || (isTheOne && this.when === 'before')) die();
        await journal.record(change);
        if (isTheOne) die();
      },
    };
  }
}

async function killEverywhere(when: 'before' | 'after', run: (kill: Kill) => Promise<void>): Promise<void> {
  for (let at = 1; at <= TRANSITIONS_MAX; at++) {
    const kill = new Kill(at, when);
    await run(kill);
    if (!kill.hasHappened) return assert.ok(at > 3, `only ${at - 1} transitions`);
  }
  assert.fail(`no end after ${TRANSITIONS_MAX} transitions`);
}

async function expectSuccess(subject: SagaSubject, change: Change, kill?: Kill): Promise<void> {
  await using world = await subject.makeWorld();
  const row = await runToEnd(world, change, kill);
  assert.equal(row.state, 'succeeded', row.error ?? '');
  assert.deepEqual(await world.snapshot(), await undisturbed(subject));
}

const undisturbedOf = new WeakMap<SagaSubject, Promise<unknown>>();

/** What a world looks like after its saga has run without any trouble; found out once for each subject. */
function undisturbed(subject: SagaSubject): Promise<unknown> {
  const known = undisturbedOf.get(subject) ?? runUndisturbed(subject);
  undisturbedOf.set(subject, known);
  return known;
}

async function runUndisturbed(subject: SagaSubject): Promise<unknown> {
  await using world = await subject.makeWorld();
  assert.equal((await runToEnd(world, (definition) => definition)).state, 'succeeded');
  return await world.snapshot();
}

async function expectUndone(subject: SagaSubject, change: Change, kill?: Kill): Promise<void> {
  await using world = await subject.makeWorld();
  const before = await world.snapshot();
  const row = await runToEnd(world, change, kill);
  assert.equal(row.state, 'compensated', row.error ?? '');
  assert.deepEqual(await world.snapshot(), before);
}

/** Runs the world's saga; a process that is killed is followed by another. */
async function runToEnd(world: SagaWorld, change: Change, kill?: Kill): Promise<SagaRow> {
  for (let process = 1; process <= 3; process++) {
    await using running = await world.start();
    const journal = kill === undefined || process > 1 ? world.journal : kill.wrap(world.journal);
    await oneLife(change(running.definition), world.saga, journal);
    const row = await world.journal.find(world.saga);
    if (row !== undefined && isFinal(row.state)) return row;
  }
  throw new Error(`saga ${world.saga}: not at its end after three processes`);
}

/** Until the saga has ended or the process was killed. */
async function oneLife(definition: SagaDefinition, saga: string, journal: SagaJournal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const engine = new SagaEngine([definition], {
    journal,
    clock: hurried,
    random: seededRandom(1),
    onChange: (row) => row.id === saga && isFinal(row.state) && over.resolve(),
    onError: (error) => (error instanceof Error && error.message === KILLED ? over.resolve() : over.reject(error)),
  });
  await engine.start();
  try {
    await over.promise;
  } finally {
    await engine.stop(millis(0));
  }
}

function changeStep(definition: SagaDefinition, at: number, change: Partial<SagaStep<unknown>>): SagaDefinition {
  return { ...definition, steps: definition.steps.map((step, i) => (i === at ? { ...step, ...change } : step)) };
}

function failAt(definition: SagaDefinition, at: number, when: 'before' | 'after', error: () => Error, times: number) {
  const { action } = definition.steps[at]!;
  let failures = 0;
  return changeStep(definition, at, {
    async action(context) {
      const fails = failures++ < times;
      if (fails && when === 'before') throw error();
      const outcome = await action(context);
      if (fails) throw error();
      return outcome;
    },
  });
}

/** The work of the undo is done, and then it fails. */
function failUndo(definition: SagaDefinition, at: number, error: () => Error, times: number): SagaDefinition {
  const { compensate } = definition.steps[at]!;
  let failures = 0;
  return changeStep(definition, at, {
    async compensate(context) {
      await compensate?.(context);
      if (failures++ < times) throw error();
    },
  });
}

function repeatActions(definition: SagaDefinition): SagaDefinition {
  const twice = (step: SagaStep<unknown>): SagaStep<unknown> => ({
    ...step,
    async action(context) {
      await step.action(context);
      return step.action(context);
    },
  });
  return { ...definition, steps: definition.steps.map(twice) };
}

function repeatUndos(definition: SagaDefinition): SagaDefinition {
  const twice = (step: SagaStep<unknown>): SagaStep<unknown> => ({
    ...step,
    async compensate(context) {
      await step.compensate?.(context);
      await step.compensate?.(context);
    },
  });
  return { ...definition, steps: definition.steps.map(twice) };
}
