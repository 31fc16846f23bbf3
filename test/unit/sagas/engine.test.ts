import assert from 'node:assert/strict';
import test from 'node:test';
import { millis } from '../../../gateway/src/base/units.ts';
import type { SagaDefinition, SagaStep } from '../../../gateway/src/core/model/saga.ts';
import { settle } from '../../support/manual-clock.ts';
import { definitionOf, hang, runOne, stepOf, Trial } from './trial.ts';

/** One step that holds each saga until the test lets it go by its id. */
function gated(override: Partial<SagaDefinition> = {}) {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const hold: SagaStep<unknown> = stepOf('hold', [], {
    async action({ parameters }) {
      const id = String(parameters);
      begun.push(id);
      await new Promise<void>((resolve) => gates.set(id, resolve));
      return { kind: 'done' };
    },
  });
  return { definition: definitionOf([hold], override), begun, open: (id: string) => gates.get(id)?.() };
}

test('of each priority at most the window runs at once, in order of ordinals', async () => {
  const { definition, begun, open } = gated({ window: 2 });
  const trial = new Trial([definition]);
  for (const [id, priority, ordinal] of [
    ['l1', 2, 1],
    ['l3', 2, 3],
    ['l2', 2, 2],
    ['a1', 0, 9],
  ] as const) {
    trial.journal.add({ id, definition: 'trial', priority, ordinal, parameters: id });
  }
  await trial.engine.start();
  await settle();
  assert.deepEqual(begun, ['a1', 'l1', 'l2']);
  assert.equal(trial.engine.running, 3);
  open('l2');
  await settle();
  assert.deepEqual(begun, ['a1', 'l1', 'l2', 'l3']);
  for (const id of begun) open(id);
  await trial.stop();
  assert.equal(trial.engine.running, 0);
});

/** Two definitions, `install` before `remove`, whose sagas are held until they are let go; of one subject they run one after the other. */
function ofSubjects(override: Partial<SagaDefinition> = {}) {
  const { definition, begun, open } = gated({ exclusive: (raw) => String(raw).split(' ')[1]!, ...override });
  const trial = new Trial(['install', 'remove'].map((name) => ({ ...definition, name })));
  let ordinal = 0;
  const ask = (what: string) =>
    trial.journal.add({ id: what, definition: what.split(' ')[0]!, ordinal: ++ordinal, parameters: what });
  const end = async (what: string) => {
    open(what);
    await settle();
    assert.equal(trial.journal.row(what).state, 'succeeded');
  };
  return { trial, begun, ask, end };
}

test('sagas of one key run in the order in which they were asked for, not in that of their definitions', async () => {
  const { trial, begun, ask, end } = ofSubjects();
  for (const what of ['install x 1', 'remove x 2', 'install x 3', 'remove x 4']) ask(what);
  await trial.engine.start();
  await settle();
  assert.deepEqual(begun, ['install x 1']);
  for (const what of ['install x 1', 'remove x 2', 'install x 3']) await end(what);
  assert.deepEqual(begun, ['install x 1', 'remove x 2', 'install x 3', 'remove x 4']);
  await end('remove x 4');
  await trial.stop();
});

test('a saga that is asked for while one of its key is under way waits behind those asked for before', async () => {
  const { trial, begun, ask, end } = ofSubjects();
  ask('remove x 1');
  await trial.engine.start();
  await settle();
  ask('remove x 2');
  ask('install x 3');
  trial.engine.nudge();
  await trial.clock.advance(3000);
  assert.deepEqual(begun, ['remove x 1']);
  await end('remove x 1');
  assert.deepEqual(begun, ['remove x 1', 'remove x 2']);
  await end('remove x 2');
  assert.deepEqual(begun, ['remove x 1', 'remove x 2', 'install x 3']);
  await end('install x 3');
  await trial.stop();
});

test('sagas of different keys run side by side, and more of one key than the window hold up no other', async () => {
  const { trial, begun, ask, end } = ofSubjects({ window: 2 });
  for (let n = 1; n <= 5; n++) ask(`install x ${n}`);
  ask('remove x 6');
  for (const what of ['remove y', 'install z', 'install w']) ask(what);
  await trial.engine.start();
  await settle();
  assert.deepEqual(begun, ['install x 1', 'remove y', 'install z']);
  await end('install z');
  assert.deepEqual(begun.slice(3), ['install w']);
  for (const what of ['install w', 'remove y']) await end(what);
  for (let n = 1; n <= 5; n++) await end(`install x ${n}`);
  assert.equal(begun.at(-1), 'remove x 6');
  await end('remove x 6');
  await trial.stop();
});

