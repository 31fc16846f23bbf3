/** What the sagas of modules refuse, and how they stand beside each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTimeline } from '../../../gateway/src/adapters/sqlite/saga-store.ts';
import { aggregate } from './life-packages.ts';
import type { Life } from './life-process.ts';
import { INPUTS, LifeWorld, type OfUse, type SagaVerb, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 500, watchMs: 500 };
const TIMEOUT = { timeout: 60_000 };

async function begin(world: LifeWorld, onRow: (row: string) => void = () => undefined): Promise<Life> {
  const life = await world.life(onRow);
  await life.startEngine();
  for (let batch = 0; batch < 10; batch++) life.feed();
  return life;
}

/** The saga ends compensated with this reason, and nothing has changed, on disk and in memory. */
async function expectRefused(world: LifeWorld, verb: SagaVerb, parameters: OfUse, reason: RegExp): Promise<void> {
  const stored = world.stored();
  await using life = await begin(world);
  const view = life.view();
  const { state, error } = await life.run(verb, parameters);
  assert.equal(state, 'compensated', error ?? '');
  assert.match(error ?? '', reason);
  assert.deepEqual(world.stored(), stored);
  assert.deepEqual(life.view(), view);
}

test('a downgrade is refused, and going back to the version before is not', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.1.0', { previous: '1.0.0' }), V1, V2);
  await using life = await begin(world);
  const digest = world.packages.stage(V1);
  const down = await life.run('upgrade', { name: 'w1', digest, terms: TERMS });
  assert.equal(down.state, 'compensated');
  assert.match(down.error ?? '', /version 1\.1\.0 or later expected, 1\.0\.0 found/);
  const back = await life.run('rollback', { name: 'w1' }, 's2');
  assert.equal(back.state, 'succeeded', back.error ?? '');
  assert.equal(life.host.useOf('w1')?.version, '1.0.0');
  assert.deepEqual(world.stored().floors, [{ module: 'win', version: '1.1.0' }], 'the floor stays');
});

test('going back is refused when there is no version before', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  await expectRefused(world, 'rollback', { name: 'w1' }, /there is no version to go back to/);
});

const WRONG = [
  ['a setting that there is not', { windwMs: 500 }, /unknown setting windwMs of win; did you mean windowMs\?/],
  ['a value out of range', { windowMs: 0 }, /windowMs: 1\.\.86400000 ms expected, 0 found/],
  ['what the module itself refuses', { windowMs: 500, slideMs: 300 }, /refuses its configuration/],
] as const;

for (const [what, config, reason] of WRONG) {
  test(`a configuration with ${what} is refused, and what ran goes on with what it knew`, TIMEOUT, async () => {
    const rows: string[] = [];
    const undisturbed: string[] = [];
    await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
    await using twin = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
    await using life = await begin(world, (row) => rows.push(row));
    await using plain = await twin.life((row) => undisturbed.push(row));
    const { state, error } = await life.run('configure', { name: 'w1', inputs: [{ ...INPUTS[0], config }] });
    assert.equal(state, 'compensated');
    assert.match(error ?? '', reason);
    for (let batch = 0; batch < 40; batch++) life.feed();
    for (const points of life.fed) plain.feed(points);
    assert.ok(rows.length > 100);
    assert.deepEqual(rows, undisturbed);
  });
}

test('a module that is switched off and on again is stored and runs as it says', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  await using life = await begin(world);
  for (const [id, enabled] of [
    ['s1', false],
    ['s2', true],
  ] as const) {
    const row = await life.run('configure', { name: 'w1', enabled, watchMs: 200 }, id);
    assert.equal(row.state, 'succeeded', row.error ?? '');
    assert.equal(world.stored().uses[0]?.enabled, enabled);
    assert.equal(life.view().modules.find(({ name }) => name === 'w1')?.state, enabled ? 'running' : 'disabled');
  }
});

test('a configuration that was applied before a restart is applied again before it is watched', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const inputs = [{ series: 'device1/*', config: { windowMs: 1000 } }];
  world.ask('configure', { name: 'w1', inputs, watchMs: 500 });
  const context = contextOf({ name: 'w1', inputs, watchMs: 500 }, {});
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

test('a name that is taken is not installed under', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const digest = world.packages.stage(aggregate('1.0.0', { id: 'other' }));
  await expectRefused(world, 'install', { name: 'w1', digest, inputs: INPUTS }, /win 1\.0\.0 runs under this name/);
  assert.equal(world.packages.hasStaged(digest), false);
});

/** What the engine hands to a step, for steps that are called one by one. */
function contextOf(parameters: OfUse, results: Record<string, unknown>) {
  const signal = new AbortController().signal;
  return { parameters, results, generation: 1, attempt: 1, idempotencyKey: 's1', signal };
}

async function act(life: Life, saga: string, context: ReturnType<typeof contextOf>, ...names: string[]): Promise<void> {
  for (const name of names) {
    const outcome = await life
      .definition(saga)
      .steps.find((step) => step.name === name)!
      .action(context);
    if (outcome.kind === 'done' && outcome.result !== undefined) context.results[name] = outcome.result;
  }
}

test('what runs already may be installed again, and taking that back leaves it running', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const stored = world.stored();
  await using life = await begin(world);
  const view = life.view();
  const context = contextOf({ name: 'w1', digest: world.packages.stage(V1), inputs: INPUTS, enabled: true }, {});
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
  const context = contextOf(parameters, {});
  await act(life, 'upgrade-module', context, 'plan', 'keep');
  // As after a restart: the package lies there, and no use speaks of it yet.
  world.sagas.record({
    id: 's1',
    set: { state: 'executing', step: 2, attempt: 1, results: context.results, stepMs: Date.now() },
    events: [],
    atMs: 0,
  });
  const other = contextOf({ name: 'w2' }, {});
  await act(life, 'remove-module', other, 'plan', 'stop', 'record', 'settle');
  assert.ok(world.packages.has('win', '1.1.0'));
  await life.startEngine();
  const row = await life.ended();
  assert.equal(row.state, 'succeeded', row.error ?? '');
});

test('another package of a version that is in use is refused', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const digest = world.packages.stage(aggregate('1.0.0', { defaults: { ewmaAlpha: 0.5 } }));
  const reason = /another package of version 1\.0\.0 is installed and in use/;
  await expectRefused(world, 'install', { name: 'w2', digest, inputs: INPUTS }, reason);
});

test('a package that made room for others is said to be gone', TIMEOUT, async () => {
  await using world = new LifeWorld();
  const digest = world.packages.stage(V1);
  for (let patch = 1; patch <= 8; patch++) world.packages.stage(aggregate(`2.0.${patch}`));
  await expectRefused(world, 'install', { name: 'w1', digest, inputs: INPUTS }, /package \w+: it is not here any more/);
});

for (const [verb, parameters] of [
  ['remove', {}],
  ['configure', { enabled: false }],
] as const) {
  test(`${verb} of a module of the configuration file is refused`, TIMEOUT, async () => {
    await using world = new LifeWorld();
    await expectRefused(world, verb, { name: 'fixed', ...parameters }, /it stands in the configuration file/);
  });
}

test('nothing runs under a name that nobody knows', TIMEOUT, async () => {
  await using world = new LifeWorld();
  await expectRefused(world, 'remove', { name: 'nobody' }, /nothing runs under this name/);
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
