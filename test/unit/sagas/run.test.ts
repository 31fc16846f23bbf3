import assert from 'node:assert/strict';
import test from 'node:test';
import { AssertionFailure } from '../../../gateway/src/base/assert.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { millis } from '../../../gateway/src/base/units.ts';
import { SAGA_MOVES, type SagaState } from '../../../gateway/src/core/model/saga.ts';
import { SagaEngine } from '../../../gateway/src/core/sagas/engine.ts';
import { SagaRun } from '../../../gateway/src/core/sagas/run.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MemoryJournal } from './memory-journal.ts';
import { definitionOf, failingAction, hang, permanent, runOne, stepOf, Trial, transient } from './trial.ts';

test('steps run in order, and each is handed the results of those before', async () => {
  const log: string[] = [];
  let seen: unknown;
  const last = stepOf('c', log, {
    async action({ results, parameters }) {
      seen = { results, parameters };
      return { kind: 'done' };
    },
  });
  const { row, trial } = await runOne(definitionOf([stepOf('a', log), stepOf('b', log), last]), { x: 1 });
  assert.equal(row.state, 'succeeded');
  assert.deepEqual(log, ['a1.1', 'b1.1']);
  assert.deepEqual(seen, { results: { a: 'A', b: 'B' }, parameters: { x: 1 } });
  assert.deepEqual(trial.journal.lines(), [
    ...['started a 1', 'step a 1', 'done a 1', 'step b 1', 'done b 1', 'step c 1', 'done c 1', 'ended c 1'],
  ]);
});

test('the idempotency key is the same for every try and another in each step and generation', async () => {
  const keys: string[] = [];
  let tries = 0;
  const keep = stepOf('b', [], {
    async action({ idempotencyKey }) {
      keys.push(idempotencyKey);
      if (++tries === 1) throw transient();
      return tries === 2 ? { kind: 'again', from: 'b', reason: 'lost' } : { kind: 'done' };
    },
  });
  await runOne(definitionOf([stepOf('a', []), keep]));
  assert.deepEqual(keys, ['a.1.b', 'a.1.b', 'a.2.b']);
});

test('a transient failure is tried again with growing pauses, at most as often as the step allows', async () => {
  const log: string[] = [];
  const failing = stepOf('b', log, { action: failingAction(9, transient, log, 'b') });
  const { row, trial } = await runOne(definitionOf([stepOf('a', log), failing, stepOf('c', log)]));
  assert.equal(row.state, 'compensated');
  assert.deepEqual(log, ['a1.1', 'b1.1', 'b1.2', 'b1.3', '-b.1', '-a.1']);
  const pauses = trial.journal.events
    .filter(({ kind }) => kind === 'retry')
    .map(({ detail }) => Number.parseInt(detail!.slice(3), 10));
  assert.equal(pauses.length, 2);
  assert.ok(pauses[0]! >= 50 && pauses[0]! <= 100 && pauses[1]! >= 100 && pauses[1]! <= 200, String(pauses));
});

test('a failure that time does not mend is not tried again: everything is undone in reverse', async () => {
  const log: string[] = [];
  const failing = stepOf('c', log, { action: failingAction(1, permanent, log, 'c') });
  const plain = stepOf('b', log);
  const { compensate: _none, ...noUndo } = plain;
  const { row, trial } = await runOne(definitionOf([stepOf('a', log), noUndo, failing, stepOf('d', log)]));
  assert.deepEqual([row.state, row.error], ['compensated', 'wrong']);
  assert.deepEqual(log, ['a1.1', 'b1.1', 'c1.1', '-c.1', '-a.1']);
  assert.ok(trial.journal.lines().includes('undo b 1'), 'the step without an undo is passed through');
});

test('from the pivot on every failure is tried again without end, whatever it is', async () => {
  const log: string[] = [];
  const pivot = stepOf('b', log, { action: failingAction(7, permanent, log, 'b') });
  const after = stepOf('c', log, { action: failingAction(5, permanent, log, 'c') });
  const { row } = await runOne(definitionOf([stepOf('a', log), pivot, after], { pivot: 'b' }));
  assert.equal(row.state, 'succeeded');
  assert.equal(log.filter((line) => line.startsWith('b')).length, 8);
  assert.equal(log.filter((line) => line.startsWith('c')).length, 6);
  assert.equal(row.error, null);
});

test('a transient failure of an undo is tried again; a permanent one ends the saga as failed and leaves the rest', async () => {
  for (const [error, times, state] of [
    [transient, 2, 'compensated'],
    [transient, 3, 'failed'],
    [permanent, 1, 'failed'],
  ] as const) {
    const log: string[] = [];
    const undo = failingAction(times, error, log, '-b');
    const steps = [stepOf('a', log), stepOf('b', log, { compensate: async (context) => void (await undo(context)) })];
    const { row } = await runOne(
      definitionOf([...steps, stepOf('c', log, { action: failingAction(1, permanent, log, 'c') }), stepOf('d', log)]),
    );
    assert.equal(row.state, state);
    assert.equal(log.includes('-a.1'), state === 'compensated');
    if (state === 'failed') assert.match(row.error ?? '', /^undo of b: /);
  }
});

