import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../../gateway/src/base/random.ts';
import { summarizeBinary } from '../../../../gateway/src/core/modules/signing/binary-summary.ts';
import { buildModule, F64, I32 } from '../../../support/wasm-builder.ts';

const text = (name: string) => [name.length, ...Buffer.from(name)];

/** `gw1.now`, a function without parameters or results. */
const IMPORT = [1, ...text('gw1'), ...text('now'), 0, 0];
const CUSTOM = [...text('producers'), 0];
const wasm = buildModule({
  functions: [
    { name: 'a', code: [] },
    {
      parameters: [I32, F64],
      locals: [
        [3, I32],
        [2, F64],
      ],
      code: [],
    },
  ],
  memory: [2, 7],
  tables: [[3]],
  extra: { 2: IMPORT, 0: CUSTOM },
});

describe('the summary of a binary', () => {
  const summary = summarizeBinary(wasm);

  test('tells what is in it', () => {
    assert.equal(summary.octets, wasm.length);
    assert.deepEqual(summary.imports, [{ name: 'gw1.now', kind: 'function' }]);
    assert.deepEqual(summary.exports, [
      { name: 'a', kind: 'function' },
      { name: 'memory', kind: 'memory' },
    ]);
    assert.equal(summary.functions, 2);
    assert.equal(summary.localsMax, 7);
    assert.deepEqual(summary.memory, { initial: 2, maximum: 7 });
    assert.deepEqual(summary.table, { initial: 3, maximum: null });
  });

  test('says where each section is: together with their heads they are the file', () => {
    const names = summary.sections.map(({ name }) => name);
    assert.deepEqual(names, ['type', 'import', 'function', 'table', 'memory', 'export', 'code', 'custom "producers"']);
    const octets = summary.sections.reduce((sum, section) => sum + section.octets, 0);
    assert.equal(8 + octets + 2 * summary.sections.length, wasm.length);
    assert.equal(summary.codeBytes, summary.sections.find(({ name }) => name === 'code')!.octets);
  });

  test('agrees with the engine about imports and exports', () => {
    const valid = buildModule({ functions: [{ name: 'f', code: [] }], exports: [{ name: 'g', kind: 0, index: 0 }] });
    const engine = WebAssembly.Module.exports(new WebAssembly.Module(valid)).map(({ name, kind }) => ({ name, kind }));
    assert.deepEqual(summarizeBinary(valid).exports, engine);
  });

  test('of what is no module is an error that says where; damaged ones end in time', () => {
    assert.throws(() => summarizeBinary(new Uint8Array()), { code: 'corrupt' });
    assert.throws(() => summarizeBinary(Buffer.from('#!/bin/sh\n')), { code: 'corrupt' });
    const random = seededRandom(13);
    for (let round = 0; round < 2000; round++) {
      const damaged = Buffer.from(wasm.subarray(0, random.below(4) === 0 ? random.below(wasm.length) : wasm.length));
      for (let i = 0; i < 3 && damaged.length > 8; i++)
        damaged[8 + random.below(damaged.length - 8)] = random.below(256);
      try {
        summarizeBinary(damaged);
      } catch (error) {
        assert.ok(error instanceof GatewayError && error.code === 'corrupt', String(error));
      }
    }
  });
});
