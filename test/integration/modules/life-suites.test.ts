/** The saga suites on the life of a module: every step repeated, failing, undone and cut off, in a world with real packages, SQLite and WebAssembly. */
import test, { after, before, describe } from 'node:test';
import { MODULE_SAGAS, moduleSagas } from '../../../gateway/src/core/modules/life/definitions.ts';
import type { LifePorts } from '../../../gateway/src/core/modules/life/ports.ts';
import { type SagaSubject, sagaCases } from '../../support/saga-suites.ts';
import { aggregate } from './life-packages.ts';
import { INPUTS, LifeWorld, useOf } from './life-world.ts';

/** Of one case: a kill at each transition takes some thirty worlds. */
const TIMEOUT_MS = 60_000;
const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 200, watchMs: 200 };

interface Subject {
  readonly title: string;
  readonly verb: keyof typeof MODULE_SAGAS;
  /** Puts the world into the state before the saga, and asks for it. */
  readonly prepare: (world: LifeWorld) => void;
}

const SUBJECTS: readonly Subject[] = [
  {
    title: 'a module that was not there is installed',
    verb: 'install',
    prepare: (world) => world.ask('install', { name: 'w1', digest: world.packages.stage(V1), inputs: INPUTS }),
  },
  {
    title: 'an installed module is upgraded, while another use stays',
    verb: 'upgrade',
    prepare(world) {
      world.installed(useOf('1.0.0'), V1).installed(useOf('1.0.0', { name: 'w2', enabled: false }));
      world.ask('upgrade', { name: 'w1', digest: world.packages.stage(V2), terms: TERMS });
    },
  },
  {
    title: 'a module goes back to the version before',
    verb: 'rollback',
    prepare(world) {
      world.installed(useOf('1.1.0', { previous: '1.0.0' }), V1, V2);
      world.ask('rollback', { name: 'w1' });
    },
  },
  {
    title: 'a module gets other inputs',
    verb: 'configure',
    prepare(world) {
      world.installed(useOf('1.0.0'), V1);
      const inputs = [{ series: 'device1/*', config: { windowMs: 1000 } }];
      world.ask('configure', { name: 'w1', inputs, watchMs: 200 });
    },
  },
  {
    title: 'a module is removed',
    verb: 'remove',
    prepare(world) {
      world.installed(useOf('1.1.0', { previous: '1.0.0' }), V1, V2);
      world.ask('remove', { name: 'w1' });
    },
  },
];

/** Definitions whose actions are never called: for the names of their steps. */
const OUTLINES = moduleSagas({} as LifePorts);

for (const { title, verb, prepare } of SUBJECTS) {
  describe(title, () => {
    let prepared: LifeWorld;
    before(() => {
      prepared = new LifeWorld(undefined, []);
      prepare(prepared);
    });
    after(() => prepared[Symbol.asyncDispose]());

    const subject: SagaSubject = {
      outline: OUTLINES.find(({ name }) => name === MODULE_SAGAS[verb])!,
      async makeWorld() {
        const world = new LifeWorld(prepared);
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
      },
    };
    for (const { name, run } of sagaCases(subject)) test(name, { timeout: TIMEOUT_MS }, run);
  });
}
