import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GuardCacheFolder } from '../../../../gateway/src/adapters/files/guard-cache.ts';
import { type GuardCache, guardedOrCached } from '../../../../gateway/src/core/modules/guard/cache.ts';
import type { GuardLimits } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { guardKey } from '../../../../gateway/src/core/modules/guard/limits.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { BODY, wasmModule } from '../../../support/wasm-module.ts';
import { guard, LIMITS, refusal, validate } from './guarded.ts';

const WASM = wasmModule(BODY.quiet);

/** Counts how often the guard had to work: it asks for validity once each time. */
function counting(cache: GuardCache) {
  const counter = {
    works: 0,
    run: (wasm = WASM, limits: GuardLimits = LIMITS) => {
      return guardedOrCached(
        wasm,
        limits,
        (octets) => {
          counter.works++;
          return validate(octets);
        },
        cache,
      );
    },
  };
  return counter;
}

function folderCache() {
  const folder = temporaryFolder();
  const errors: unknown[] = [];
  const cache = GuardCacheFolder.open(join(folder.path, 'guarded'), (error) => errors.push(error));
  const files = () => readdirSync(join(folder.path, 'guarded'));
  const only = () => join(folder.path, 'guarded', files()[0]!);
  return {
    cache,
    errors,
    files,
    only,
    path: join(folder.path, 'guarded'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test('a module is guarded once, and what comes from the cache is the same', () => {
  using rig = folderCache();
  const counter = counting(rig.cache);
  const first = counter.run();
  const second = counting(GuardCacheFolder.open(rig.path, (error) => assert.fail(String(error)))).run();
  assert.deepEqual(first, guard(WASM).binary);
  assert.deepEqual(Uint8Array.from(second), first);
  counter.run();
  assert.equal(counter.works, 1);
  assert.deepEqual(rig.errors, []);
});

test('another module, other limits or other grants are other entries', () => {
  const variants: GuardLimits[] = [
    { ...LIMITS, memoryPages: 15 },
    { ...LIMITS, imports: new Set(['gw1.log']) },
    { ...LIMITS, imports: new Set(['gw1.log', 'gw1.now']) },
    { ...LIMITS, importTypes: new Map([['gw1.log', '() -> ()']]) },
  ];
  const keys = [guardKey(WASM, LIMITS), ...variants.map((limits) => guardKey(WASM, limits))];
  keys.push(guardKey(wasmModule(BODY.trap), LIMITS));
  assert.equal(new Set(keys).size, keys.length);
});

test('the order in which limits and grants were written down does not matter', () => {
  const reversed = Object.fromEntries(Object.entries(LIMITS).reverse()) as unknown as GuardLimits;
  const granted = (...names: string[]) => ({ ...LIMITS, imports: new Set(names) });
  assert.equal(guardKey(WASM, reversed), guardKey(WASM, LIMITS));
  assert.equal(guardKey(WASM, granted('a.b', 'c.d')), guardKey(WASM, granted('c.d', 'a.b')));
});

test('a damaged entry is never used: any octet of it, cut short, emptied, or under the name of another', () => {
  using rig = folderCache();
  const counter = counting(rig.cache);
  counter.run();
  const whole = readFileSync(rig.only());
  const damaged = [whole.subarray(0, whole.length - 1), Buffer.alloc(0), Buffer.concat([whole, Buffer.from([0])])];
  for (let at = 0; at < whole.length; at += 7) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1;
    damaged.push(flipped);
  }
  for (const [i, octets] of damaged.entries()) {
    writeFileSync(rig.only(), octets);
    assert.deepEqual(counter.run(), guard(WASM).binary);
    assert.equal(counter.works, i + 2, 'made anew');
    assert.deepEqual(readFileSync(rig.only()), whole, 'and kept again');
  }
  const other = { ...LIMITS, memoryPages: 15 };
  renameSync(rig.only(), join(rig.path, `${guardKey(WASM, other)}.guarded`));
  const before = counter.works;
  assert.deepEqual(counter.run(WASM, other), guard(WASM, other).binary);
  assert.equal(counter.works, before + 1);
  assert.equal(rig.errors.length, damaged.length + 1, 'each is told');
});

test('without a cache the guard works each time', () => {
  let works = 0;
  const count = (octets: Uint8Array) => {
    works++;
    return validate(octets);
  };
  for (let i = 0; i < 2; i++) assert.deepEqual(guardedOrCached(WASM, LIMITS, count, null), guard(WASM).binary);
  assert.equal(works, 2);
});

test('a refusal is not kept', () => {
  using rig = folderCache();
  const counter = counting(rig.cache);
  for (let i = 0; i < 2; i++)
    assert.throws(() => counter.run(WASM, { ...LIMITS, memoryPages: 1 }), refusal(/pages of memory/));
  assert.equal(counter.works, 2);
  assert.deepEqual(rig.files(), []);
});

test('entries are for the service only, and no more than 64: the oldest goes', () => {
  using rig = folderCache();
  const counter = counting(rig.cache);
  const of = (memoryPages: number) => ({ ...LIMITS, memoryPages });
  for (let pages = 2; pages < 70; pages++) {
    counter.run(WASM, of(pages));
    const path = join(rig.path, `${guardKey(WASM, of(pages))}.guarded`);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    utimesSync(path, pages, pages);
  }
  assert.equal(rig.files().length, 64);
  const before = counter.works;
  counter.run(WASM, of(69));
  assert.equal(counter.works, before);
  counter.run(WASM, of(2));
  assert.equal(counter.works, before + 1);
});

test('a cache that cannot be written or read does not stop a module', () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'file');
  writeFileSync(file, 'in the way');
  const errors: unknown[] = [];
  const counter = counting(GuardCacheFolder.open(file, (error) => errors.push(error)));
  assert.deepEqual(counter.run(), guard(WASM).binary);
  assert.ok(errors.length > 0);
  using rig = folderCache();
  const entry = counting(rig.cache);
  mkdirSync(join(rig.path, `${guardKey(WASM, LIMITS)}.guarded`));
  assert.deepEqual(entry.run(), guard(WASM).binary);
  assert.ok(rig.errors.length > 0);
});
