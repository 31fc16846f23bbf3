import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';
import { buildModule, F64, I32, leb } from '../../../support/wasm-builder.ts';
import { guard, LIMITS, refusal, run } from './guarded.ts';

/** As much as a number can say: only octets bound anything. */
const HUGE = 4_294_967_295;
const UNBOUNDED = {
  ...LIMITS,
  tableElems: HUGE,
  tables: HUGE,
  functions: HUGE,
  localsPerFunction: HUGE,
  globals: HUGE,
  types: HUGE,
  exports: HUGE,
  elementSegments: HUGE,
  dataSegments: HUGE,
};

/** Octets of array buffers and heap that a call leaves behind or holds at its end. */
function bytesHeld(act: () => void): number {
  const of = () => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = of();
  act();
  return of() - before;
}

const SECTIONS: readonly (readonly [string, number])[] = [
  ['types', 1],
  ['imports', 2],
  ['functions', 3],
  ['tables', 4],
  ['memories', 5],
  ['globals', 6],
  ['exports', 7],
  ['elements', 9],
  ['bodies', 10],
  ['data segments', 11],
];

for (const [what, id] of SECTIONS) {
  test(`four billion ${what} that are not there are refused without room for them`, () => {
    const wasm = buildModule({ extra: { [id]: leb(HUGE) } });
    let thrown: unknown;
    const bytes = bytesHeld(() => {
      try {
        // The engine's own check is left out: the guard has to stand by itself.
        guardModule(wasm, UNBOUNDED, () => true);
      } catch (error) {
        thrown = error;
      }
    });
    // Data segments are counted only: that they are there is for the engine to say.
    assert.ok(id === 11 || thrown instanceof GatewayError, String(thrown));
    assert.ok(bytes < 1 << 20, `${bytes} octets`);
  });
}

test('counts inside of sections that lie are refused too', () => {
  const cases: readonly Record<number, readonly number[]>[] = [
    { 1: [1, 0x60, ...leb(HUGE)] },
    { 2: [1, ...leb(HUGE)] },
    { 7: [1, ...leb(HUGE), 97] },
    { 9: [1, 0, 0x41, 0, 0x0b, ...leb(HUGE)] },
    { 1: [1, 0x60, 0, 0], 3: [1, 0], 10: [1, 7, ...leb(HUGE), 1, I32] },
    { 1: [1, 0x60, 0, 0], 3: [1, 0], 10: [1, 8, 0, 0x0e, ...leb(HUGE), 0] },
    { 1: [1, 0x60, 0, 0], 3: [1, 0], 10: [1, 8, 0, 0x1c, ...leb(HUGE), 0] },
    { 1: [1, 0x60, 0, 0], 3: [1, 0], 10: [1, ...leb(HUGE), 0] },
  ];
  for (const extra of cases) {
    const wasm = buildModule({ extra });
    const refusedBy = (error: unknown) => error instanceof GatewayError && /^module: /.test(error.message);
    assert.throws(() => guardModule(wasm, UNBOUNDED, () => true), refusedBy, JSON.stringify(extra));
  }
});

test('300,000 functions are refused by their number, before the engine sees them', () => {
  const count = 300_000;
  const bodies = new Array(count).fill([2, 0, 0x0b]).flat();
  const section = {
    1: [1, 0x60, 0, 0],
    3: [...leb(count), ...new Array(count).fill(0)],
    10: [...leb(count), ...bodies],
  };
  const wasm = buildModule({ extra: section });
  let isAsked = false;
  const ask = () => {
    isAsked = true;
    return true;
  };
  const limits = { ...LIMITS, codeBytes: 1 << 24 };
  assert.throws(() => guardModule(wasm, limits, ask), refusal(/functions at offset \d+: 50 allowed, 300000 found/));
  assert.equal(isAsked, false);
});

test('50,000 locals are refused, and as many as the engine takes leave room for those that are added', () => {
  const fill = [0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0];
  const locals = (count: number) => buildModule({ functions: [{ locals: [[count, F64]], code: fill }] });
  assert.throws(() => guard(locals(50_000)), refusal(/locals of a function at offset \d+: 20 allowed, 50000 found/));
  const roomy = { ...LIMITS, localsPerFunction: 1_000_000 };
  assert.throws(() => guard(locals(50_000), roomy), refusal(/locals of a function at offset \d+: 49998 allowed/));
  assert.ok(WebAssembly.validate(guard(locals(49_998), roomy).binary as Uint8Array<ArrayBuffer>));
});

test('a body that fuel makes longer than the engine takes is refused', () => {
  const loops = new Array(450_000).fill([0x03, 0x40, 0x0b]).flat();
  const wasm = buildModule({ functions: [{ code: loops }] });
  const limits = { ...LIMITS, codeBytes: 1 << 24 };
  assert.throws(() => guard(wasm, limits), refusal(/a body with fuel at offset \d+: 7654321 octets allowed/));
});

test('element segments hold no more together than a table may', () => {
  const segment = (count: number) => [1, 0, ...leb(count), ...new Array(count).fill(0)];
  const wasm = (count: number) =>
    buildModule({ functions: [{ code: [] }], extra: { 9: [2, ...segment(count), ...segment(count)] } });
  guard(wasm(32));
  assert.throws(() => guard(wasm(33)), refusal(/elements of segments at offset \d+: 64 allowed, 66 found/));
});

test('the fuel export cannot be forged by any kind of thing of that name', () => {
  for (const kind of [0, 2, 3]) {
    const wasm = buildModule({
      functions: [{ code: [] }],
      extra: { 6: [1, 0x7e, 1, 0x42, 0, 0x0b] },
      exports: [{ name: FUEL_EXPORT, kind, index: 0 }],
    });
    assert.throws(() => guard(wasm), refusal(/any name but gw_fuel allowed/));
  }
});

test('growing and filling tables, and growing memory, cost what they take', () => {
  const loopOf = (code: readonly number[]) => [0x03, 0x40, ...code, 0x0c, 0, 0x0b];
  const rounds = (code: readonly number[]) => {
    const count = [0x20, 0, 0x41, 1, 0x6a, 0x21, 0];
    const counted = [0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0];
    const module = run(
      {
        tables: [[64]],
        functions: [{ name: 'spin', locals: [[1, I32]], code: loopOf([...counted, ...count, ...code]) }],
      },
      1_000_000n,
    );
    assert.throws(() => module.call('spin'), WebAssembly.RuntimeError);
    return new Uint32Array(module.memory.buffer)[0]!;
  };
  assert.ok(rounds([0x41, 0, 0x40, 0, 0x1a]) <= 500, 'memory.grow 0: two thousand units');
  assert.ok(rounds([0x41, 0, 0xd0, 0x70, 0x41, 0xc0, 0, 0xfc, 17, 0]) <= 250, 'table.fill of 64 elements');
  assert.ok(rounds([0x41, 0, 0xd0, 0x70, 0x26, 0]) <= 10_000, 'table.set');
});
