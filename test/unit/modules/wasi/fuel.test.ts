import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWasi } from '../../../../gateway/src/adapters/wasm/wasi/wasi.ts';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { Guest, importing, O } from './guest.ts';

/** A guest with a tank, as the guard adds it. */
async function startWithFuel(path: string): Promise<{ guest: Guest; fuel: WebAssembly.Global<bigint> }> {
  const module = importing([
    'fd_write',
    'fd_pwrite',
    'path_open',
    'random_get',
    'fd_filestat_set_size',
    'fd_close',
    'sched_yield',
  ]);
  const wasi = await createWasi(module, {
    module: 'guest',
    logBytesPerSec: 1,
    nowMs: () => 0,
    monotonicMs: () => 0,
    fillRandom: () => {},
    folder: { path, bytes: 1 << 20 },
  });
  const next = wasi.newInstance();
  const { exports } = new WebAssembly.Instance(module, next.imports);
  const fuel = new WebAssembly.Global<bigint>({ value: 'i64', mutable: true }, 0n);
  next.attach({ exports: { ...exports, [FUEL_EXPORT]: fuel } });
  return { guest: new Guest(wasi, next, exports.memory as WebAssembly.Memory), fuel };
}

test('what the host does for a module is taken from its fuel', async () => {
  using folder = temporaryFolder();
  const { guest, fuel } = await startWithFuel(folder.path);
  const costOf = (work: () => unknown): bigint => {
    fuel.value = 1_000_000n;
    work();
    return 1_000_000n - fuel.value;
  };
  assert.equal(
    costOf(() => guest.call.sched_yield!()),
    100n,
  );
  assert.equal(
    costOf(() => guest.write(1, Buffer.alloc(16_000))),
    1100n,
  );
  assert.equal(
    costOf(() => guest.call.random_get!(0, 1600)),
    200n,
  );
  assert.equal(
    costOf(() => guest.open('name', O.create)),
    104n,
  );
  assert.equal(
    costOf(() => guest.write(4, Buffer.alloc(16_000))),
    2100n,
    'the copy, and the room for it',
  );
  assert.equal(
    costOf(() => guest.write(4, Buffer.alloc(1600), 0n)),
    200n,
  );
  assert.equal(
    costOf(() => guest.call.fd_filestat_set_size!(4, 16_001n)),
    100n + 2000n,
    'what a small growth really moves',
  );
});

test('a call that one cannot pay for does nothing, and ends the instance', async () => {
  using folder = temporaryFolder();
  const { guest, fuel } = await startWithFuel(folder.path);
  fuel.value = 1000n;
  guest.open('f', O.create);
  fuel.value = 1000n;
  const outOfFuel = (error: unknown) => error instanceof GatewayError && error.code === 'exhausted';
  assert.throws(() => guest.write(4, Buffer.alloc(16_000)), outOfFuel);
  assert.ok(fuel.value < 0n);
  assert.throws(() => guest.call.sched_yield!(), outOfFuel);
});
