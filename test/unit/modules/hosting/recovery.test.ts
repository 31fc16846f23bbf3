/** A worker that is ended in the middle of any call: the modules that are not to blame say every row once, as if nothing had happened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../../gateway/src/base/random.ts';
import { allocatePoints, type PointColumns } from '../../../../gateway/src/core/model/points.ts';
import { allocateRecovery } from '../../../../gateway/src/core/modules/recovery.ts';
import { Ended, makeBatches, Rig, type RigSpec, specOf } from './hosting-rig.ts';

const SPECS: readonly RigSpec[] = [
  specOf(0, 'first', 'window-aggregate', { windowMs: 500, latenessMs: 50 }),
  specOf(1, 'limits', 'threshold-alarm', { high: 150, hysteresis: 10, missingMs: 60_000 }),
  specOf(2, 'last', 'window-aggregate', { windowMs: 700, slideMs: 350, latenessMs: 50 }),
];

const seed = Number(process.env.SEED ?? 20_261_124);

type Happening = { readonly points: PointColumns } | { readonly tickMs: number };

/** A tick after every seventh batch. */
const happenings: readonly Happening[] = makeBatches(120, 40, seed).flatMap((points, index) =>
  index % 7 === 0 ? [{ points }, { tickMs: 1_795_500_000_000 + index * 1000 }] : [{ points }],
);

/** Everything from `from` on; checkpoints and flushes come as `random` says. @returns what it was ended in, or undefined. */
function run(rig: Rig, from: number, random: () => number): number | undefined {
  for (const [index, happening] of happenings.entries()) {
    if (index < from) continue;
    try {
      rig.nowMs += 100;
      if ('points' in happening) rig.modules.onBatch(happening.points, index + 1, false);
      else rig.modules.onTick(happening.tickMs);
      if (random() < 0.8) rig.flush();
      rig.modules.checkpointIfDue();
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      return index;
    }
  }
  rig.flush();
  return undefined;
}

/** Rows of one module, whatever the order in which modules speak. */
const rowsOf = (stored: readonly string[], name: string) => stored.filter((row) => row.includes(`${name}.`));

test('whatever call a worker is ended in, the other modules lose and repeat nothing', () => {
  const random = seededRandom(seed);
  const whole = new Rig();
  for (const spec of SPECS) whole.modules.put(spec);
  assert.equal(
    run(whole, 0, () => 0),
    undefined,
  );
  assert.ok(rowsOf(whole.stored, 'limits').length > 20 && rowsOf(whole.stored, 'last').length > 200);

  for (let round = 0; round < 40; round++) {
    const recovery = allocateRecovery();
    const endAtCall = 4 + random.below(450);
    const first = new Rig({ recovery, endAtCall });
    for (const spec of SPECS) first.modules.put(spec);
    const endedIn = run(first, 0, () => random.next());
    assert.ok(endedIn !== undefined, `round ${round}: call ${endAtCall} was reached`);

    const second = new Rig({ recovery, known: first.made });
    const culprits = new Set([first.culprit!]);
    second.modules.recover(
      SPECS.map((spec) => ({ spec })),
      culprits,
    );
    // What it was ended in is in the log; ingest's repetition of it is passed over.
    run(second, endedIn + 1, () => random.next());
    for (const { name, slot } of SPECS) {
      if (culprits.has(slot)) continue;
      const got = [...rowsOf(first.stored, name), ...rowsOf(second.stored, name)];
      const want = rowsOf(whole.stored, name);
      assert.deepEqual(
        got,
        want,
        `seed ${seed}, round ${round}: ${name}, ended in call ${endAtCall} of ${first.culprit}`,
      );
      assert.ok(!second.fresh.includes(name), `${name} began empty`);
    }
  }
});

/** One reading of the first series, whose value is its number. */
function oneReading(n: number): PointColumns {
  const points = allocatePoints(1);
  points.length = 1;
  points.timeMs[0] = 1000 + n;
  points.value[0] = n;
  return points;
}

const CONVERT = specOf(0, 'convert', 'unit-convert', { scale: 2 });
const NOBODY: ReadonlySet<number> = new Set();

/** @returns values said: by the first worker, by the one after it, and by that one of a further reading. */
function recoverAfter(spec: RigSpec, happen: (rig: Rig) => void): string[][] {
  const valuesOf = (rows: readonly string[]) => rows.map((row) => row.split(' ')[3]!);
  const recovery = allocateRecovery();
  const first = new Rig({ recovery });
  first.modules.put(spec);
  happen(first);
  const second = new Rig({ recovery, known: first.made });
  second.nowMs = first.nowMs;
  second.modules.recover([{ spec }], NOBODY);
  second.flush();
  const repeated = valuesOf(second.stored);
  second.nowMs += 10_000;
  second.modules.onBatch(oneReading(50), 50, false);
  second.flush();
  return [valuesOf(first.stored), repeated, valuesOf(second.stored).slice(repeated.length)];
}

test('rows for which a module had no fuel are not said by the worker after it', () => {
  const limits = { ...CONVERT.manifest.limits, fuelPerSecond: 100 };
  const spec = { ...CONVERT, manifest: { ...CONVERT.manifest, limits } };
  const said = recoverAfter(spec, (rig) => {
    for (let n = 1; n <= 6; n++) {
      // Every second reading comes too soon.
      rig.nowMs += n % 2 === 1 ? 2500 : 0;
      rig.modules.onBatch(oneReading(n), n, false);
      rig.flush();
    }
  });
  assert.deepEqual(said, [['2', '6', '10'], [], ['100']]);
});

test('a batch that a slow module was left out of stays so', () => {
  const said = recoverAfter(CONVERT, (rig) => {
    rig.modules.onTick(0);
    rig.modules.onTick(1);
    rig.modules.checkpoint();
    // As if it had taken so long since the last tick.
    Object.assign(rig.modules.find('convert')!.live.counts, { callMs: 500 });
    for (let n = 1; n <= 4; n++) {
      rig.modules.onBatch(oneReading(n), n, false, n === 2);
      // The last one is still in the outbox when the worker ends.
      if (n < 4) rig.flush();
    }
  });
  assert.deepEqual(said, [['2', '6'], ['8'], ['100']]);
});
