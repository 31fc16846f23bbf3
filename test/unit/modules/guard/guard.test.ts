import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';
import { buildModule, F64, I32, leb, type ModuleSpec } from '../../../support/wasm-builder.ts';
import { ENDLESS, guard, LIMITS, refusal, run } from './guarded.ts';

test('an endless loop traps, and the instance goes on', () => {
  const module = run({
    functions: [
      { name: 'spin', code: ENDLESS },
      { name: 'seven', results: [I32], code: [0x41, 7] },
    ],
  });
  assert.throws(() => module.call('spin'), WebAssembly.RuntimeError);
  assert.ok(module.fuel < 0n);
  module.fuel = 1000n;
  assert.equal(module.call('seven'), 7);
});

test('endless recursion traps by fuel', () => {
  const direct = run({ functions: [{ name: 'down', code: [0x10, 0] }] }, 100n);
  assert.throws(() => direct.call('down'), WebAssembly.RuntimeError);
  assert.ok(direct.fuel < 0n, 'by fuel, not by the stack');
});

test('a call costs at least what it executes, and the same each time', () => {
  // for (i = n; i != 0; i--) sum += i
  const code = [0x03, 0x40, 0x20, 1, 0x20, 0, 0x6a, 0x21, 1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1];
  const module = run({ functions: [{ name: 'sum', parameters: [I32], results: [I32], locals: [[1, I32]], code }] });
  const cost = (n: number) => {
    module.fuel = 1_000_000n;
    assert.equal(module.call('sum', n), (n * (n + 1)) / 2);
    return Number(1_000_000n - module.fuel);
  };
  assert.equal(cost(1000), cost(1000));
  assert.ok(cost(1000) >= 1000 * 9, 'nine instructions a round');
  assert.equal(cost(2000) - cost(1000), cost(3000) - cost(2000), 'each round costs the same');
});

test('what stands behind a loop that was passed by is paid for all the same', () => {
  // block { if (n) leave; loop {} }, then a hundred nops, for which the loop does not pay.
  const code = [0x02, 0x40, 0x20, 0, 0x0d, 0, 0x03, 0x40, 0x0b, 0x0b, ...new Array(100).fill(0x01)];
  const module = run({ functions: [{ name: 'pass', parameters: [I32], code }] });
  module.call('pass', 1);
  assert.ok(1_000_000n - module.fuel >= 100n, `${1_000_000n - module.fuel} units`);
});

test('filling and copying memory is charged by size', () => {
  const fill = [0x41, 0, 0x41, 1, 0x20, 0, 0xfc, 11, 0];
  const module = run({ memory: [16, 16], functions: [{ name: 'fill', parameters: [I32], code: fill }] });
  module.call('fill', 0);
  const small = module.fuel;
  module.fuel = 1_000_000n;
  module.call('fill', 160_000);
  assert.equal(Number(small - module.fuel), 10_000, 'a sixteenth of the octets');
  module.fuel = 100n;
  assert.throws(() => module.call('fill', 160_000), WebAssembly.RuntimeError);
  assert.equal(new Uint8Array(module.memory.buffer)[159_999], 1, 'from the call that was paid for');
});

test('memory and table are clamped to the grant, whatever the module declares', () => {
  const grow: ModuleSpec['functions'] = [{ name: 'grow', parameters: [I32], results: [I32], code: [0x20, 0, 0x40, 0] }];
  for (const memory of [[1], [1, 60_000], [1, 16]] as const) {
    const module = run({ memory, tables: [[1]], functions: grow });
    assert.equal(module.call('grow', 15), 1);
    assert.equal(module.call('grow', 1), -1, 'the seventeenth page is refused');
  }
  const tableGrow = run({
    tables: [[1]],
    functions: [{ name: 'grow', parameters: [I32], results: [I32], code: [0xd0, 0x70, 0x20, 0, 0xfc, 15, 0] }],
  });
  assert.equal(tableGrow.call('grow', 63), 1);
  assert.equal(tableGrow.call('grow', 1), -1);
});

