import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRNO } from '../../../../gateway/src/adapters/wasm/wasi/abi.ts';
import { OPEN_MAX } from '../../../../gateway/src/adapters/wasm/wasi/descriptors.ts';
import { FOLDER_LIMITS, RESERVED_NAME } from '../../../../gateway/src/adapters/wasm/wasi/folder-nodes.ts';
import { FolderTree } from '../../../../gateway/src/adapters/wasm/wasi/folder-tree.ts';
import { newGuest, O, PAGE, READ, startGuest, startWithFolder } from './guest.ts';

test('no path leads out of the folder', async (t) => {
  const guest = await startWithFolder(t);
  writeFileSync(join(guest.path, '../tidegate-wasi-outside'), 'outside');
  guest.at('path_create_directory', 'd');
  const paths = [
    '/etc/passwd',
    '/',
    '/data/x',
    '..',
    '../x',
    'd/../../x',
    './../x',
    'd/./../../x',
    '../tidegate-wasi-outside',
    '//x',
  ];
  for (const path of paths) {
    assert.equal(guest.open(path, O.create), -ERRNO.notcapable, path);
    for (const name of ['path_create_directory', 'path_unlink_file', 'path_remove_directory'])
      assert.equal(guest.at(name, path), ERRNO.notcapable, `${name} ${path}`);
    assert.equal(guest.rename('d', path), ERRNO.notcapable);
    assert.equal(guest.rename(path, 'y'), ERRNO.notcapable);
  }
  assert.equal(guest.open('d/..', O.directory, { rights: READ }), 4, 'the way back is no way out');
  assert.equal(guest.open('none/../x', O.create), -ERRNO.noent);
});

test('names that would mean something else to the host are refused', async (t) => {
  const guest = await startWithFolder(t);
  assert.equal(guest.open('', O.create), -ERRNO.noent);
  assert.equal(guest.open('a\0b', O.create), -ERRNO.inval);
  for (const name of ['a\nb', 'a\x7fb', RESERVED_NAME]) assert.equal(guest.open(name, O.create), -ERRNO.acces, name);
  assert.equal(guest.open('x'.repeat(65), O.create), -ERRNO.nametoolong);
  assert.equal(guest.open('ä'.repeat(33), O.create), -ERRNO.nametoolong, 'octets, not characters');
  assert.equal(guest.open(`${'./'.repeat(256)}x`, O.create), -ERRNO.nametoolong);
  guest.octets(0, 2).set([0xc3, 0x28]);
  assert.equal(guest.call.path_unlink_file!(3, 0, 2), ERRNO.ilseq);
  assert.equal(guest.call.path_unlink_file!(3, 0, -1), ERRNO.fault);
});

test('there are no links', async (t) => {
  const guest = await startWithFolder(t);
  guest.write(guest.open('f', O.create), 'x');
  assert.equal(guest.call.path_symlink!(0, 1, 3, 0, 1), ERRNO.notsup);
  assert.equal(guest.call.path_link!(3, 0, 0, 1, 3, 0, 1), ERRNO.notsup);
  assert.equal(guest.at('path_readlink', 'f'), ERRNO.inval);
});

test('descriptors run out at the bound, and come back when they are closed', async (t) => {
  const guest = await startWithFolder(t);
  for (let i = 0; i < OPEN_MAX; i++) assert.equal(guest.open('same', O.create), 4 + i);
  for (let i = 0; i < 1000; i++) assert.equal(guest.open('other', O.create), -ERRNO.mfile);
  assert.deepEqual(guest.list(3), ['.', '..', 'same'], 'an open that failed has made nothing');
  assert.equal(guest.call.fd_close!(20), 0);
  assert.equal(guest.open('same'), 20);
});

test('the standard streams and the folder cannot be closed, moved or covered', async (t) => {
  const guest = await startWithFolder(t);
  const fd = guest.open('f', O.create);
  for (const fixed of [0, 1, 2, 3]) {
    assert.equal(guest.call.fd_close!(fixed), ERRNO.notsup);
    assert.equal(guest.call.fd_renumber!(fd, fixed), ERRNO.notsup);
    assert.equal(guest.call.fd_renumber!(fixed, fd), ERRNO.notsup);
  }
  for (const none of [5, -1, 1_000_000]) assert.equal(guest.call.fd_renumber!(fd, none), ERRNO.badf);
  assert.equal(guest.open('f'), 5);
});

test('all files together never hold more than is granted', async (t) => {
  const guest = await startWithFolder(t, 100_000);
  const [a, b] = [guest.open('a', O.create), guest.open('b', O.create)];
  assert.equal(guest.write(a, Buffer.alloc(60_000)), 60_000);
  assert.equal(guest.write(b, Buffer.alloc(40_001)), -ERRNO.nospc);
  assert.equal(guest.size(b), 0, 'nothing of a write that does not fit');
  assert.equal(guest.write(b, Buffer.alloc(40_000)), 40_000);
  assert.equal(guest.write(b, 'x'), -ERRNO.nospc);
  assert.equal(guest.write(b, 'x', 39_999n), 1, 'over what stands there');
  for (const size of [40_001n, 1n << 40n, (1n << 63n) - 1n, -1n])
    assert.equal(guest.call.fd_filestat_set_size!(b, size), ERRNO.nospc);
  assert.equal(guest.call.fd_allocate!(b, 1n << 40n, 1n), ERRNO.nospc);
  assert.equal(guest.call.fd_allocate!(b, -1n, 5n), ERRNO.inval);
  assert.equal(guest.write(b, 'x', (1n << 53n) - 1n), -ERRNO.nospc);
  assert.equal(guest.write(b, 'x', 1n << 62n), -ERRNO.inval);
  guest.seek(b, 1n << 40n);
  assert.equal(guest.write(b, 'x'), -ERRNO.nospc, 'far beyond the end');
  assert.equal(guest.at('path_unlink_file', 'a'), 0);
  assert.equal(guest.write(b, 'x', 40_000n), -ERRNO.nospc, 'a file that is open still counts');
  guest.call.fd_close!(a);
  assert.equal(guest.write(b, 'x', 40_000n), 1);
});

