/**
 * An engine knows value types of several octets, references to types of the module. A guard that skips one octet for such a type reads
 * instructions where there are none, and misses others: `br 3` instead of a `loop`. Each module here is valid for the engine.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildModule, leb, type ModuleSpec } from '../../../support/wasm-builder.ts';
import { ENDLESS, guard, refusal, validate } from './guarded.ts';

/** The type `(ref null 12)`: its second octet is also the opcode of `br`. */
const REF_12 = [0x63, 12];
const FUNCTIONS = 13;

function moduleOf(code: readonly number[], extra: ModuleSpec['extra'] = {}): Uint8Array {
  const functions = Array.from({ length: FUNCTIONS }, (_, i) => (i === 0 ? { name: 'run', code } : { code: [] }));
  return buildModule({ functions, extra });
}

/** The code section with one body of these octets, locals included; all others are empty. */
function codeOf(body: readonly number[]): ModuleSpec['extra'] {
  const empty = [2, 0, 0x0b];
  return {
    10: [FUNCTIONS, ...leb(body.length), ...body, ...Array.from({ length: FUNCTIONS - 1 }, () => empty).flat()],
  };
}

/** The type section: empty types, the one at `place` as given. */
const types = (given: readonly number[], place = FUNCTIONS - 1) => ({
  1: [FUNCTIONS, ...Array.from({ length: FUNCTIONS }, (_, i) => (i === place ? given : [0x60, 0, 0])).flat()],
});

const CASES: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['a local, in front of an endless loop', moduleOf([], codeOf([1, 1, ...REF_12, ...ENDLESS, 0x0b])), /a value type/],
  [
    "a block's result, in front of an endless loop",
    moduleOf([0x02, ...REF_12, ...ENDLESS, 0xd0, 12, 0x0b, 0x1a]),
    /a block's type/,
  ],
  ['a typed select', moduleOf([0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1c, 1, 0x63, 0x70, 0x1a]), /a value type/],
  ['a null of a type', moduleOf([0xd0, 12, 0x1a]), /a reference type/],
  ['a parameter', moduleOf([], types([0x60, 1, 0x63, 0, 0])), /a value type/],
  ['a global', moduleOf([], { 6: [1, ...REF_12, 0, 0xd0, 12, 0x0b] }), /a value type/],
  ['a table', moduleOf([], { 4: [1, ...REF_12, 0, 1] }), /a reference type/],
  ['a null of any type', moduleOf([0xd0, 0x6e, 0x1a]), /a reference type/],
];

for (const [where, wasm, pattern] of CASES) {
  test(`a reference to a type of the module is refused as the type of ${where}`, () => {
    assert.ok(validate(wasm), 'the engine takes it');
    assert.throws(() => guard(wasm), refusal(pattern));
  });
}

test('a type of many results is refused: to hand them on would cost nothing', () => {
  const results = (count: number) =>
    moduleOf([], {
      ...types([0x60, 0, count, ...new Array(count).fill(0x7f)], 0),
      ...codeOf([0, ...new Array(count).fill([0x41, 0]).flat(), 0x0b]),
    });
  guard(results(16));
  assert.throws(() => guard(results(17)), refusal(/results of a type at offset \d+: 16 allowed, 17 found/));
});
