import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ModuleManifest } from '../../../gateway/src/core/modules/manifest.ts';
import { readVectors } from '../../../gateway/src/main/author/vector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const stream = {
  kind: 'stream',
  config: [{ name: 'window' }],
  outputs: [{ name: 'mean', kind: 'point' }],
} as unknown as ModuleManifest;
const fn = { kind: 'function', config: [], outputs: [] } as unknown as ModuleManifest;
const good = {
  config: [[3]],
  steps: [{ batch: [{ ts: 1, v: 2, id: 0 }] }],
  expect: [[{ ts: 1, v: 2, id: 0, channel: 'mean' }]],
};

function read(vector: unknown, manifest = stream) {
  using dir = temporaryFolder();
  mkdirSync(join(dir.path, 'vectors'));
  writeFileSync(join(dir.path, 'vectors/v.json'), typeof vector === 'string' ? vector : JSON.stringify(vector));
  return readVectors(dir.path, manifest);
}

test('a vector is read under the name of its file', () => {
  assert.equal(read(good)[0]?.name, 'v.json');
  assert.equal(read({ ...good, expect: [-22] })[0]?.expect[0], -22);
});

test('a fault of a vector is named, with its step', () => {
  for (const [vector, fault] of [
    ['{', /v\.json: JSON expected/],
    ['null', /an object expected/],
    [{ ...good, config: [[1, 2]] }, /config\[0\]: 1 numbers expected \(window\)/],
    [{ ...good, expect: [] }, /one for each of 1 steps expected, 0 found/],
    [{ ...good, steps: [{ event: {} }] }, /step 0: batch or tick expected, event found/],
    [{ ...good, steps: [{ batch: [{ ts: 1, id: 0 }] }] }, /step 0: batch\[0\]/],
    [{ ...good, expect: [[{ ts: 1, v: 2, id: 0, channel: 'men' }]] }, /channel one of mean/],
    [{ ...good, expect: [null] }, /a list of rows or −errno expected/],
  ] as const) {
    assert.throws(() => read(vector), fault);
  }
});

test('a function takes events and gives replies', () => {
  const vector = { config: [[]], steps: [{ event: { data: 'x' } }], expect: [null] };
  assert.equal(read(vector, fn).length, 1);
  assert.throws(() => read({ ...vector, steps: [{ tick: 1 }] }, fn), /event expected, tick found/);
  assert.throws(() => read({ ...vector, expect: [[]] }, fn), /a reply, null or −errno expected/);
});
