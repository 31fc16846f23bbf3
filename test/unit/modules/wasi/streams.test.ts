import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO } from '../../../../gateway/src/adapters/wasm/wasi/abi.ts';
import { MEMORY_BYTES, PAGE, startGuest } from './guest.ts';

test('what a module prints comes out as lines, errors as warnings', async () => {
  const guest = await startGuest();
  assert.equal(guest.write(1, 'first '), 6);
  assert.deepEqual(guest.lines, [], 'a line that has only begun');
  guest.write(1, 'line\nsecond\n\nthird');
  guest.write(2, 'trouble\n');
  assert.deepEqual(guest.lines, ['info first line', 'info second', 'warn trouble']);
  await guest.wasi.flush();
  assert.equal(guest.lines.length, 3, 'a flush does not break a line');
  await guest.wasi.close();
  assert.deepEqual(guest.lines.slice(3), ['info third']);
});

test('a line ends after 1,024 octets; the rest of it is counted', async () => {
  const guest = await startGuest();
  guest.write(1, 'x'.repeat(3000));
  guest.write(1, `${'y'.repeat(500)}\nnext\n`);
  assert.deepEqual(guest.lines, [`info ${'x'.repeat(1024)}`, 'info next']);
  assert.equal(guest.wasi.droppedLogBytes, 3000 - 1024 + 500);
});

test('a flood is held to its rate, is counted, and is told that it was written', async () => {
  let nowMs = 0;
  const guest = await startGuest({ logBytesPerSec: 1000, monotonicMs: () => nowMs });
  const line = `${'z'.repeat(99)}\n`;
  for (let i = 0; i < 5000; i++) assert.equal(guest.write(1, line), 100);
  assert.equal(guest.lines.length, 10);
  assert.equal(guest.wasi.droppedLogBytes, 99 * 4990);
  nowMs = 500;
  for (let i = 0; i < 5000; i++) guest.write(1, line);
  assert.equal(guest.lines.length, 15, 'half a second later');
  nowMs = 3_600_000;
  for (let i = 0; i < 5000; i++) guest.write(1, line);
  assert.equal(guest.lines.length, 25, 'an hour of silence does not save up');
});

test('of one call at most 64 KiB are looked at', async () => {
  const guest = await startGuest();
  assert.equal(guest.write(1, '\n'.repeat(20 * PAGE)), 20 * PAGE);
  assert.equal(guest.wasi.droppedLogBytes, 19 * PAGE);
});

test('without the capability log nothing comes out', async () => {
  const guest = await startGuest({ log: undefined });
  assert.equal(guest.write(1, 'hello\n'), 6);
  assert.equal(guest.wasi.droppedLogBytes, 5);
});

test('a module cannot forge lines or steer a terminal', async () => {
  const guest = await startGuest();
  guest.write(1, Buffer.from([...Buffer.from('\x1b[2Jok\rno\u2028x\0'), 0xff, 10]));
  assert.deepEqual(guest.lines, ['info  [2Jok no x \ufffd']);
});

test('standard input is at its end, and streams are no files', async () => {
  const guest = await startGuest();
  assert.equal(guest.read(0), '');
  assert.equal(guest.seek(1, 0n), -ERRNO.spipe);
  assert.equal(guest.write(0, 'x'), -ERRNO.spipe);
  assert.equal(guest.read(1), -ERRNO.spipe);
  for (const fd of [0, 1, 2]) {
    assert.equal(guest.call.fd_close!(fd), ERRNO.notsup);
    assert.equal(guest.call.fd_fdstat_get!(fd, 64), 0);
    assert.equal(guest.view.getUint8(64), 2, 'a character device: C libraries then write line by line');
  }
});

test('without a folder there is no descriptor beyond the streams', async () => {
  const { call } = await startGuest();
  for (const fd of [3, 4, 100, -1, 2 ** 31 - 1]) {
    assert.equal(call.fd_prestat_get!(fd, 64), ERRNO.badf);
    assert.equal(call.fd_prestat_dir_name!(fd, 64, 5), ERRNO.badf);
    assert.equal(call.fd_close!(fd), ERRNO.badf);
    assert.equal(call.fd_write!(fd, 64, 0, 64), ERRNO.badf);
  }
});

test('every offset outside of the memory is EFAULT, wherever it stands', async () => {
  const guest = await startGuest();
  const end = guest.memory.buffer.byteLength;
  for (const at of [end - 3, end, -1, -4, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.equal(guest.call.clock_time_get!(0, 0n, at), ERRNO.fault);
    assert.equal(guest.call.fd_write!(1, at, 1, 64), ERRNO.fault);
    assert.equal(guest.call.fd_fdstat_get!(1, at), ERRNO.fault);
    assert.equal(guest.call.random_get!(at, 8), ERRNO.fault);
    assert.equal(guest.call.poll_oneoff!(at, 64, 1, 64), ERRNO.fault);
    assert.equal(guest.call.fd_read!(0, 64, 0, at), ERRNO.fault);
  }
  for (const [at, length] of [
    [0, -1],
    [end - 1, 2],
    [-1, -1],
    [end, 1],
  ] as const) {
    guest.view.setUint32(4096, at, true);
    guest.view.setUint32(4100, length, true);
    assert.equal(guest.call.fd_write!(1, 4096, 1, 64), ERRNO.fault, 'a buffer');
  }
  for (const count of [65, -1, 2 ** 31 - 1]) assert.equal(guest.call.fd_write!(1, 4096, count, 64), ERRNO.inval);
});

test('memory that has grown counts from then on', async () => {
  const guest = await startGuest();
  assert.equal(guest.call.clock_time_get!(0, 0n, MEMORY_BYTES), ERRNO.fault);
  guest.memory.grow(1);
  assert.equal(guest.call.clock_time_get!(0, 0n, MEMORY_BYTES), 0);
  assert.equal(guest.view.getBigUint64(MEMORY_BYTES, true), 1_700_000_000_123_000_000n);
  assert.equal(guest.call.clock_time_get!(0, 0n, MEMORY_BYTES + PAGE - 7), ERRNO.fault);
});
