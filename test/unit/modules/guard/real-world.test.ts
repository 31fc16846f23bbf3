/**
 * Programs of others, from packages that the project has anyway: guarded they do what they do as they are. Each export is called with the
 * same arguments on both sides, and results, errors and all of memory are compared.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../../../gateway/src/base/random.ts';
import type { GuardLimits } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { guard, LIMITS } from './guarded.ts';

const SEED = Number(process.env.SEED ?? 7);
const CALLS = 300;
const FUEL = 1n << 60n;
const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Images in and out: half a megabyte, C and C++ through LLVM, with tables, data and imports. */
const CODEC = join(PROJECT, 'node_modules/playwright-core/lib/webp_codec.wasm');

const modules = join(PROJECT, 'modules');
const built = readdirSync(modules)
  .map((id) => join(modules, id, 'build', `${id}.wasm`))
  .filter((path) => existsSync(path));

for (const path of [CODEC, ...built]) {
  const name = path.slice(PROJECT.length);
  const skip = !existsSync(path) && `no ${name}`;
  test(`${name} does guarded what it does as it is, seed ${SEED}`, { skip }, (t) => {
    const wasm = readFileSync(path);
    const module = new WebAssembly.Module(wasm);
    const limits = roomy(module);
    const plain = start(module);
    const guarded = start(new WebAssembly.Module(guard(wasm, limits).binary as Uint8Array<ArrayBuffer>));
    const names = Object.keys(plain.functions);
    const random = seededRandom(SEED);
    const tally = { values: 0, errors: 0 };
    for (let call = 0; call < CALLS; call++) {
      const which = names[random.below(names.length)]!;
      const args = Array.from({ length: 6 }, () => argument(random.below(4), random.next()));
      const expected = plain.call(which, args);
      assert.equal(guarded.call(which, args), expected, `call ${call}: ${which}(${args.join(', ')})`);
      if (expected.startsWith('error')) tally.errors++;
      else tally.values++;
    }
    assert.equal(guarded.memoryHash(), plain.memoryHash());
    t.diagnostic(JSON.stringify(tally));
    assert.ok(tally.values > CALLS / 20, 'most calls that fail would compare nothing');
  });
}

/** Lengths, pointers into what is there, and numbers of no sense. */
function argument(kind: number, random: number): number {
  if (kind === 0) return Math.floor(random * 4);
  if (kind === 1) return Math.floor(random * 4096);
  return kind === 2 ? 1024 + 8 * Math.floor(random * 4096) : Math.floor(random * 2 ** 31);
}

function start(module: WebAssembly.Module) {
  const given: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    given[from] ??= {};
    given[from][name] = () => 0;
  }
  const { exports } = new WebAssembly.Instance(module, given);
  const all = Object.values(exports);
  const functions = Object.fromEntries(Object.entries(exports).filter(([, item]) => typeof item === 'function'));
  const memory = all.find((item) => item instanceof WebAssembly.Memory)!;
  const fuel = exports.gw_fuel as WebAssembly.Global<bigint> | undefined;
  return {
    functions,
    call(name: string, args: readonly number[]): string {
      if (fuel !== undefined) fuel.value = FUEL;
      try {
        return String((functions[name] as (...args: readonly number[]) => unknown)(...args));
      } catch (error) {
        return `error ${error instanceof Error ? error.message : error}`;
      }
    },
    memoryHash: () => createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex'),
  };
}

/** Nothing is refused for its size; memory is bounded for both, so that a module that asks for all of it gets the same answer. */
function roomy(module: WebAssembly.Module): GuardLimits {
  const imports = WebAssembly.Module.imports(module).filter(({ kind }) => kind === 'function');
  const huge = 1 << 30;
  return {
    ...LIMITS,
    memoryPages: 65_536,
    tableElems: 1_000_000,
    codeBytes: huge,
    dataBytes: huge,
    customBytes: huge,
    functions: huge,
    localsPerFunction: 10_000,
    globals: huge,
    types: huge,
    exports: huge,
    elementSegments: huge,
    dataSegments: huge,
    imports: new Set(imports.map(({ module: from, name }) => `${from}.${name}`)),
  };
}
