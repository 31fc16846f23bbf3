/** What happens to functions when their package changes, and what is refused: sagas in a world with real packages and threads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackageContents } from '../../../gateway/src/core/modules/ports.ts';
import { eventually } from '../../support/eventually.ts';
import { BODY } from '../../support/wasm-module.ts';
import { aggregate, answering } from './life-packages.ts';
import type { Life } from './life-process.ts';
import { LifeWorld, type OfUse, type SagaVerb } from './life-world.ts';

const V1 = answering('1.0.0', -1);
const V2 = answering('1.1.0', -2);
const V3 = answering('1.2.0', -3);
const TIMEOUT = { timeout: 60_000 };
const USED = { f: { module: 'fun', lines: 'prewarm = 1' } };

/** Functions of module `fun`, of which this version is installed. */
const worldWith = (functions: Parameters<LifeWorld['withFunctions']>[0], first = V1) =>
  new LifeWorld(undefined, [])
    .withFunctions(functions)
    .withPackage({ module: 'fun', version: JSON.parse(first.manifestText).version, previous: null }, first);

async function beginLife(world: LifeWorld): Promise<Life> {
  const life = await world.life();
  await life.startEngine();
  return life;
}

/** What each function answers; undefined: it does not run. */
async function answersOf(life: Life) {
  const { functions } = await life.wholeView();
  return Object.fromEntries(functions.map(({ name, answer }) => [name, answer]));
}

/** Runs a saga that has to succeed. */
async function done(life: Life, verb: SagaVerb, parameters: OfUse, id: string): Promise<void> {
  const { state, error } = await life.run(verb, parameters, id);
  assert.equal(state, 'succeeded', error ?? '');
}

/** The saga ends compensated with this reason, and nothing has changed, on disk and in what runs. */
async function expectRefused(world: LifeWorld, verb: SagaVerb, parameters: OfUse, reason: RegExp): Promise<void> {
  const stored = world.stored();
  await using life = await beginLife(world);
  const view = await life.wholeView();
  const { state, error } = await life.run(verb, parameters);
  assert.equal(state, 'compensated', error ?? '');
  assert.match(error ?? '', reason);
  assert.deepEqual(world.stored(), stored);
  assert.deepEqual(await life.wholeView(), view);
}

const adding = (world: LifeWorld, contents: PackageContents, name = 'fun') => ({
  name,
  digest: world.packages.stage(contents),
});

test(
  'newer, newest, back, forward again, removed: what runs, what is kept, and what the next start runs',
  TIMEOUT,
  async () => {
    await using world = new LifeWorld(undefined, []).withFunctions({ ...USED, also: { module: 'fun' } });
    const kept = () => {
      const { functionPackages, packages } = world.stored();
      return [functionPackages.map(({ version, previous }) => [version, previous]), packages.map((one) => one.version)];
    };
    {
      await using life = await beginLife(world);
      assert.deepEqual(await answersOf(life), { f: undefined, also: undefined });
      await done(life, 'add', adding(world, V1), 's1');
      assert.deepEqual(await answersOf(life), { f: -1, also: -1 }, 'what the configuration names begins at once');
      await done(life, 'add', adding(world, V2), 's2');
      await done(life, 'add', adding(world, V3), 's3');
      assert.deepEqual(await answersOf(life), { f: -3, also: -3 });
      assert.deepEqual(kept(), [[['1.2.0', '1.1.0']], ['1.1.0', '1.2.0']]);
      await done(life, 'rollbackPackage', { name: 'fun' }, 's4');
      assert.deepEqual(await answersOf(life), { f: -2, also: -2 });
    }
    {
      await using life = await beginLife(world);
      assert.deepEqual(await answersOf(life), { f: -2, also: -2 }, 'a start does not go forward again');
      await done(life, 'rollbackPackage', { name: 'fun' }, 's5');
      assert.deepEqual(await answersOf(life), { f: -3, also: -3 });
      assert.deepEqual(kept(), [[['1.2.0', '1.1.0']], ['1.1.0', '1.2.0']]);
    }
    world.withFunctions({});
    await using life = await beginLife(world);
    await done(life, 'removePackage', { name: 'fun' }, 's6');
    assert.deepEqual(kept(), [[], []]);
    assert.deepEqual(world.stored().floors, [{ module: 'fun', version: '1.2.0' }], 'the floor stays');
  },
);

const UNFIT = [
  [
    'refuses its configuration',
    answering('1.1.0', -2, { onInit: BODY.refuse }),
    /function f: fun 1\.1\.0 does not start: .*refuses its configuration/,
  ],
  ['traps at its start', answering('1.1.0', -2, { onInit: BODY.trap }), /fun 1\.1\.0 does not start: .*unreachable/],
  [
    'does not come to the end of its start',
    answering('1.1.0', -2, { onInit: BODY.loopForEver }),
    /fun 1\.1\.0 does not start: .*(fuel|deadline)/,
  ],
] as const;

for (const [what, contents, reason] of UNFIT) {
  test(`a version that ${what} is not taken, and the old one goes on`, TIMEOUT, async () => {
    await using world = worldWith({ ...USED, also: { module: 'fun' } });
    await expectRefused(world, 'add', adding(world, contents), reason);
  });
}

