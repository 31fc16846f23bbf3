/** Upgrades that must not go live, and those that go without a comparison. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackageContents } from '../../../gateway/src/core/modules/ports.ts';
import type { ModuleUse } from '../../../gateway/src/core/modules/use.ts';
import { BODY } from '../../support/wasm-module.ts';
import { aggregate, handMade } from './life-packages.ts';
import { Life } from './life-process.ts';
import { INPUTS, LifeWorld, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 1000, watchMs: 1000 };
const TIMEOUT = { timeout: 60_000 };
const HAND = useOf('1.0.0', { module: 'hand', inputs: [{ series: '**', config: {} }] });

/** `i = 100000; do i-- while i` */
const BUSY = [0x41, 0xa0, 0x8d, 0x06, 0x21, 0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0];

/** The upgrade ends compensated with this reason, and everything is as it was, on disk and in memory. */
async function expectRefused(
  use: ModuleUse,
  from: PackageContents,
  to: PackageContents,
  reason: RegExp,
): Promise<void> {
  await using world = new LifeWorld().installed(use, from);
  const stored = world.stored();
  await using life = await Life.underWay(world);
  const view = life.view();
  const digest = world.packages.stage(to);
  const { state, error } = await life.run('upgrade', { name: use.name, digest, terms: TERMS });
  assert.equal(state, 'compensated');
  assert.match(error ?? '', reason);
  assert.deepEqual(world.stored(), stored);
  assert.deepEqual(life.view(), view);
  assert.equal(world.packages.hasStaged(digest), false, 'what was handed in has gone');
}

test('a version whose outputs differ does not go live', TIMEOUT, () =>
  expectRefused(
    useOf('1.0.0'),
    V1,
    aggregate('1.1.0', { defaults: { ewmaAlpha: 0.5 } }),
    /outputs differ: .*[1-9]\d* beside \d+ rows found/,
  ),
);

test('a version that uses more fuel than the terms allow does not go live', TIMEOUT, () =>
  expectRefused(HAND, handMade('1.0.0', BODY.quiet), handMade('1.1.0', BUSY), /fuel: at most 2 times/),
);

test('a version that traps on the first batch does not go live', TIMEOUT, () =>
  expectRefused(HAND, handMade('1.0.0', BODY.quiet), handMade('1.1.0', BODY.trap), /the canary failed: unreachable/),
);

test('a version that refuses batches does not go live', TIMEOUT, () =>
  expectRefused(HAND, handMade('1.0.0', BODY.quiet), handMade('1.1.0', BODY.refuse), /the canary failed/),
);

test('a version that refuses its configuration does not go live', TIMEOUT, () =>
  expectRefused(
    HAND,
    handMade('1.0.0', BODY.quiet),
    handMade('1.1.0', BODY.quiet, BODY.refuse),
    /refuses its configuration/,
  ),
);

test('a version of another signer’s class does not take over', TIMEOUT, () =>
  expectRefused(useOf('1.0.0'), V1, aggregate('1.1.0', { signer: 'partner' }), /class vendor expected, partner found/),
);

test('a version of another module does not take over', TIMEOUT, () =>
  expectRefused(useOf('1.0.0'), V1, handMade('1.1.0', BODY.quiet), /a package of win expected, of hand found/),
);

test('also one that is switched off does not move to another class', TIMEOUT, () =>
  expectRefused(
    useOf('1.0.0', { enabled: false }),
    V1,
    aggregate('1.1.0', { signer: 'partner' }),
    /class vendor expected, partner found/,
  ),
);

test('a module that is switched off is upgraded without a comparison', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0', { enabled: false }), V1);
  await using life = await Life.underWay(world);
  const digest = world.packages.stage(V2);
  const row = await life.run('upgrade', { name: 'w1', digest, terms: TERMS });
  assert.equal(row.state, 'succeeded', row.error ?? '');
  const report = life.host.reports().find(({ name }) => name === 'w1');
  assert.deepEqual([report?.state, report?.version, report?.previous], ['disabled', '1.1.0', '1.0.0']);
});

test(
  'a module of the configuration file is upgraded, stays so at the next start, and can go back to what came with the program',
  TIMEOUT,
  async () => {
    await using world = new LifeWorld();
    {
      await using life = await Life.underWay(world);
      const digest = world.packages.stage(aggregate('1.1.0', { id: 'window-aggregate' }));
      const row = await life.run('upgrade', { name: 'fixed', digest, terms: TERMS });
      assert.equal(row.state, 'succeeded', row.error ?? '');
    }
    await using life = await Life.underWay(world);
    assert.equal(life.host.useOf('fixed')?.version, '1.1.0');
    assert.deepEqual(life.host.useOf('fixed')?.inputs, INPUTS);
    assert.equal((await life.run('rollback', { name: 'fixed' }, 's2')).state, 'succeeded');
    assert.equal(life.host.useOf('fixed')?.version, '1.0.0');
  },
);
