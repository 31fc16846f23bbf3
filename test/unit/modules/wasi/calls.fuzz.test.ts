/** WASI calls with any arguments at all. SEED=1234 repeats one run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO } from '../../../../gateway/src/adapters/wasm/wasi/abi.ts';
import { PREOPENED } from '../../../../gateway/src/adapters/wasm/wasi/descriptors.ts';
import { WASI_CALLS, type WasiCallName } from '../../../../gateway/src/adapters/wasm/wasi/grants.ts';
import { type Random, seededRandom } from '../../../../gateway/src/base/random.ts';
import { type Guest, MEMORY_BYTES, O, READ, startGuest, startWithFolder } from './guest.ts';

const FIRST_SEED = Number(process.env.SEED ?? 1);
const SEEDS = process.env.SEED === undefined ? 12 : 1;
const CALLS = 4000;
const FOLDER_BYTES = 50_000;

const NAMES = ['a', 'b', 'd', 'd/x', 'd/e', 'd/e/y', '.', '..', 'd/..', '/', 'a/', 'none/x', '', 'd/../b'];

/** Everything in the folder, read through the calls: path and size or contents. */
function contents(guest: Guest, path = '.'): string[] {
  const fd = guest.open(path, O.directory, { rights: READ });
  assert.ok(fd > 0, `${path}: ${fd}`);
  const names = guest.list(fd).slice(2);
  guest.call.fd_close!(fd);
  return names.sort().flatMap((name) => {
    const whole = `${path}/${name}`;
    const file = guest.open(whole, 0, { rights: READ });
    const size = guest.size(file);
    const isFolder = guest.read(file) === -ERRNO.isdir;
    const text = isFolder ? '/' : `${size} ${guest.read(file, size, 0n)}`;
    guest.call.fd_close!(file);
    return [`${whole} ${text}`, ...(isFolder ? contents(guest, whole) : [])];
  });
}

function anyNumber(random: Random): number {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  return pick([
    () => random.below(8),
    () => random.below(40),
    () => random.below(70_000),
    () => random.below(MEMORY_BYTES),
    () => MEMORY_BYTES - random.below(100),
    () => Math.floor((random.next() - 0.5) * 2 ** 32),
  ])();
}

/** Mostly what makes sense, or nothing would ever succeed; the rest is noise. */
function anyCall(guest: Guest, random: Random, names: readonly WasiCallName[]): void {
  const name = names[random.below(names.length)]!;
  const args = [...WASI_CALLS[name].takes].map((type) => {
    const number = anyNumber(random);
    return type === 'i' ? number : BigInt(number) * (random.next() < 0.1 ? 1n << 31n : 1n);
  });
  if (random.next() < 0.8) {
    const path = NAMES[random.below(NAMES.length)]!;
    args[0] = name.startsWith('path_') ? PREOPENED : random.below(12);
    const length = guest.put(path, 0);
    const at = name === 'path_open' || name === 'path_filestat_get' ? 2 : 1;
    if (name.startsWith('path_')) [args[at], args[at + 1]] = [0, length];
    if (name === 'path_open') [args[4], args[5], args[7], args[8]] = [args[4]! as number & 15, READ | 64n, 0, 1024];
    if (name === 'path_rename') [args[3], args[4], args[5]] = [PREOPENED, 64, guest.put(NAMES[random.below(6)]!, 64)];
    guest.vector(random.below(3000));
    if (/^fd_p?(read|write)$/.test(name)) [args[1], args[2], args[name.startsWith('fd_p') ? 4 : 3]] = [4096, 1, 1024];
  }
  const errno = guest.call[name]!(...args);
  assert.ok(Number.isInteger(errno) && errno >= 0 && errno <= 76, `${name}(${args.join(', ')}) = ${errno}`);
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  test(`no call throws or oversteps a bound, and what it left comes back after a restart, seed ${seed}`, async (t) => {
    const random = seededRandom(seed);
    const guest = await startWithFolder(t, FOLDER_BYTES);
    const names = (Object.keys(WASI_CALLS) as WasiCallName[]).filter((name) => name !== 'proc_exit');
    for (let i = 0; i < CALLS; i++) {
      anyCall(guest, random, names);
      if (i % 500 === 0) await guest.wasi.flush();
    }
    for (let fd = 4; fd < 40; fd++) guest.call.fd_close!(fd);
    const before = contents(guest);
    await guest.wasi.flush();
    const again = await startGuest({ folder: { path: guest.path, bytes: FOLDER_BYTES } });
    assert.deepEqual(contents(again), before);
    assert.ok(before.length > 0, 'the calls have made something');
    const used = before.reduce((sum, row) => sum + (Number(/^\S+ (\d+)/.exec(row)?.[1]) || 0), 0);
    const rest = guest.open('rest', O.create);
    assert.equal(guest.write(rest, Buffer.alloc(FOLDER_BYTES - used)), FOLDER_BYTES - used, 'nothing is counted twice');
    assert.equal(guest.write(rest, 'x'), -ERRNO.nospc, 'or forgotten');
  });
}