test('one that finds no room in its window does not let later ones of its key pass', async () => {
  const { trial, begun, ask, end } = ofSubjects({ window: 1 });
  for (const what of ['install y', 'install x 1', 'remove x 2']) ask(what);
  await trial.engine.start();
  await settle();
  assert.deepEqual(begun, ['install y']);
  for (const what of ['install y', 'install x 1', 'remove x 2']) await end(what);
  assert.deepEqual(begun, ['install y', 'install x 1', 'remove x 2']);
  await trial.stop();
});

test('pending sagas wait until their definition is ready, and runNow does not', async () => {
  let isReady = false;
  const log: string[] = [];
  const definition = definitionOf([stepOf('a', log)], { isReady: () => isReady });
  const trial = new Trial([definition]);
  trial.journal.add({ id: 'a', definition: 'trial' });
  trial.journal.add({ id: 'b', definition: 'trial' });
  await trial.engine.start();
  await trial.clock.advance(10_000);
  assert.deepEqual(log, []);
  await trial.engine.runNow('b');
  assert.equal(trial.journal.row('b').state, 'succeeded');
  assert.equal(trial.journal.row('a').state, 'pending');
  isReady = true;
  trial.engine.nudge();
  await settle();
  assert.equal(trial.journal.row('a').state, 'succeeded');
  await trial.stop();
});

test('a nudge that comes while the engine looks for pending sagas is not forgotten', async () => {
  const log: string[] = [];
  const trial = new Trial([definitionOf([stepOf('a', log)])]);
  const pending = trial.journal.pending.bind(trial.journal);
  let looks = 0;
  trial.journal.pending = async (definition, limit) => {
    const found = await pending(definition, limit);
    if (++looks === 1) {
      trial.journal.add({ id: 'a', definition: 'trial' });
      trial.engine.nudge();
    }
    return found;
  };
  await trial.engine.start();
  await settle();
  assert.deepEqual(log, ['a1.1']);
  await trial.stop();
});

test('a saga found by two looks and by runNow at once runs once', async () => {
  const { definition, begun, open } = gated();
  const trial = new Trial([definition]);
  trial.journal.add({ id: 'x', definition: 'trial', parameters: 'x' });
  await trial.engine.start();
  trial.engine.nudge();
  const now = trial.engine.runNow('x');
  await settle();
  await trial.clock.advance(5000);
  assert.deepEqual(begun, ['x']);
  open('x');
  await now;
  await trial.stop();
});

test('stopping lets go of a saga where it is, and a later engine goes on from there', async () => {
  const log: string[] = [];
  const stuck = new Trial([definitionOf([stepOf('a', log), stepOf('b', log, { action: hang }), stepOf('c', log)])]);
  stuck.journal.add({ id: 'a', definition: 'trial' });
  await stuck.engine.start();
  await settle();
  await stuck.stop();
  assert.deepEqual(stuck.errors, []);
  const { state, step, attempt } = stuck.journal.row('a');
  assert.deepEqual({ state, step, attempt }, { state: 'executing', step: 1, attempt: 1 });

  const later = new Trial([definitionOf([stepOf('a', log), stepOf('b', log), stepOf('c', log)])], stuck.journal);
  const row = await later.run();
  assert.equal(row.state, 'succeeded');
  assert.deepEqual(log, ['a1.1', 'b1.1', 'c1.1']);
});

test('a step that ends in spite of the stop is the last one that is begun', async () => {
  const log: string[] = [];
  let finish = () => {};
  const deaf = stepOf('a', log, {
    action: () => new Promise((resolve) => (finish = () => resolve({ kind: 'done', result: 1 }))),
  });
  const trial = new Trial([definitionOf([deaf, stepOf('b', log), stepOf('c', log)])]);
  trial.journal.add({ id: 'a', definition: 'trial' });
  await trial.engine.start();
  await settle();
  const stopped = trial.engine.stop(millis(0));
  await trial.clock.advance(0);
  finish();
  await settle();
  await trial.clock.advance(2000);
  await stopped;
  assert.deepEqual(log, []);
  const { step, results } = trial.journal.row('a');
  assert.deepEqual({ step, results }, { step: 1, results: { a: 1 } });
});

