import assert from 'node:assert/strict';
import test from 'node:test';
import type { SagaDefinition, SagaStep } from '../../../gateway/src/core/model/saga.ts';
import { type SagaSubject, sagaCases } from '../../support/saga-suites.ts';
import { MemoryJournal } from './memory-journal.ts';
import { definitionOf, stepOf } from './trial.ts';

/** Moves a marble from a bowl to a box and seals the box: small, but each step can be done well or badly. */
interface Marbles {
  bowl: string[];
  hand: string[];
  box: string[];
  isSealed: boolean;
}

function moveMarble(marbles: Marbles): SagaDefinition {
  const without = (list: string[], one: string) => list.filter((other) => other !== one);
  const take = stepOf('take', [], {
    async action() {
      if (marbles.bowl.includes('red')) {
        marbles.bowl = without(marbles.bowl, 'red');
        marbles.hand = [...without(marbles.hand, 'red'), 'red'];
      }
      return { kind: 'done' };
    },
    async compensate() {
      marbles.hand = without(marbles.hand, 'red');
      if (!marbles.bowl.includes('red')) marbles.bowl = [...marbles.bowl, 'red'].sort();
    },
  });
  const put = stepOf('put', [], {
    async action() {
      marbles.hand = without(marbles.hand, 'red');
      marbles.box = [...without(marbles.box, 'red'), 'red'];
      return { kind: 'done' };
    },
    async compensate() {
      if (!marbles.box.includes('red')) return;
      marbles.box = without(marbles.box, 'red');
      marbles.hand = [...marbles.hand, 'red'];
    },
  });
  const seal = stepOf('seal', [], {
    async action() {
      marbles.isSealed = true;
      return { kind: 'done' };
    },
  });
  const { compensate: _none, ...sealForGood } = seal;
  return definitionOf([take, put, sealForGood], { name: 'marbles', pivot: 'seal' });
}

function subjectOf(
  spoil: (marbles: Marbles, step: SagaStep<unknown>) => SagaStep<unknown> = (_, step) => step,
): SagaSubject {
  const make = (marbles: Marbles) => {
    const definition = moveMarble(marbles);
    return { ...definition, steps: definition.steps.map((step) => spoil(marbles, step)) };
  };
  const fresh = (): Marbles => ({ bowl: ['blue', 'red'], hand: [], box: [], isSealed: false });
  return {
    outline: make(fresh()),
    async makeWorld() {
      const marbles = fresh();
      const journal = new MemoryJournal();
      journal.add({ id: 'a', definition: 'marbles' });
      const nothing = async () => undefined;
      return {
        ...{ saga: 'a', journal, [Symbol.asyncDispose]: nothing },
        start: async () => ({ definition: make(marbles), [Symbol.asyncDispose]: nothing }),
        snapshot: async () => structuredClone(marbles),
      };
    },
  };
}

for (const { name, run } of sagaCases(subjectOf())) test(name, run);

/** How many cases a spoilt definition does not pass. */
async function failures(subject: SagaSubject): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of sagaCases(subject)) await run().catch(() => failed.push(name));
  return failed;
}

test('the suites find an action that does more when it is repeated', async () => {
  const failed = await failures(
    subjectOf((marbles, step) => ({
      ...step,
      async action(context) {
        if (step.name === 'put') marbles.box.push('green');
        return step.action(context);
      },
    })),
  );
  assert.ok(
    failed.some((name) => name.includes('every action done twice')),
    failed.join('\n'),
  );
  assert.ok(
    failed.some((name) => name.includes('killed just before')),
    failed.join('\n'),
  );
});

test('the suites find an undo that is missing', async () => {
  const failed = await failures(
    subjectOf((_marbles, step) => (step.name === 'take' ? { ...step, compensate: async () => undefined } : step)),
  );
  assert.ok(
    failed.some((name) => name.includes('put that fails for good after its work')),
    failed.join('\n'),
  );
});