const many = (count: number): ModuleSpec => ({ functions: Array.from({ length: count }, () => ({ code: [] })) });

const REFUSED: readonly (readonly [string, ModuleSpec, RegExp])[] = [
  ['no memory', { memory: null }, /memories at offset \d+: exactly one allowed, none found/],
  ['more memory at the start than granted', { memory: [17] }, /pages of memory at offset \d+: 16 allowed, 17 found/],
  ['a shared memory', { memory: null, extra: { 5: [1, 3, 1, 2] } }, /plain 32-bit limits allowed, flags 3 found/],
  [
    'a 64-bit memory',
    { memory: null, extra: { 5: [1, 4, 1] } },
    /plain 32-bit limits allowed, flags 4 found|not valid/,
  ],
  ['two memories', { memory: null, extra: { 5: [2, 0, 1, 0, 1] } }, /exactly one allowed, 2 found|not valid/],
  [
    'a start function',
    { functions: [{ code: [] }], extra: { 8: [0] } },
    /a start function at offset \d+: none allowed/,
  ],
  [
    'an import',
    { extra: { 1: [1, 0x60, 0, 0], 2: [1, 3, 101, 110, 118, 1, 102, 0, 0] } },
    /imports at offset \d+: none allowed, env\.f found/,
  ],
  [
    'an imported global',
    { extra: { 2: [1, 3, 101, 110, 118, 1, 103, 3, I32, 0] } },
    /env\.g \(not a function: global\) found/,
  ],
  ['too many functions', many(51), /functions at offset \d+: 50 allowed, 51 found|types at offset/],
  [
    'too many locals',
    { functions: [{ locals: [[21, I32]], code: [] }] },
    /locals of a function at offset \d+: 20 allowed, 21 found/,
  ],
  ['locals by the billion', { functions: [{ locals: [[4_000_000_000, F64]], code: [] }] }, /locals|not valid/],
  ['the reserved export', { functions: [{ name: FUEL_EXPORT, code: [] }] }, /any name but gw_fuel allowed/],
  [
    'large custom sections',
    { extra: { 0: [1, 65, ...new Array(1000).fill(0)] } },
    /custom sections at offset \d+: 1000 octets allowed, 1002 found/,
  ],
  [
    'too much data',
    { extra: { 11: [1, 1, ...leb(11_000), ...new Array(11_000).fill(0)] } },
    /data at offset \d+: 10000 octets allowed/,
  ],
  ['a table over the grant', { tables: [[65]] }, /elements of a table at offset \d+: 64 allowed, 65 found/],
];

for (const [what, spec, pattern] of REFUSED) {
  test(`${what} is refused: what, where, limit and found are said`, () => {
    assert.throws(() => guard(buildModule(spec)), refusal(pattern));
  });
}

test('atomics, tail calls, exceptions and relaxed SIMD are refused by opcode', () => {
  for (const code of [
    [0xfe, 3, 0],
    [0x12, 0],
    [0x08, 0],
    [0xfd, 0x80, 2],
  ]) {
    const wasm = buildModule({ functions: [{ code }] });
    assert.throws(() => guardModule(wasm, LIMITS, () => true), refusal(/an instruction at offset \d+/));
  }
});

test('a module cannot name the fuel global: the original is validated first', () => {
  const steal = buildModule({ functions: [{ code: [0x42, 0, 0x24, 0] }] });
  assert.throws(() => guard(steal), refusal(/not valid WebAssembly/));
});

test('three hundred thousand functions are refused before anything is decoded', () => {
  const wasm = buildModule({ extra: { 1: [1, 0x60, 0, 0], 3: [...leb(300_000), ...new Array(300_000).fill(0)] } });
  assert.throws(() => guard(wasm), refusal(/functions|not valid/));
});
