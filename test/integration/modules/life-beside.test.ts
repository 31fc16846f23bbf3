/** Sagas of modules beside each other, after a restart, and once more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTimeline } from '../../../gateway/src/adapters/sqlite/saga-store.ts';
import { aggregate } from './life-packages.ts';
import { Life } from './life-process.ts';
import { act, contextOf } from './life-steps.ts';
import { INPUTS, LifeWorld, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 500, watchMs: 500 };
const TIMEOUT = { timeout: 60_000 };

test('a configuration that was applied before a restart is applied again before it is watched', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const inputs = [{ series: 'device1/*', config: { windowMs: 1000 } }];
  world.ask('configure', { name: 'w1', inputs, watchMs: 500 });
  const context = contextOf({ name: 'w1', inputs, watchMs: 500 });
  {
    await using life = await world.life();
    await act(life, 'configure-module', context, 'plan', 'apply');
  }
  const set = { state: 'executing', step: 2, attempt: 1, results: context.results, stepMs: Date.now() } as const;
  world.sagas.record({ id: 's1', set, events: [], atMs: 0 });
  await using life = await world.life();
  const seen = new Set<string>();
  life.onLook = () => seen.add(JSON.stringify(life.host.useOf('w1')?.inputs));
  await life.startEngine();
  assert.equal((await life.ended()).state, 'succeeded', world.saga().error ?? '');
  assert.deepEqual([...seen], [JSON.stringify(inputs)]);
});

test('what runs already may be installed again, and taking that back leaves it running', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const stored = world.stored();
  await using life = await Life.underWay(world);
  const view = life.view();
  const context = contextOf({ name: 'w1', digest: world.packages.stage(V1), inputs: INPUTS, enabled: true });
  await act(life, 'install-module', context, 'plan', 'keep', 'start');
  const { steps } = life.definition('install-module');
  for (const name of ['start', 'keep', 'plan']) await steps.find((step) => step.name === name)!.compensate!(context);
  assert.deepEqual(life.view(), view);
  assert.deepEqual(world.stored(), stored);
});

test('a version that is being installed is not cleared away by the saga of another use', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1).installed(useOf('1.0.0', { name: 'w2' }));
  await using life = await world.life();
  const parameters = { name: 'w1', digest: world.packages.stage(V2), terms: TERMS };
  world.ask('upgrade', parameters);
  const context = contextOf(parameters);
  await act(life, 'upgrade-module', context, 'plan', 'keep');
  // As after a restart: the package lies there, and no use speaks of it yet.
  world.sagas.record({
    id: 's1',
    set: { state: 'executing', step: 2, attempt: 1, results: context.results, stepMs: Date.now() },
    events: [],
    atMs: 0,
  });
  const other = contextOf({ name: 'w2' });
  await act(life, 'remove-module', other, 'plan', 'stop', 'record', 'settle');
  assert.ok(world.packages.has('win', '1.1.0'));
  await life.startEngine();
  const row = await life.ended();
  assert.equal(row.state, 'succeeded', row.error ?? '');
});

test('two sagas of one module run one after the other, of two modules at once', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1).installed(useOf('1.0.0', { name: 'w2' }));
  world.ask('upgrade', { name: 'w1', digest: world.packages.stage(V2), terms: TERMS }, 's1');
  world.ask('rollback', { name: 'w1' }, 's2');
  world.ask('configure', { name: 'w2', inputs: [{ series: '**', config: {} }], watchMs: 500 }, 's3');
  await using life = await world.life();
  await life.startEngine();
  for (const id of ['s1', 's2', 's3'])
    assert.equal((await life.ended(id)).state, 'succeeded', world.saga(id).error ?? '');
  const spans = ['s1', 's2', 's3'].map((id) => {
    const events = readTimeline(world.database, id);
    return { from: events[0]!.atMs, to: events.at(-1)!.atMs };
  });
  assert.ok(spans[1]!.from >= spans[0]!.to, 'the second begins when the first has ended');
  assert.ok(spans[2]!.from < spans[0]!.to, 'the third did not wait for the first');
  assert.deepEqual([life.host.useOf('w1')?.version, life.host.useOf('w1')?.previous], ['1.0.0', '1.1.0']);
});

test('modules that are installed at once each get a place of their own', TIMEOUT, async () => {
  await using world = new LifeWorld();
  const names = ['w1', 'w2', 'w3', 'w4'];
  for (const name of names)
    world.ask(
      'install',
      { name, digest: world.packages.stage(aggregate('1.0.0', { id: name })), inputs: INPUTS },
      name,
    );
  await using life = await world.life();
  await life.startEngine();
  for (const name of names) assert.equal((await life.ended(name)).state, 'succeeded', world.saga(name).error ?? '');
  const slots = [...life.threads.values()].flatMap(({ specs }) => specs.map(({ slot }) => slot));
  assert.deepEqual(slots.sort(), [0, 1, 2, 3, 4]);
});
