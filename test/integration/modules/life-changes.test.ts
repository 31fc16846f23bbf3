/** What the sagas of modules refuse, and how they stand beside each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregate } from './life-packages.ts';
import { Life } from './life-process.ts';
import { INPUTS, LifeWorld, type OfUse, type SagaVerb, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 500, watchMs: 500 };
const TIMEOUT = { timeout: 60_000 };

/** The saga ends compensated with this reason, and nothing has changed, on disk and in memory. */
async function expectRefused(world: LifeWorld, verb: SagaVerb, parameters: OfUse, reason: RegExp): Promise<void> {
  const stored = world.stored();
  await using life = await Life.underWay(world);
  const view = life.view();
  const { state, error } = await life.run(verb, parameters);
  assert.equal(state, 'compensated', error ?? '');
  assert.match(error ?? '', reason);
  assert.deepEqual(world.stored(), stored);
  assert.deepEqual(life.view(), view);
}

test('what each saga leaves: uses, floor, packages, also at the next start', TIMEOUT, async () => {
  await using world = new LifeWorld();
  const win = () => {
    const { uses, floors, packages } = world.stored();
    return { uses, floors, packages: packages.map(({ id, version }) => `${id} ${version}`) };
  };
  const floorAt = (version: string) => [{ module: 'win', version }];
  {
    await using life = await Life.underWay(world);
    const digest = world.packages.stage(V1);
    assert.equal((await life.run('install', { name: 'w1', digest, inputs: INPUTS }, 's1')).state, 'succeeded');
    assert.deepEqual(win(), { uses: [useOf('1.0.0')], floors: floorAt('1.0.0'), packages: ['win 1.0.0'] });
    for (const [id, version] of [
      ['s2', '1.1.0'],
      ['s3', '1.2.0'],
    ] as const) {
      const next = world.packages.stage(aggregate(version));
      assert.equal((await life.run('upgrade', { name: 'w1', digest: next, terms: TERMS }, id)).state, 'succeeded');
    }
    const uses = [useOf('1.2.0', { previous: '1.1.0' })];
    assert.deepEqual(win(), { uses, floors: floorAt('1.2.0'), packages: ['win 1.1.0', 'win 1.2.0'] });
  }
  await using life = await Life.underWay(world);
  assert.deepEqual(life.view().hosted, ['fixed 1.0.0', 'w1 1.2.0']);
  assert.equal((await life.run('remove', { name: 'w1' }, 's4')).state, 'succeeded');
  assert.deepEqual(win(), { uses: [], floors: floorAt('1.2.0'), packages: [] });
  assert.deepEqual(life.view().hosted, ['fixed 1.0.0']);
});

test('a downgrade is refused, and going back to the version before is not', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.1.0', { previous: '1.0.0' }), V1, V2);
  await using life = await Life.underWay(world);
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
  [
    'a setting that there is not',
    { windwMs: 500 },
    /windwMs: a setting of win expected, an unknown one found; did you mean windowMs\?/,
  ],
  ['a value out of range', { windowMs: 0 }, /windowMs: 1\.\.86400000 ms expected, 0 found/],
  ['what the module itself refuses', { windowMs: 500, slideMs: 300 }, /refuses its configuration/],
] as const;

for (const [what, config, reason] of WRONG) {
  test(`a configuration with ${what} is refused, and what ran goes on with what it knew`, TIMEOUT, async () => {
    const rows: string[] = [];
    const undisturbed: string[] = [];
    await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
    await using twin = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
    await using life = await Life.underWay(world, (row) => rows.push(row));
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
  await using life = await Life.underWay(world);
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

test('a name that is taken is not installed under', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1);
  const digest = world.packages.stage(aggregate('1.0.0', { id: 'other' }));
  await expectRefused(world, 'install', { name: 'w1', digest, inputs: INPUTS }, /win 1\.0\.0 runs under this name/);
  assert.equal(world.packages.hasStaged(digest), false);
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