test('when one function of several cannot run the new version, none does', TIMEOUT, async () => {
  const first = answering('1.0.0', -1, { settings: ['gain', 'bias'] });
  await using world = worldWith(
    { a: { module: 'fun' }, b: { module: 'fun', lines: 'config = { bias = 2 }' }, c: { module: 'fun' } },
    first,
  );
  const second = answering('1.1.0', -2, { settings: ['gain'] });
  const reason = /function b: fun 1\.1\.0 does not start: .*bias: a setting of fun expected/;
  await expectRefused(world, 'add', adding(world, second), reason);
});

test('what was started in vain is taken back, so that threads can end', TIMEOUT, async () => {
  const first = answering('1.0.0', -1, { settings: ['bias'] });
  const lines = 'idle = "1s"';
  await using world = worldWith(
    { a: { module: 'fun', lines }, b: { module: 'fun', lines: `${lines}\nconfig = { bias = 2 }` } },
    first,
  );
  await using life = await beginLife(world);
  assert.equal((await life.run('add', adding(world, V2))).state, 'compensated');
  assert.equal(life.functions.threads.started, 1);
  await eventually('the thread to end', () => life.functions.threads.running === 0);
});

test(
  'a function that was refused is given a try, and does not keep the others from the new version',
  TIMEOUT,
  async () => {
    const lines = (name: string) => `config = { ${name} = 1 }`;
    await using world = worldWith({
      good: { module: 'fun' },
      mended: { module: 'fun', lines: lines('gain') },
      wrong: { module: 'fun', lines: lines('gian') },
    });
    await using life = await beginLife(world);
    assert.deepEqual(await answersOf(life), { good: -1, mended: undefined, wrong: undefined });
    await done(life, 'add', adding(world, answering('1.1.0', -2, { settings: ['gain'] })), 's1');
    assert.deepEqual(await answersOf(life), { good: -2, mended: -2, wrong: undefined });
    const [wrong] = (await life.functions.statuses()).filter(({ name }) => name === 'wrong');
    assert.match(wrong?.error ?? '', /gian: a setting of fun expected, an unknown one found; did you mean gain\?/);
  },
);

test('another class of trust is refused, also in place of what came with the program', TIMEOUT, async () => {
  await using world = worldWith(USED);
  const partner = answering('1.1.0', -2, { signer: 'partner' });
  await expectRefused(world, 'add', adding(world, partner), /of class vendor expected, partner found/);
  await using other = new LifeWorld(undefined, []).withFunctions({ e: { module: 'echo-function' } });
  const ofPartner = answering('7.0.0', -7, { id: 'echo-function', signer: 'partner' });
  const reason = /module echo-function: a package of class vendor expected, partner found/;
  await expectRefused(other, 'add', adding(other, ofPartner, 'echo-function'), reason);
});

test('a package goes before what came with the program, which is the version to go back to', TIMEOUT, async () => {
  await using world = new LifeWorld(undefined, []).withFunctions({ e: { module: 'echo-function' } });
  await using life = await beginLife(world);
  const versionOf = async () => (await life.functions.statuses())[0]?.version;
  const own = await versionOf();
  await done(life, 'add', adding(world, answering('7.0.0', -7, { id: 'echo-function' }), 'echo-function'), 's1');
  assert.deepEqual(await answersOf(life), { e: -7 });
  await done(life, 'rollbackPackage', { name: 'echo-function' }, 's2');
  assert.equal(await versionOf(), own);
  assert.deepEqual(
    world.stored().packages.map(({ version }) => version),
    ['7.0.0'],
    'kept, to go forward again',
  );
});

test(
  'an older version, another module and a stream module do not come in as a package of a function',
  TIMEOUT,
  async () => {
    await using world = worldWith(USED, V2);
    await expectRefused(world, 'add', adding(world, V1), /version 1\.1\.0 or later expected, 1\.0\.0 found/);
    await using two = worldWith(USED);
    await expectRefused(two, 'add', adding(two, V2, 'fan'), /function fan expected, function module fun found/);
    await using three = worldWith(USED);
    const stream = aggregate('2.0.0', { id: 'fun' });
    await expectRefused(three, 'add', adding(three, stream), /function fun expected, stream module fun found/);
  },
);

test('there is no way back from the first version', TIMEOUT, async () => {
  await using world = worldWith(USED);
  await expectRefused(world, 'rollbackPackage', { name: 'fun' }, /module fun: there is no version to go back to/);
});

test('what a function of the configuration is of is not removed, even when it is switched off', TIMEOUT, async () => {
  await using world = worldWith({ ...USED, off: { module: 'fun', lines: 'enabled = false' } });
  const reason = /module fun: no function of it expected, f, off found\. Take what uses it out of \[\[function\]\]/;
  await expectRefused(world, 'removePackage', { name: 'fun' }, reason);
});

test('a package that nobody knows is neither removed nor rolled back', TIMEOUT, async () => {
  await using world = new LifeWorld(undefined, []);
  for (const verb of ['removePackage', 'rollbackPackage'] as const) {
    await using fresh = new LifeWorld(world);
    await expectRefused(fresh, verb, { name: 'echo-function' }, /no package of functions is installed under this name/);
  }
});
