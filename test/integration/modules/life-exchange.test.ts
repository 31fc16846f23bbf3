/** Upgrades under a stream of readings: not a row is lost or doubled, also when the new version goes back or the worker is replaced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocatePoints, type PointColumns } from '../../../gateway/src/core/model/points.ts';
import { aggregate } from './life-packages.ts';
import { Life } from './life-process.ts';
import { LifeWorld, useOf } from './life-world.ts';

const V1 = aggregate('1.0.0');
const V2 = aggregate('1.1.0');
const TERMS = { compareMs: 1000, watchMs: 1000 };
const TIMEOUT = { timeout: 60_000 };

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
    await using life = await Life.underWay(world, (row) => rows.push(row));
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
  await using life = await Life.underWay(world, (row) => rows.push(row));
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
    await using life = await Life.underWay(world);
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
  await using life = await Life.underWay(world);
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
  await using life = await Life.underWay(world);
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

test('the host knows of no canary that its worker has lost', TIMEOUT, async () => {
  await using world = new LifeWorld().installed(useOf('1.0.0'), V1, V2);
  await using life = await Life.underWay(world);
  await life.host.startCanary(useOf('1.1.0'));
  assert.equal(life.host.canaryVersion('w1'), '1.1.0');
  life.threads.get('vendor')!.endWorker();
  life.threads.get('vendor')!.startWorker();
  assert.equal(await life.host.canaryReport('w1'), null);
  assert.equal(life.host.canaryVersion('w1'), undefined);
});
