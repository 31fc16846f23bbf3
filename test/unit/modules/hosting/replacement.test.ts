/** A module is replaced between two batches, again and again: not one row is lost or doubled, and memory stays where it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeBatches, Rig, type RigSpec, specOf } from './hosting-rig.ts';

const REPLACEMENTS = Number(process.env.REPLACEMENTS ?? 10_000);
const SEED = Number(process.env.SEED ?? 20_261_124);

/** Two versions of each that do the same; the second is another object all through. */
const PAIRS: readonly (readonly [RigSpec, RigSpec])[] = [
  [specOf(0, 'win', 'window-aggregate', { windowMs: 500 }), specOf(0, 'win', 'window-aggregate', { windowMs: 500 })],
  [specOf(1, 'limits', 'threshold-alarm', { high: 150 }), specOf(1, 'limits', 'threshold-alarm', { high: 150 })],
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Octets that live outside of the heap, WebAssembly memories among them, once what is dead has been collected. */
function externalBytes(): number {
  for (let round = 0; round < 3; round++) collect();
  const { external, arrayBuffers } = process.memoryUsage();
  return external + arrayBuffers;
}

test(`${REPLACEMENTS} replacements leave the stream as it was, and memory flat`, { timeout: 240_000 }, () => {
  const rounds = REPLACEMENTS / PAIRS.length;
  const batches = makeBatches(500, 24, SEED);
  const plain = new Rig();
  const changing = new Rig();
  for (const [spec] of PAIRS) {
    plain.modules.put(spec);
    changing.modules.put(spec);
  }
  let early = 0;
  for (let round = 0; round < rounds; round++) {
    const points = batches[round % batches.length]!;
    // The same readings again, later: time goes on.
    if (round >= batches.length) for (let row = 0; row < points.length; row++) points.timeMs[row]! += 200_000;
    for (const rig of [plain, changing]) {
      rig.nowMs += 100;
      rig.modules.onBatch(points, round + 1, false);
      rig.flush();
    }
    for (const pair of PAIRS) {
      const notCarried = changing.modules.put(pair[(round + 1) % 2]!);
      assert.equal(notCarried, null, `replacement ${round} of ${pair[0].name}: ${notCarried}`);
    }
    assert.deepEqual(changing.stored.splice(0), plain.stored.splice(0), `rows after replacement ${round}`);
    if (round === Math.floor(rounds / 10)) early = externalBytes();
  }
  const grownBy = externalBytes() - early;
  assert.ok(plain.modules.rowsOut > rounds, 'there was something to lose');
  assert.equal(changing.modules.rowsOut, plain.modules.rowsOut, 'counts outlive the instances');
  assert.ok(grownBy < 8 << 20, `memory grew by ${grownBy} octets in ${rounds} rounds`);
  assert.deepEqual(changing.fresh, plain.fresh, 'no instance began empty');
});