test('a step that is not done by its deadline is told so and undone', async () => {
  const log: string[] = [];
  const slow = stepOf('b', log, { action: hang, deadline: millis(500) });
  const { row, trial } = await runOne(definitionOf([stepOf('a', log), slow, stepOf('c', log)]));
  assert.equal(row.state, 'compensated');
  assert.match(row.error ?? '', /step b: not done within 500 ms/);
  assert.equal(trial.clock.monotonic() >= 500, true);
  assert.deepEqual(log, ['a1.1', '-b.1', '-a.1']);
});

test('a deadline counts over all tries of a step', async () => {
  const log: string[] = [];
  const failing = stepOf('a', log, { action: failingAction(99, transient, log, 'a'), deadline: millis(150) });
  const retrying = { ...failing, retry: { attempts: 50, first: millis(100), max: millis(100) } };
  const { row } = await runOne(definitionOf([retrying, stepOf('b', log)]));
  assert.equal(row.state, 'compensated');
  assert.ok(log.length <= 5, log.join());
});

test('the deadline of the first step counts from its first try, not from when the saga was written down', async () => {
  const log: string[] = [];
  const first = stepOf('a', log, { action: failingAction(1, transient, log, 'a'), deadline: millis(5000) });
  const trial = new Trial([definitionOf([first, stepOf('b', log)])]);
  await trial.clock.advance(60_000);
  trial.journal.add({
    id: 'a',
    definition: 'trial',
    createdMs: trial.clock.now() - 60_000,
    stepMs: trial.clock.now() - 60_000,
  });
  const row = await trial.run();
  assert.deepEqual([row.state, log], ['succeeded', ['a1.1', 'a1.2', 'b1.1']]);
});

test('again goes back to the step named under the next generation, not faster than retries do', async () => {
  const log: string[] = [];
  let lost = 5;
  const receipt = stepOf('c', log, {
    async action({ generation }) {
      log.push(`c${generation}`);
      return lost-- > 0 ? { kind: 'again', from: 'b', reason: 'the cloud lost it' } : { kind: 'done' };
    },
  });
  const { row, trial } = await runOne(definitionOf([stepOf('a', log), stepOf('b', log), receipt], { pivot: 'b' }));
  assert.deepEqual([row.state, row.generation], ['succeeded', 6]);
  assert.deepEqual(log.slice(0, 5), ['a1.1', 'b1.1', 'c1', 'b2.1', 'c2']);
  const tookMs = row.updatedMs - trial.journal.events[0]!.atMs;
  assert.ok(tookMs >= 500, `five times within ${tookMs} ms`);
});

test('parameters that cannot be read end the saga and run no action', async () => {
  const log: string[] = [];
  const parse = () => {
    throw permanent();
  };
  const steps = [stepOf('a', log), stepOf('b', log)].map(({ compensate: _none, ...step }) => step);
  const { row } = await runOne(definitionOf(steps, { parse }));
  assert.deepEqual([row.state, log], ['compensated', []]);
});

test('a move that the table does not have is a mistake of ours, and is not written', async () => {
  for (const from of Object.keys(SAGA_MOVES) as SagaState[]) {
    const legal: readonly SagaState[] = SAGA_MOVES[from];
    assert.equal(legal.includes(from), false, `${from} to itself`);
  }
  assert.deepEqual([SAGA_MOVES.succeeded, SAGA_MOVES.compensated, SAGA_MOVES.failed], [[], [], []]);
  const journal = new MemoryJournal();
  journal.add({ id: 'a', definition: 'trial', state: 'executing', step: 7, attempt: 1 });
  const ports = { journal, clock: new ManualClock(), random: seededRandom(1) };
  const run = new SagaRun(definitionOf([stepOf('a', [])]), journal.row('a'), ports, new AbortController().signal);
  await assert.rejects(run.toEnd(), AssertionFailure);
  assert.deepEqual(journal.events, []);
});

test('a definition without its pivot, or with a deadline behind it, is refused when the engine is made', () => {
  const ports = {
    journal: new MemoryJournal(),
    clock: new ManualClock(),
    random: seededRandom(1),
    onError: assert.fail,
  };
  const make = (pivot: string, deadline: number | null) => () =>
    new SagaEngine(
      [
        definitionOf([stepOf('a', []), stepOf('b', [], { deadline: deadline === null ? null : millis(deadline) })], {
          pivot,
        }),
      ],
      ports,
    );
  assert.throws(make('x', null), /pivot x is no step/);
  assert.throws(make('b', 5), /have no deadline/);
  assert.doesNotThrow(make('b', null));
});
