import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewBatch } from '../../../gateway/src/core/modules/batch-layout.ts';
import type { ModuleManifest } from '../../../gateway/src/core/modules/manifest.ts';
import { RecordedCalls } from '../../../gateway/src/main/author/effects.ts';
import { OutputLines } from '../../../gateway/src/main/author/output-lines.ts';

const manifest = {
  id: 'mean',
  outputs: [
    { name: 'mean', kind: 'point', unit: '=', help: '' },
    { name: 'high', kind: 'alarm', unit: '=', help: '' },
  ],
} as unknown as ModuleManifest;

interface Row {
  ts?: number;
  v?: number;
  id?: number;
  channel?: number;
  state?: number;
  q?: number;
}

function linesOf({ ts = 1, v = 0, id = 0, channel = 0, state = 0, q = 0 }: Row): string[] {
  const lines: string[] = [];
  const batch = viewBatch(new ArrayBuffer(48), 0, 1);
  batch.timeMs[0] = ts;
  batch.value[0] = v;
  batch.series[0] = id;
  batch.channel[0] = channel;
  batch.state[0] = state;
  batch.quality[0] = q;
  new OutputLines(manifest, { line: (text) => lines.push(text) }, (one) => (one === 0 ? 'a/b' : undefined)).output(
    batch,
  );
  return lines;
}

test('a point and an alarm have a fixed form', () => {
  assert.deepEqual(linesOf({ ts: 5, v: 0.1, q: 1 }), ['{"series":"a/b.mean.mean","ts":5,"v":0.1,"q":1}']);
  assert.deepEqual(linesOf({ v: 7, channel: 1, state: 1 }), [
    '{"series":"a/b!mean.high","ts":1,"v":7,"q":0,"alarm":"raised"}',
  ]);
  assert.deepEqual(linesOf({ v: 7, channel: 1, state: 2 }), [
    '{"series":"a/b!mean.high","ts":1,"v":7,"q":0,"alarm":"cleared"}',
  ]);
});

test('numbers have one form each', () => {
  for (const [v, text] of [
    [1 / 3, '0.3333333333333333'],
    [1e21, '1e+21'],
    [-0, '0'],
    [Number.NaN, 'null'],
    [Number.NEGATIVE_INFINITY, 'null'],
  ] as const) {
    assert.ok(linesOf({ v })[0]!.includes(`"v":${text},`), `${v}`);
  }
});

test('a row that the gateway would drop is a fault', () => {
  assert.throws(() => linesOf({ channel: 2 }), /an output 0\.\.1 expected, 2 found/);
  assert.throws(() => linesOf({ id: 9 }), /a series it was given expected, 9 found/);
  assert.throws(() => linesOf({ state: 1 }), /state 0 of a point expected, 1 found/);
  assert.throws(() => linesOf({ channel: 1 }), /state 1 or 2 of an alarm expected, 0 found/);
  assert.throws(() => linesOf({ channel: 1, state: 3 }), /state 1 or 2/);
  assert.throws(() => linesOf({ ts: Number.NaN }), /a time expected/);
});

test('what goes through capabilities has a fixed form too', () => {
  const lines: string[] = [];
  const out = new OutputLines(manifest, { line: (text) => lines.push(text) }, () => undefined);
  const calls = new RecordedCalls((effect) => out.effect(effect));
  calls.log(1, 'a "line"');
  calls.log(7, 'x');
  calls.metric('depth', 1.5);
  assert.equal(calls.emit('my.type', new Uint8Array([1, 2, 255])), 0);
  assert.equal(calls.emit('no type', new Uint8Array()), -22);
  assert.throws(() => calls.metric('Depth', 1), /gw1\.metric: a name/);
  assert.deepEqual(lines, [
    '{"log":"a \\"line\\"","level":"warn"}',
    '{"log":"x","level":"info"}',
    '{"metric":"depth","value":1.5}',
    '{"emit":"my.type","data":"AQL/"}',
  ]);
});

test('the clock of a replay only goes forward', () => {
  const calls = new RecordedCalls(() => undefined);
  for (const ms of [5, 3, 9, 7]) calls.sawTime(ms);
  assert.equal(calls.now(), 9);
});
