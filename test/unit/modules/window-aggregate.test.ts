/** window-aggregate against the plain reference, on random readings. SEED=1234 repeats one run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { Gw1Module, loadModule, type Row } from './gw1-module.ts';
import { referenceWindows, type WindowFigures, type WindowRule } from './window-reference.ts';

const { manifest, binary } = loadModule('window-aggregate');
const seeds = process.env.SEED === undefined ? Array.from({ length: 24 }, (_, i) => i + 1) : [Number(process.env.SEED)];

for (const seed of seeds) {
  test(`random readings give what the plain reference gives, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const rule = randomRule(random);
    const rows = randomRows(random, rule);
    const module = new Gw1Module(binary);
    const { windowMs, slideMs, latenessMs, ewmaAlpha } = rule;
    assert.equal(module.init([[windowMs, slideMs === windowMs ? 0 : slideMs, latenessMs, ewmaAlpha, null]]), 0);

    const said: Required<Row>[] = [];
    for (let from = 0; from < rows.length; ) {
      const to = from + 1 + random.below(3000);
      const reply = module.batch(rows.slice(from, to));
      assert.equal(reply.error, 0);
      said.push(...reply.rows);
      from = to;
    }
    for (const id of [1, 2, 3]) {
      const expected = referenceWindows(
        rows.filter((row) => row.id === id),
        rule,
      );
      assert.ok(expected.length > 0, 'the readings close some window');
      const found = said.filter((row) => row.id === id);
      assert.deepEqual(
        found.map((row) => `${manifest.outputs[row.channel]?.name} ${row.ts}`),
        expected.flatMap(namesOf),
      );
      for (const window of expected) assertWindow(found, window);
    }
  });
}

function randomRule(random: Random): WindowRule {
  const slideMs = 1 + random.below(2000);
  const windowMs = slideMs * (1 + random.below(random.below(2) === 0 ? 1 : 12));
  return { windowMs, slideMs, latenessMs: random.below(2 * windowMs), ewmaAlpha: 0.01 + random.next() * 0.99 };
}

/** Three series in runs, jittered out of order, with gaps; values drift, jump or repeat, at very different scales. */
function randomRows(random: Random, rule: WindowRule): Row[] {
  const scale = 10 ** (random.below(25) - 12);
  const offset = random.below(2) === 0 ? 0 : (random.next() - 0.5) * scale * 1e4;
  const spreadMs = rule.latenessMs * 1.2 + 1;
  const stepMs = rule.windowMs / (1 + random.below(400));
  const rows: Row[] = [];
  let nowMs = 1_700_000_000_000 + random.below(100_000);
  for (let i = 0; i < 4000; i++) {
    nowMs += random.below(400) === 0 ? rule.windowMs * 3 * random.next() : stepMs * random.next();
    const level = random.below(50) === 0 ? random.next() * 40 : random.below(8) / 2;
    const ts = nowMs - random.next() * random.next() * spreadMs;
    rows.push({ ts, v: offset + scale * (level + random.next()), id: 1 + (Math.floor(i / 7) % 3) });
  }
  return rows;
}

function namesOf(window: WindowFigures): string[] {
  const names = manifest.outputs.map((output) => output.name);
  const absent = [window.variance === undefined ? 'variance' : '', window.late === 0 ? 'late' : ''];
  return names.filter((name) => !absent.includes(name)).map((name) => `${name} ${window.endMs}`);
}

function assertWindow(found: Required<Row>[], window: WindowFigures): void {
  const values = new Map<string, number>();
  for (const row of found) if (row.ts === window.endMs) values.set(manifest.outputs[row.channel]!.name, row.v);
  const range = window.max - window.min;
  const magnitude = Math.max(Math.abs(window.min), Math.abs(window.max));
  const quantileErrorMax = window.count <= 64 ? 0 : range / 127;
  const bounds: Record<string, number> = {
    mean: 1e-12 * magnitude,
    variance: 1e-9 * (window.variance ?? 0) + 1e-12 * magnitude * range,
    ewma: 0,
    p50: quantileErrorMax,
    p95: quantileErrorMax,
  };
  for (const [name, value] of values) {
    const expected = window[name as keyof WindowFigures]!;
    const error = Math.abs(value - expected);
    assert.ok(
      error <= (bounds[name] ?? 0) + 1e-15 * magnitude,
      `${name} of ${window.count} readings up to ${window.endMs}: expected ${expected}, found ${value}`,
    );
  }
}
