import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO } from '../../../../gateway/src/adapters/wasm/wasi/abi.ts';
import { ModuleExited } from '../../../../gateway/src/adapters/wasm/wasi/system-calls.ts';
import { createWasi } from '../../../../gateway/src/adapters/wasm/wasi/wasi.ts';
import { importing, MEMORY_BYTES, startGuest } from './guest.ts';

const SETTINGS = {
  module: 'guest',
  logBytesPerSec: 1,
  nowMs: () => 0,
  monotonicMs: () => 0,
  fillRandom: () => {},
};

test('a module is given exactly the functions that it imports', async () => {
  const wasi = await createWasi(importing(['random_get', 'proc_exit']), SETTINGS);
  assert.deepEqual(Object.keys(wasi.newInstance().imports.wasi_snapshot_preview1!), ['random_get', 'proc_exit']);
});

test('an import that is not granted is refused by name, and one that takes the folder says so', async () => {
  await assert.rejects(createWasi(importing(['thread-spawn']), SETTINGS), /wasi_snapshot_preview1\.thread-spawn/);
  const withoutFolder = createWasi(importing(['path_open']), SETTINGS);
  await assert.rejects(withoutFolder, (error: Error & { hint?: string }) => /"folder"/.test(error.hint ?? ''));
});

test('a command is refused: modules are reactors', async () => {
  await assert.rejects(createWasi(importing(['proc_exit'], ['_start']), SETTINGS), /a command \(export _start\) found/);
});

test('there are no arguments and no variables', async () => {
  const { call, view } = await startGuest();
  for (const name of ['args_sizes_get', 'environ_sizes_get']) {
    view.setBigUint64(64, ~0n & 0xffffffffffffffffn, true);
    assert.equal(call[name]!(64, 68), 0);
    assert.equal(view.getBigUint64(64, true), 0n);
  }
  assert.equal(call.args_get!(0, 0), 0);
});

test('the two clocks are those of the gateway, in whole milliseconds; there are no others', async () => {
  const { call, view } = await startGuest();
  assert.equal(call.clock_time_get!(0, 0n, 64), 0);
  assert.equal(view.getBigUint64(64, true), 1_700_000_000_123_000_000n);
  assert.equal(call.clock_time_get!(1, 0n, 64), 0);
  assert.equal(view.getBigUint64(64, true), 5_000_000_000n);
  assert.equal(call.clock_res_get!(1, 64), 0);
  assert.equal(view.getBigUint64(64, true), 1_000_000n);
  for (const clock of [2, 3, 4, -1, 2 ** 31 - 1]) assert.equal(call.clock_time_get!(clock, 0n, 64), ERRNO.inval);
});

test('random octets come in portions, and a huge length takes no time', async () => {
  const asked: number[] = [];
  const { call } = await startGuest({ fillRandom: (octets) => asked.push(octets.fill(7).length) });
  assert.equal(call.random_get!(64, 65_536), 0);
  for (const length of [65_537, MEMORY_BYTES, -1]) assert.equal(call.random_get!(64, length), ERRNO.inval);
  assert.deepEqual(asked, [65_536]);
});

test('proc_exit ends the instance with an error of its own kind', async () => {
  const { call } = await startGuest();
  assert.throws(
    () => call.proc_exit!(3),
    (error) => error instanceof ModuleExited && error.exitCode === 3,
  );
  assert.throws(() => call.proc_exit!(-1), /guest: it ended itself \(proc_exit\) with code 4294967295/);
});

test('poll_oneoff reports clocks that are due and never waits', async () => {
  const guest = await startGuest();
  const poll = (tag: number, timeout: bigint, { isAbsolute = false, clock = 0, count = 1 } = {}) => {
    guest.octets(1024, 48).fill(0);
    const { view } = guest;
    view.setBigUint64(1024, 77n, true);
    view.setUint8(1032, tag);
    view.setUint32(1040, clock, true);
    view.setBigUint64(1048, timeout, true);
    view.setUint16(1064, isAbsolute ? 1 : 0, true);
    return guest.call.poll_oneoff!(1024, 2048, count, 4096);
  };
  assert.equal(poll(0, 0n), 0);
  assert.deepEqual([guest.view.getUint32(4096, true), guest.view.getBigUint64(2048, true)], [1, 77n]);
  assert.equal(poll(0, 1_000_000_000_000_000_000n, { isAbsolute: true }), 0, 'long past');
  assert.equal(poll(0, 1n), ERRNO.notsup, 'one nanosecond');
  assert.equal(poll(0, ~0n & 0x7fffffffffffffffn), ERRNO.notsup, 'for ever');
  assert.equal(poll(0, 5_000_000_001n, { isAbsolute: true, clock: 1 }), ERRNO.notsup, 'a moment to come');
  for (const tag of [1, 2, 255]) assert.equal(poll(tag, 0n), ERRNO.notsup, 'a descriptor');
  for (const count of [0, 65, -1]) assert.equal(poll(0, 0n, { count }), ERRNO.inval);
});

test('sockets are not supported', async () => {
  const { call } = await startGuest();
  for (const name of ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown']) {
    assert.equal(call[name]!(3, 0, 0, 0, 0, 0), ERRNO.notsup);
  }
});
