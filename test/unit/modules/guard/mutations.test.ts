import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { type Random, seededRandom } from '../../../../gateway/src/base/random.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';
import { buildModule, F64, I32 } from '../../../support/wasm-builder.ts';
import { BODY, wasmModule } from '../../../support/wasm-module.ts';
import { ENDLESS, guard, LIMITS } from './guarded.ts';
import { mutate } from './mutate.ts';

/** SEED and ROUNDS repeat or lengthen a run. */
const SEED = Number(process.env.SEED ?? 7);
const ROUNDS = Number(process.env.ROUNDS ?? 6000);
const ROOMY = { ...LIMITS, memoryPages: 256, functions: 200, localsPerFunction: 200, globals: 200, dataSegments: 100 };
const FUEL = 20_000n;

const built = (id: string): Uint8Array =>
  readFileSync(new URL(`../../../../modules/${id}/build/${id}.wasm`, import.meta.url));

/** Small modules in which most octets matter: loops, branches, tables, bulk operations, locals and blocks of every kind. */
const SMALL: readonly Uint8Array[] = [
  wasmModule(BODY.loopForEver),
  buildModule({
    memory: [1, 4],
    tables: [[4, 8]],
    functions: [
      {
        name: 'spin',
        locals: [
          [2, I32],
          [1, F64],
        ],
        code: [0x02, 0x40, ...ENDLESS, 0x0b],
      },
      {
        name: 'fill',
        parameters: [I32, I32],
        results: [I32],
        code: [0x03, 0x40, 0x41, 0, 0x41, 1, 0x20, 0, 0xfc, 11, 0, 0x20, 1, 0x0d, 0, 0x0b, 0x41, 1, 0x40, 0],
      },
      {
        name: 'pick',
        parameters: [I32],
        results: [I32],
        code: [0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 1, 0x0b, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b, 0x41, 7],
      },
      { name: 'table', code: [0xd0, 0x70, 0x41, 2, 0xfc, 15, 0, 0x1a, 0x41, 0, 0xd2, 0, 0x26, 0] },
    ],
    extra: { 6: [1, I32, 1, 0x41, 5, 0x0b], 9: [1, 0, 0x41, 0, 0x0b, 2, 0, 1] },
  }),
];

test(`${ROUNDS} mutated modules are refused with a reason or run within their fuel, seed ${SEED}`, (t) => {
  const random = seededRandom(SEED);
  const originals = [...SMALL, ...SMALL, built('window-aggregate'), built('threshold-alarm')];
  for (const original of originals) guard(original, ROOMY);
  const tally = { accepted: 0, corrupt: 0, denied: 0, stopped: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const original = originals[round % originals.length]!;
    const wasm = mutate(original, random, originals[random.below(originals.length)]!);
    const label = `seed ${SEED}, round ${round}`;
    let binary: Uint8Array;
    try {
      binary = guard(wasm, ROOMY).binary;
    } catch (error) {
      assert.ok(error instanceof GatewayError && /^module: /.test(error.message), `${label}: ${error}`);
      assert.ok(error.code === 'corrupt' || error.code === 'denied', `${label}: ${error.code}`);
      tally[error.code]++;
      continue;
    }
    tally.accepted++;
    tally.stopped += runEverything(binary, random, label);
  }
  t.diagnostic(JSON.stringify(tally));
  assert.ok(tally.accepted > ROUNDS / 50 && tally.stopped > ROUNDS / 100, JSON.stringify(tally));
});

/**
 * Calls every export. A loop without fuel would never come back.
 * @returns how often fuel ended a call.
 */
function runEverything(binary: Uint8Array, random: Random, label: string): number {
  const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(module, {});
  } catch (error) {
    // A data or element segment that lies outside.
    assert.ok(error instanceof WebAssembly.RuntimeError, `${label}: ${error}`);
    return 0;
  }
  const fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
  let stopped = 0;
  for (const [name, exported] of Object.entries(instance.exports)) {
    if (typeof exported !== 'function') continue;
    fuel.value = FUEL;
    try {
      (exported as (...args: unknown[]) => unknown)(random.below(100_000), random.below(100), 1, 1);
    } catch (error) {
      // RangeError: the stack ended; TypeError: a whole number of 64 bits was wanted.
      const isExpected =
        error instanceof WebAssembly.RuntimeError || error instanceof RangeError || error instanceof TypeError;
      assert.ok(isExpected, `${label}: ${name}: ${error}`);
    }
    if (fuel.value < 0n) stopped++;
    assert.ok(fuel.value <= FUEL, `${label}: ${name}: fuel is never given back`);
  }
  return stopped;
}