test('buffers that overlap many times over cannot be used to write more than is granted', async (t) => {
  const guest = await startWithFolder(t, 1 << 20);
  const fd = guest.open('bomb', O.create);
  for (let i = 0; i < 64; i++) {
    guest.view.setUint32(4096 + 8 * i, 0, true);
    guest.view.setUint32(4100 + 8 * i, 30 * PAGE, true);
  }
  assert.equal(guest.call.fd_write!(fd, 4096, 64, 512), ERRNO.nospc);
  assert.equal(guest.size(fd), 0);
});

test('there are at most 64 files and folders, not too deep, and a loop of making and removing leaves nothing', async (t) => {
  const guest = await startWithFolder(t);
  for (let i = 0; i < FOLDER_LIMITS.entries; i++) assert.equal(guest.call.fd_close!(guest.open(`f${i}`, O.create)), 0);
  assert.equal(guest.open('one-more', O.create), -ERRNO.nospc);
  assert.equal(guest.at('path_create_directory', 'one-more'), ERRNO.nospc);
  for (let i = 0; i < FOLDER_LIMITS.entries; i++) guest.at('path_unlink_file', `f${i}`);
  for (let i = 0; i < 10_000; i++) {
    const fd = guest.open('churn', O.create);
    guest.write(fd, 'x');
    guest.at('path_unlink_file', 'churn');
    assert.equal(guest.call.fd_close!(fd), 0);
  }
  for (const path of ['a', 'a/b', 'a/b/c']) assert.equal(guest.at('path_create_directory', path), 0);
  assert.equal(guest.at('path_create_directory', 'a/b/c/d'), ERRNO.nametoolong);
  assert.equal(guest.open('a/b/c/f', O.create), 4);
  guest.at('path_create_directory', 'top');
  assert.equal(guest.rename('a', 'top/a'), ERRNO.nametoolong, 'nor by moving');
});

test('a tree holds at most twice what its files hold, and gives room back', () => {
  const tree = new FolderTree(1 << 20, () => 0);
  const files = Array.from({ length: 64 }, (_, i) => tree.makeFile(tree.top, `f${i}`));
  const held = () => files.reduce((sum, { octets }) => sum + octets.buffer.byteLength, 0);
  for (let size = 1; size <= 16_384; size += 777) {
    for (const shrunk of [size, Math.ceil(size * 0.7), Math.ceil(size * 0.3)]) {
      for (const file of files) tree.resize(file, shrunk);
      assert.ok(held() <= 2 * tree.bytes, `${held()} octets held for ${tree.bytes}`);
    }
  }
  for (const file of files) tree.resize(file, 0);
  assert.deepEqual([tree.bytes, held()], [0, 0]);
  for (const [i, file] of files.entries()) tree.removeFile(tree.top, `f${i}`, file);
  assert.equal(tree.entries, 0);
});

test('one module does not see what another wrote', async (t) => {
  const [one, other] = [await startWithFolder(t), await startWithFolder(t)];
  one.write(one.open('mine', O.create), 'secret');
  await one.wasi.flush();
  assert.deepEqual(other.list(3), ['.', '..']);
  assert.equal(other.open('mine'), -ERRNO.noent);
  assert.deepEqual(readdirSync(other.path), []);
});

test('the calls that take a folder are not there without one', async () => {
  const { call } = await startGuest();
  const names = Object.keys(call).filter((name) => name.startsWith('path_'));
  assert.deepEqual(names, []);
});

test('an instance that has trapped leaves its files, and nothing open, to the next', async (t) => {
  const first = await startWithFolder(t, 1000);
  for (let i = 0; i < OPEN_MAX; i++) first.open('kept', O.create);
  first.write(4, 'kept');
  assert.equal(first.call.fd_close!(5), 0);
  first.write(first.open('removed', O.create), Buffer.alloc(900));
  first.at('path_unlink_file', 'removed');
  const second = newGuest(first.wasi, first.module);
  assert.deepEqual(second.list(3), ['.', '..', 'kept']);
  assert.equal(second.read(second.open('kept')), 'kept');
  assert.equal(
    second.write(second.open('new', O.create), Buffer.alloc(996)),
    996,
    'the room of what was removed is back',
  );
  for (let i = 0; i < OPEN_MAX - 2; i++) assert.ok(second.open('kept') > 0);
});

test('a module that is made anew again and again has no new budget for its lines', async () => {
  const first = await startGuest({ logBytesPerSec: 100 });
  for (let i = 0; i < 50; i++) newGuest(first.wasi, first.module).write(1, 'panicked at line 1\n');
  assert.equal(first.lines.length, 5);
});
