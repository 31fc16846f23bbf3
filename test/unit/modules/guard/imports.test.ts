import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMPORT_CALL_COST } from '../../../../gateway/src/core/modules/guard/costs.ts';
import type { GuardLimits } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { buildModule, leb } from '../../../support/wasm-builder.ts';
import { guard, LIMITS, type Running, refusal, runGuarded } from './guarded.ts';

const text = (name: string) => [...leb(name.length), ...Buffer.from(name)];
const I32 = 0x7f;
const importOf = (name: string, what: readonly number[]) => [...text('gw1'), ...text(name), ...what];

/** Types: 0 (i32) -> (i32), 1 () -> (i32), 2 (externref) -> (). Functions: 0 and 1 are imported. */
const TYPES = [3, 0x60, 1, I32, 1, I32, 0x60, 0, 1, I32, 0x60, 1, 0x6f, 0];
const body = (...code: number[]) => [...leb(code.length + 2), 0, ...code, 0x0b];

/** `twice(n)` calls the import `double`, `seven()` calls the import `six` through the table; `own()` calls a function of its own through it. */
function moduleWith(elements: readonly number[]): Uint8Array {
  const functions = { twice: 2, seven: 3, own: 4 };
  const exported = Object.entries(functions).map(([name, index]) => [...text(name), 0, index]);
  return buildModule({
    extra: {
      1: TYPES,
      2: [2, ...importOf('double', [0, 0]), ...importOf('six', [0, 1])],
      3: [3, 0, 1, 1],
      4: [1, 0x70, 0, 2],
      7: [4, ...text('memory'), 2, 0, ...exported.flat()],
      9: [...elements],
      10: [3, ...body(0x20, 0, 0x10, 0), ...body(0x41, 0, 0x11, 1, 0, 0x41, 1, 0x6a), ...body(0x41, 1, 0x11, 1, 0)],
    },
  });
}

/** Both in the table; the second is a function of the module. */
const WITH_IMPORT = [1, 0, 0x41, 0, 0x0b, 2, 1, 3];
const GRANTED: GuardLimits = { ...LIMITS, imports: new Set(['gw1.double', 'gw1.six']) };
const HOST = { gw1: { double: (n: number) => 2 * n, six: () => 6 } };

const start = (wasm: Uint8Array, limits = GRANTED): Running => runGuarded(guard(wasm, limits).binary, 1_000_000n, HOST);

/** Fuel that a call takes. */
function cost(module: Running, name: string, ...args: number[]): number {
  const before = module.fuel;
  module.call(name, ...args);
  return Number(before - module.fuel);
}

test('granted functions are called by the right index: directly, through the table, and beside own ones', () => {
  const module = start(moduleWith(WITH_IMPORT));
  assert.equal(module.call('twice', 21), 42);
  assert.equal(module.call('seven'), 7);
  assert.equal(module.call('own'), 7);
});

test('a call of an imported function costs a fixed amount more, through a table too', () => {
  const module = start(moduleWith(WITH_IMPORT));
  assert.ok(cost(module, 'twice', 1) >= IMPORT_CALL_COST);
  assert.ok(cost(module, 'seven') >= IMPORT_CALL_COST);
});

test('calls through a table that can hold no import cost no more than others', () => {
  const own = [1, 0, 0x41, 0, 0x0b, 2, 3, 3];
  const exportsImport = moduleWith(own);
  assert.ok(cost(start(exportsImport), 'twice', 1) >= IMPORT_CALL_COST);
  assert.throws(() => start(exportsImport).call('own'), RangeError, 'calls itself until the stack ends');
  const passive = [1, 1, 0, 1, 4];
  const module = start(moduleWith(passive));
  const before = module.fuel;
  assert.throws(() => module.call('own'), WebAssembly.RuntimeError, 'nothing in the table');
  assert.ok(before - module.fuel < BigInt(IMPORT_CALL_COST));
});

test('an import that is not granted is refused by name', () => {
  const some = { ...LIMITS, imports: new Set(['gw1.double', 'gw1.log']) };
  assert.throws(() => guard(moduleWith(WITH_IMPORT), some), refusal(/gw1\.double, gw1\.log allowed, gw1\.six found/));
});

test('an import must have the type it was granted with', () => {
  const typed = (double: string) => ({ ...GRANTED, importTypes: new Map([['gw1.double', double]]) });
  guard(moduleWith(WITH_IMPORT), typed('(i32) -> (i32)'));
  assert.throws(
    () => guard(moduleWith(WITH_IMPORT), typed('(f64) -> ()')),
    refusal(/the type of import gw1\.double at offset \d+: \(f64\) -> \(\) allowed, \(i32\) -> \(i32\) found/),
  );
});

test('without a type an import may have any of numbers, and no references', () => {
  const wasm = buildModule({ extra: { 1: TYPES, 2: [1, ...importOf('six', [0, 2])] } });
  assert.throws(() => guard(wasm, GRANTED), refusal(/numbers allowed, \(externref\) -> \(\) found/));
});

for (const [what, kind] of [
  ['global', [3, I32, 0]],
  ['table', [1, 0x70, 0, 1]],
  ['memory', [2, 0, 1]],
] as const) {
  test(`an imported ${what} is refused even under a granted name`, () => {
    const wasm = buildModule({
      memory: what === 'memory' ? null : [1],
      extra: { 2: [1, ...importOf('six', kind)], 7: [0] },
    });
    assert.throws(() => guard(wasm, GRANTED), refusal(new RegExp(`gw1\\.six \\(not a function: ${what}\\) found`)));
  });
}

test('a name that begins with a byte order mark is another name', () => {
  const marked = [...leb(6), 0xef, 0xbb, 0xbf, ...Buffer.from('gw1'), ...text('six'), 0, 1];
  const wasm = buildModule({ extra: { 1: TYPES, 2: [1, ...marked] } });
  assert.throws(() => guard(wasm, GRANTED), refusal(/gw1\.six found/));
});

test('the same import may stand there a few times, not by the thousand', () => {
  const times = (count: number) => {
    const all = Array.from({ length: count }, () => importOf('six', [0, 1])).flat();
    return buildModule({ extra: { 1: TYPES, 2: [...leb(count), ...all] } });
  };
  guard(times(8), GRANTED);
  assert.throws(() => guard(times(9), GRANTED), refusal(/imports at offset \d+: 8 allowed, 9 found/));
});
