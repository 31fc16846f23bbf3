import assert from 'node:assert/strict';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import type { Contribution } from '../../../gateway/src/core/store/contribution.ts';
import { noSmallDisk, smallDisk } from '../../support/small-disk.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource, valuesOf } from './contributions.ts';
import { OpenState } from './open-state.ts';

/** Leaves `free` octets. */
function fill(disk: string, free: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - free)));
}

function isExhausted(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'exhausted' && error.hint !== undefined;
}

const skip = noSmallDisk();

test('on a really full disk each commit is stored or refused whole, and all is well once there is room', {
  skip,
}, () => {
  using disk = smallDisk(4);
  assert.ok(disk);
  const state = join(disk.path, 'state');
  const source = new ContributionSource(41);
  const committed: Contribution[] = [];
  let refused = 0;
  {
    using open = new OpenState(state, { limits: { segmentPoints: 2000 } });
    fill(disk.path, 200_000);
    let waiting: Contribution[] = [];
    for (let i = 0; i < 300 && refused < 20; i++) {
      if (waiting.length === 0) waiting = [noisy(source)];
      try {
        open.store.commit(waiting);
        committed.push(...waiting);
        waiting = [];
      } catch (error) {
        assert.ok(isExhausted(error), String(error));
        refused++;
      }
      open.ledger();
    }
    assert.ok(refused >= 20 && committed.length > 3, `${committed.length} stored, ${refused} refused`);
    assert.deepEqual(open.values(), valuesOf(committed));

    using crashed = temporaryFolder(state);
    using again = new OpenState(crashed.path, { limits: { segmentPoints: 2000 } });
    assert.deepEqual([again.damage, again.values()], [[], valuesOf(committed)]);

    rmSync(join(disk.path, 'filler'));
    open.store.commit(waiting);
    committed.push(...waiting);
    open.sealAll();
    assert.deepEqual(open.values(), valuesOf(committed));
    open.ledger();
  }
  using reopened = new OpenState(state, { limits: { segmentPoints: 2000 } });
  assert.deepEqual(reopened.values(), valuesOf(committed));
});

test('on a really full disk a seal and a checkpoint are refused as such, and come right later', { skip }, () => {
  using disk = smallDisk(4);
  assert.ok(disk);
  const source = new ContributionSource(42);
  using open = new OpenState(join(disk.path, 'state'), { limits: { segmentPoints: 100_000 } });
  const committed = Array.from({ length: 30 }, () => noisy(source));
  for (const contribution of committed) open.store.commit([contribution]);
  fill(disk.path, 8192);
  assert.throws(() => open.sealAll(), isExhausted);
  const many = Array.from({ length: 400 }, () => ({
    ...source.make('live', 0),
    newSeries: source.make('aggregate', 40).newSeries,
  }));
  assert.throws(() => {
    for (let i = 0; i < 200; i++) open.store.checkpoint();
    open.store.commit(many);
    for (let i = 0; i < 200; i++) open.store.checkpoint();
  }, isExhausted);
  open.ledger();
  rmSync(join(disk.path, 'filler'));
  open.sealAll();
  open.store.checkpoint();
  assert.deepEqual(open.values(), valuesOf(committed));
});

/** Values that do not compress, so that a small disk fills soon. */
function noisy(source: ContributionSource): Contribution {
  const made = source.make('live', 400);
  for (let i = 0; i < made.points.length; i++)
    made.points.value[i]! += ((made.points.value[i]! * 7919) % 9973) / 99_991;
  return made;
}
