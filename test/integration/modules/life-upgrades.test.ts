/** Upgrades that must not go live, that go back by themselves, and that lose their worker on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocatePoints, type PointColumns } from '../../../gateway/src/core/model/points.ts';
import type { PackageContents } from '../../../gateway/src/core/modules/ports.ts';
import type { ModuleUse } from '../../../gateway/src/core/modules/use.ts';
import { BODY } from '../../support/wasm-module.ts';
import { aggregate, handMade } from './life-packages.ts';
import type { Life } from './life-process.ts';
import { INPUTS, LifeWorld, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 1000, watchMs: 1000 };
const TIMEOUT = { timeout: 60_000 };
const HAND = useOf('1.0.0', { module: 'hand', inputs: [{ series: '**', config: {} }] });

/** `i = 100000; do i-- while i` */
const BUSY = [0x41, 0xa0, 0x8d, 0x06, 0x21, 0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0];

async function begin(world: LifeWorld, onRow: (row: string) => void = () => undefined): Promise<Life> {
  const life = await world.life(onRow);
  await life.startEngine();
  for (let batch = 0; batch < 10; batch++) life.feed();
  return life;
}

/** The upgrade ends compensated with this reason, and everything is as it was, on disk and in memory. */
async function expectRefused(
  use: ModuleUse,
  from: PackageContents,
  to: PackageContents,
  reason: RegExp,
): Promise<void> {
  await using world = new LifeWorld().installed(use, from);
  const stored = world.stored();
  await using life = await begin(world);
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
    /outputs differ: .*[1-9]\d* of \d+ found/,
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

/** As many readings at one moment: more than the fuel of one call is enough for, and no window closes. */
function crowd(after: PointColumns, rows: number): PointColumns {
  const points = allocatePoints(rows);
  points.length = rows;
  points.timeMs.fill(Math.max(...after.timeMs.subarray(0, after.length)));
  for (let row = 0; row < rows; row++) points.value[row] = row % 7;
  return points;
}

/** What the module says when it is never upgraded and gets the same batches. */
async function undisturbed(fed: readonly PointColumns[]): Promise<string[]> {
  const rows: string[] = [];
  await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
  await using life = await world.life((row) => rows.push(row));
  for (const points of fed) life.feed(points);
  return rows;
}

test(
  'a version that traps once it is live goes back by itself, with every reading in its windows',
  TIMEOUT,
  async () => {
    const rows: string[] = [];
    await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
    await using life = await begin(world, (row) => rows.push(row));
    const view = life.view();
    life.onLook = (step) => {
      if (step !== 'watch' || !life.feedsAtLooks) return;
      assert.equal(life.host.useOf('w1')?.version, '1.1.0', 'the new version is live');
      life.feed(crowd(life.fed.at(-1)!, 4000));
      life.feedsAtLooks = false;
    };
    const digest = world.packages.stage(aggregate('1.1.0', { limits: { fuelPerCall: 100_000 } }));
    const { state, error } = await life.run('upgrade', { name: 'w1', digest, terms: TERMS });
    assert.equal(state, 'compensated');
    assert.match(error ?? '', /1\.1\.0 goes back: it is backing off: /);
    assert.deepEqual(life.view(), view);
    for (let batch = 0; batch < 40; batch++) life.feed();
    assert.ok(
      rows.some((row) => Number(row.split(' ')[3]) > 1000),
      'the crowd is counted',
    );
    assert.deepEqual(rows, await undisturbed(life.fed));
  },
);

test('an upgrade that goes well neither loses nor doubles a row', TIMEOUT, async () => {
  const rows: string[] = [];
  await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
  await using life = await begin(world, (row) => rows.push(row));
  const digest = world.packages.stage(V2);
  assert.equal((await life.run('upgrade', { name: 'w1', digest, terms: TERMS })).state, 'succeeded');
  for (let batch = 0; batch < 40; batch++) life.feed();
  assert.ok(rows.length > 100);
  assert.deepEqual(rows, await undisturbed(life.fed));
});

for (const isAwayForAWhile of [false, true]) {
  const how = isAwayForAWhile ? 'is away for a while' : 'is replaced';
  test(`a worker that ${how} in the middle of comparing gets the canary again`, TIMEOUT, async () => {
    await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
    await using life = await begin(world);
    const worker = life.threads.get('vendor')!;
    let looks = 0;
    life.onLook = (step) => {
      if (step !== 'compare' || ++looks !== 3) return;
      worker.endWorker();
      if (isAwayForAWhile) setTimeout(() => worker.startWorker(), 300);
      else worker.startWorker();
    };
    const digest = world.packages.stage(V2);
    const row = await life.run('upgrade', { name: 'w1', digest, terms: TERMS });
    assert.equal(row.state, 'succeeded', row.error ?? '');
    assert.equal(row.generation, 2, 'it began again once');
    assert.ok(looks >= 3 + 10, 'it was compared for the whole time once more');
    assert.equal(life.host.useOf('w1')?.version, '1.1.0');
    assert.equal(life.host.canaryVersion('w1'), undefined);
  });
}

test('a worker that had to be ended for the new version goes back to the old one', TIMEOUT, async () => {
  await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
  await using life = await begin(world);
  const view = life.view();
  const worker = life.threads.get('vendor')!;
  let isEnded = false;
  life.onLook = (step) => {
    if (step !== 'watch' || isEnded) return;
    isEnded = true;
    worker.endWorker('w1');
    worker.startWorker('w1');
  };
  const digest = world.packages.stage(V2);
  const { state, error } = await life.run('upgrade', { name: 'w1', digest, terms: TERMS });
  assert.equal(state, 'compensated', error ?? '');
  assert.match(error ?? '', /goes back: it is backing off: a call outlasted its deadline/);
  assert.deepEqual(life.view(), view);
});

test('a worker that is replaced just before the switch gets the canary again', TIMEOUT, async () => {
  await using world = new LifeWorld(undefined, []).installed(useOf('1.0.0'), V1);
  await using life = await begin(world);
  const worker = life.threads.get('vendor')!;
  const digest = world.packages.stage(V2);
  const { record } = world.journal;
  let isReplaced = false;
  world.journal.record = async (change) => {
    await record(change);
    const isAtSwitch = life.definition('upgrade-module').steps[change.set.step ?? 0]!.name === 'switch';
    if (!isAtSwitch || isReplaced) return;
    isReplaced = true;
    worker.endWorker();
    worker.startWorker();
  };
  const row = await life.run('upgrade', { name: 'w1', digest, terms: TERMS });
  assert.equal(row.state, 'succeeded', row.error ?? '');
  assert.equal(row.generation, 2);
});

test('a module that is switched off is upgraded without a comparison', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0', { enabled: false }), V1);
  await using life = await begin(world);
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
      await using life = await begin(world);
      const digest = world.packages.stage(aggregate('1.1.0', { id: 'window-aggregate' }));
      const row = await life.run('upgrade', { name: 'fixed', digest, terms: TERMS });
      assert.equal(row.state, 'succeeded', row.error ?? '');
    }
    await using life = await begin(world);
    assert.equal(life.host.useOf('fixed')?.version, '1.1.0');
    assert.deepEqual(life.host.useOf('fixed')?.inputs, INPUTS);
    assert.equal((await life.run('rollback', { name: 'fixed' }, 's2')).state, 'succeeded');
    assert.equal(life.host.useOf('fixed')?.version, '1.0.0');
  },
);
