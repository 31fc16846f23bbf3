/** Kept state: a module that is replaced goes on as if nothing had been, and takes no page it could not have written. SEED=1234 repeats one run. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { buildMissing, Gw1Module, loadModule, type Row } from './gw1-module.ts';
import { sealPage } from './state-page.ts';
import { randomSteps, STATE_PLANS, type StatePlan } from './state-plans.ts';

const EINVAL = -22;
const SERIES_MAX = 10_000;
const SNAPSHOT_DEFAULT = 4 << 20;
const seeds = process.env.SEED === undefined ? Array.from({ length: 12 }, (_, i) => i + 1) : [Number(process.env.SEED)];

for (const plan of STATE_PLANS) {
  const skip = buildMissing(plan.id);
  describe(`${plan.id} keeps its state`, { skip }, () => {
    if (!skip) describeState(plan);
  });
}

function describeState(plan: StatePlan): void {
  const { manifest, binary } = loadModule(plan.id);

  function configured(config: readonly (readonly (number | null)[])[]): Gw1Module {
    const module = new Gw1Module(binary);
    assert.equal(module.init(config), 0, JSON.stringify(config));
    return module;
  }

  function successorOf(module: Gw1Module, config: readonly (readonly (number | null)[])[]): Gw1Module {
    const next = configured(config);
    assert.equal(next.restore(module.snapshot()), 0);
    return next;
  }

  for (const seed of seeds) {
    test(`replaced at random places it says the same octets as one never replaced, seed ${seed}`, () => {
      const random = seededRandom(seed);
      const config = plan.config(random);
      const lasting = configured(config);
      let replaced = configured(config);
      let said = 0;
      for (const step of randomSteps(random, 120, 1 + random.below(40))) {
        if (random.below(4) === 0) replaced = successorOf(replaced, config);
        const expected = lasting.octetsOf(step);
        said += expected.pages.length;
        assert.deepEqual(replaced.octetsOf(step), expected);
      }
      assert.ok(said > 5, `something was said: ${said} pages`);
      assert.deepEqual(replaced.snapshot(), lasting.snapshot(), 'and keeps the same');
    });
  }

  test('10,000 series over many pages come back, and no more', () => {
    const config = plan.config(seededRandom(3));
    const lasting = configured(config);
    lasting.tick(0);
    for (const [round, from] of [0, 5000, 0, 5000].entries()) {
      lasting.batch(rowsOf(from, 5000, 1000 + 10 * round, (id) => round * (id % 3)));
    }
    const pages = lasting.snapshot();
    const octets = pages.reduce((sum, page) => sum + page.length, 0);
    assert.ok(pages.length > 1 && octets < (manifest.limits.snapshotBytes ?? SNAPSHOT_DEFAULT), `${octets} octets`);
    const next = successorOf(lasting, config);
    for (const step of [rowsOf(2000, 8000, 50_000, (id) => id % 7), 60_000, rowsOf(SERIES_MAX, 1, 60_000, () => 1)]) {
      assert.deepEqual(next.octetsOf(step), lasting.octetsOf(step));
    }
    assert.equal(lasting.batch(rowsOf(SERIES_MAX, 1, 1, () => 1)).error, -12);
  });

  test('a module that knows nothing keeps one small page', () => {
    const config = plan.config(seededRandom(1));
    const pages = configured(config).snapshot();
    assert.equal(pages.length, 1);
    assert.ok(pages[0]!.length <= 128);
    assert.equal(configured(config).restore(pages), 0);
  });

  test('under another configuration it refuses where the state depends on it, and then is empty', () => {
    const random = seededRandom(4);
    const config = plan.config(random);
    const module = configured(config);
    const steps = randomSteps(random, 20, 10);
    for (const step of steps) module.octetsOf(step);
    const pages = module.snapshot();
    assert.equal(configured(plan.acceptedUnder(config)).restore(pages), 0);
    for (const other of plan.refusedUnder(config)) {
      const refusing = configured(other);
      assert.equal(refusing.restore(pages), EINVAL);
      const fresh = configured(other);
      const after = steps.map((step) =>
        typeof step === 'number' ? step : step.map((row) => ({ ...row, channel: 0 })),
      );
      for (const step of after) assert.deepEqual(refusing.octetsOf(step), fresh.octetsOf(step));
    }
  });

  test('pages left out, twice, out of order, of another module or version are refused', () => {
    const config = plan.config(seededRandom(5));
    const module = configured(config);
    for (const from of [0, 5000]) module.batch(rowsOf(from, 5000, 1000, (id) => id));
    const pages = module.snapshot();
    assert.ok(pages.length >= 2);
    const refused = [pages.slice(1), pages.slice(0, -1), [...pages, pages.at(-1)!], pages.toReversed(), []];
    for (const wrong of refused) assert.equal(configured(config).restore(wrong), EINVAL, `${wrong.length} pages`);
    for (const at of [0, 4, 8, 12, 16, 20, 24]) {
      const page = altered(pages[0]!, (view) => view.setUint8(at, view.getUint8(at) ^ 1));
      assert.equal(configured(config).restore([page, ...pages.slice(1)]), EINVAL, `octet ${at}`);
    }
    assert.equal(new Gw1Module(binary).restore(pages), EINVAL, 'before it is configured');
  });

  test('damaged pages are refused; forged ones are refused or taken, and never trap or reach beyond', () => {
    const random = seededRandom(7);
    let taken = 0;
    for (let round = 0; round < 20; round++) {
      const config = plan.config(random);
      const module = configured(config);
      const steps = randomSteps(random, 12, 1 + random.below(12));
      for (const step of steps) module.octetsOf(step);
      const pages = module.snapshot();
      for (let attempt = 0; attempt < 25; attempt++) {
        const page = altered(pages[0]!, (view) => damage(view, random));
        if (!Buffer.from(page).equals(pages[0]!)) {
          assert.equal(configured(config).restore([page]), EINVAL, 'damaged');
        }
        sealPage(page);
        const forged = configured(config);
        const result = forged.restore([page]);
        assert.ok(result === 0 || result === EINVAL, `${result}`);
        if (result === 0) taken++;
        const fresh = configured(config);
        for (const step of steps) {
          const answer = forged.octetsOf(step);
          if (result !== 0) assert.deepEqual(answer, fresh.octetsOf(step), 'empty after a refusal');
        }
        successorOf(forged, config);
      }
    }
    assert.ok(taken > 10, `${taken} forged pages were plausible`);
  });
}

function altered(page: Uint8Array, alter: (view: DataView<ArrayBuffer>) => void): Uint8Array {
  const copy = Uint8Array.from(page);
  alter(new DataView(copy.buffer));
  return copy;
}

/** Numbers that checks are made for, at a place beyond the header of the page. */
function damage(view: DataView, random: ReturnType<typeof seededRandom>): void {
  const edges = [0, -1, 1, 2 ** 31, 2 ** 53, 1e15, -1e15, 1e308, -1e308, 5e-324, Number.NaN, Infinity, -Infinity];
  for (let changes = 1 + random.below(2); changes > 0; changes--) {
    const at = 40 + 8 * random.below((view.byteLength - 40) / 8);
    const kind = random.below(4);
    if (kind === 0) view.setFloat64(at, edges[random.below(edges.length)]!, true);
    else if (kind === 1) view.setUint32(at + 4 * random.below(2), random.below(200), true);
    else if (kind === 2) view.setFloat64(at, view.getFloat64(at, true) + random.below(9) - 4, true);
    else view.setUint8(at + random.below(8), random.below(256));
  }
}

function rowsOf(from: number, count: number, ts: number, value: (id: number) => number): Row[] {
  return Array.from({ length: count }, (_, i) => ({ ts, v: value(from + i), id: from + i, channel: (from + i) % 2 }));
}
