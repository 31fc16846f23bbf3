/** Sagas of modules as subjects of the saga suites: each begins in a world that is a copy of one that was prepared for it. */
import test, { after, before, describe } from 'node:test';
import { MODULE_SAGAS } from '../../../gateway/src/core/modules/life/define.ts';
import { moduleSagas } from '../../../gateway/src/core/modules/life/definitions.ts';
import type { LifePorts } from '../../../gateway/src/core/modules/life/ports.ts';
import { type SagaSubject, sagaCases } from '../../support/saga-suites.ts';
import { LifeWorld, type SagaVerb } from './life-world.ts';

/** Of one case: a kill at each transition takes some thirty worlds. */
const TIMEOUT_MS = 60_000;

export interface Subject {
  readonly title: string;
  readonly verb: SagaVerb;
  /** Puts the world into the state before the saga, and asks for it. */
  readonly prepare: (world: LifeWorld) => void;
}

/** Definitions whose actions are never called: for the names of their steps. */
const OUTLINES = moduleSagas({} as LifePorts);

/** Makes a test of every case of every subject. */
export function runSuites(subjects: readonly Subject[]): void {
  for (const { title, verb, prepare } of subjects) {
    describe(title, () => {
      let prepared: LifeWorld;
      before(() => {
        prepared = new LifeWorld(undefined, []);
        prepare(prepared);
      });
      after(() => prepared[Symbol.asyncDispose]());
      const subject: SagaSubject = {
        outline: OUTLINES.find(({ name }) => name === MODULE_SAGAS[verb])!,
        makeWorld: () => startable(new LifeWorld(prepared), verb),
      };
      for (const { name, run } of sagaCases(subject)) test(name, { timeout: TIMEOUT_MS }, run);
    });
  }
}

async function startable(world: LifeWorld, verb: SagaVerb) {
  return {
    saga: 's1',
    journal: world.journal,
    async start() {
      const life = await world.life();
      for (let batch = 0; batch < 4; batch++) life.feed();
      return {
        definition: life.definition(MODULE_SAGAS[verb]),
        [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
      };
    },
    snapshot: () => world.snapshot(),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
