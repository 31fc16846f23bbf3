/** Every module's vectors: answers worked out by hand, see the `about` of each file. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildMissing, Gw1Module, loadModule, type Row } from './gw1-module.ts';

/** A row of output, its channel by name. Quality and state are compared when given. */
interface ExpectedRow extends Omit<Row, 'channel'> {
  channel: string;
}

interface Vector {
  about: string;
  config: (number | null)[][];
  steps: ({ batch: Row[] } | { tick: number })[];
  /** For each step the rows, or −errno. */
  expect: (ExpectedRow[] | number)[];
}

/** Rounding of a mean or variance in another order of adding. */
const RELATIVE_ERROR_MAX = 1e-14;

const modules = new URL('../../../modules/', import.meta.url);

for (const id of ['window-aggregate', 'threshold-alarm', 'anomaly', 'unit-convert', 'deadband']) {
  const vectors = new URL(`${id}/vectors/`, modules);
  const reason = buildMissing(id);
  if (reason) {
    test(`${id} answers its vectors`, { skip: reason }, () => {});
    continue;
  }
  const { manifest, binary } = loadModule(id);
  for (const file of readdirSync(vectors)) {
    const vector = JSON.parse(readFileSync(new URL(file, vectors), 'utf8')) as Vector;
    test(`${id} answers ${file} as worked out by hand`, () => {
      const module = new Gw1Module(binary);
      assert.equal(module.init(vector.config), 0);
      assert.equal(vector.steps.length, vector.expect.length);
      vector.steps.forEach((step, i) => {
        const reply = 'tick' in step ? module.tick(step.tick) : module.batch(step.batch);
        const expected = vector.expect[i]!;
        if (typeof expected === 'number') {
          assert.deepEqual(reply, { rows: [], error: expected, pages: 0 }, `step ${i}`);
          return;
        }
        assert.equal(reply.error, 0, `step ${i}`);
        const named = reply.rows.map((row) => ({ ...row, channel: manifest.outputs[row.channel]!.name }));
        assert.deepEqual(named.map(withoutValue), expected.map(withDefaults), `step ${i}`);
        expected.forEach((row, k) => {
          assertNear(named[k]!.v, row.v, `step ${i}, ${row.channel} at ${row.ts}`);
        });
      });
    });
  }
}

function withoutValue({ v: _, ...rest }: Required<ExpectedRow>) {
  return rest;
}

function withDefaults(row: ExpectedRow) {
  return { ts: row.ts, id: row.id, quality: row.quality ?? 0, channel: row.channel, state: row.state ?? 0 };
}

function assertNear(found: number, expected: number, what: string): void {
  const error = Math.abs(found - expected);
  assert.ok(error <= Math.abs(expected) * RELATIVE_ERROR_MAX, `${what}: expected ${expected}, found ${found}`);
}