test('within the grace of a stop running sagas end, and pending ones are not begun', async () => {
  const { definition, begun, open } = gated({ window: 1 });
  const trial = new Trial([definition]);
  for (const id of ['a', 'b']) trial.journal.add({ id, definition: 'trial', parameters: id });
  await trial.engine.start();
  await settle();
  const stopped = trial.engine.stop(millis(500));
  open('a');
  await settle();
  await trial.clock.advance(2000);
  await stopped;
  assert.deepEqual(begun, ['a']);
  assert.deepEqual([trial.journal.row('a').state, trial.journal.row('b').state], ['succeeded', 'pending']);
});

test('while the journal cannot be written nothing is done, and the saga goes on by itself afterwards', async () => {
  const log: string[] = [];
  const trial = new Trial([definitionOf([stepOf('a', log), stepOf('b', log)])]);
  trial.journal.add({ id: 'a', definition: 'trial' });
  trial.journal.failure = new Error('disk full');
  await trial.engine.start();
  await trial.clock.advance(3500);
  assert.deepEqual(log, []);
  assert.ok(trial.errors.length >= 3 && trial.errors.length <= 5, `${trial.errors.length} errors in 3.5 s`);
  trial.journal.failure = undefined;
  await trial.clock.advance(1000);
  assert.deepEqual([trial.journal.row('a').state, log], ['succeeded', ['a1.1', 'b1.1']]);
  await trial.stop();
});

test('a journal that fails in the middle makes the step be done again, under the same key', async () => {
  const keys: string[] = [];
  const trial = new Trial([
    definitionOf([
      stepOf('a', [], {
        async action({ idempotencyKey }) {
          keys.push(idempotencyKey);
          trial.journal.failure = keys.length === 1 ? new Error('disk full') : undefined;
          return { kind: 'done' };
        },
      }),
    ]),
  ]);
  trial.journal.add({ id: 'a', definition: 'trial' });
  await trial.engine.start();
  await settle();
  trial.journal.failure = undefined;
  await trial.clock.advance(2000);
  assert.deepEqual([trial.journal.row('a').state, keys], ['succeeded', ['a.1.a', 'a.1.a']]);
  await trial.stop();
});

test('a saga of a definition that is gone is told as an error and stands in nobody’s way', async () => {
  const log: string[] = [];
  const trial = new Trial([definitionOf([stepOf('a', log)])]);
  trial.journal.add({ id: 'old', definition: 'gone', state: 'executing', attempt: 1 });
  trial.journal.add({ id: 'a', definition: 'trial' });
  await trial.engine.start();
  await settle();
  assert.match(String(trial.errors[0]), /no definition named gone/);
  assert.equal(trial.journal.row('a').state, 'succeeded');
  await trial.stop();
});

test('one saga that never ends does not keep another of its priority from running', async () => {
  const log: string[] = [];
  const stuckOrNot = stepOf('a', log, {
    action: (context) => (context.parameters === 'stuck' ? hang(context) : Promise.resolve({ kind: 'done' as const })),
  });
  const trial = new Trial([definitionOf([stuckOrNot], { window: 2 })]);
  trial.journal.add({ id: 's', definition: 'trial', parameters: 'stuck' });
  for (const id of ['a', 'b', 'c']) trial.journal.add({ id, definition: 'trial' });
  await trial.engine.start();
  await trial.clock.advanceUntil(() => trial.journal.row('c').state === 'succeeded');
  await trial.stop();
  assert.equal(trial.journal.row('s').state, 'executing');
});

test('every persisted change is told, in order, up to the end', async () => {
  const { trial } = await runOne(definitionOf([stepOf('a', []), stepOf('b', [])]));
  assert.deepEqual(
    trial.changes.map(({ state, step }) => `${state} ${step}`),
    ['executing 0', 'executing 1', 'succeeded 1'],
  );
});

test('a long idle engine leaves no pile of timers behind', async () => {
  const trial = new Trial([definitionOf([stepOf('a', [])])]);
  await trial.engine.start();
  for (let i = 0; i < 50; i++) {
    trial.engine.nudge();
    await settle();
  }
  assert.ok(trial.clock.sleepers <= 2, `${trial.clock.sleepers} timers`);
  await trial.stop();
});
