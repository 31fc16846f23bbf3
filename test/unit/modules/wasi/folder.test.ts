import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRNO } from '../../../../gateway/src/adapters/wasm/wasi/abi.ts';
import { APPEND, O, READ, startWithFolder, WRITE } from './guest.ts';

test('the folder is preopened as /data, on descriptor 3 and no other', async (t) => {
  const { call, view, octets } = await startWithFolder(t).then((guest) => ({
    call: guest.call,
    view: guest.view,
    octets: (at: number, length: number) => guest.octets(at, length).toString(),
  }));
  assert.equal(call.fd_prestat_get!(3, 64), 0);
  assert.deepEqual([view.getUint32(64, true), view.getUint32(68, true)], [0, 5]);
  assert.equal(call.fd_prestat_dir_name!(3, 128, 4), ERRNO.nametoolong);
  assert.equal(call.fd_prestat_dir_name!(3, 128, 5), 0);
  assert.equal(octets(128, 5), '/data');
  for (const fd of [-1, 0, 1, 2, 4, 5, 2 ** 31 - 1]) assert.equal(call.fd_prestat_get!(fd, 64), ERRNO.badf);
});

test('what was written is read back, from any offset and through any descriptor', async (t) => {
  const guest = await startWithFolder(t);
  const fd = guest.open('a', O.create);
  assert.equal(guest.write(fd, 'hello world'), 11);
  assert.equal(guest.seek(fd, 0n), 0);
  assert.equal(guest.read(fd, 5), 'hello');
  assert.equal(guest.read(fd), ' world');
  assert.equal(guest.read(fd), '');
  assert.equal(guest.write(fd, 'W', 6n), 1, 'over what stands there');
  assert.equal(guest.read(fd, 100, 0n), 'hello World');
  assert.equal(guest.read(guest.open('a')), 'hello World');
  assert.equal(guest.seek(fd, -5n, 2), 6);
  assert.equal(guest.seek(fd, -100n, 1), -ERRNO.inval);
  assert.equal(guest.seek(fd, 0n, 3), -ERRNO.inval);
  assert.equal(guest.call.fd_tell!(fd, 64), 0);
  assert.equal(guest.view.getBigUint64(64, true), 6n);
});

test('a gap is zeros, also after a file was cut', async (t) => {
  const guest = await startWithFolder(t);
  const fd = guest.open('gap', O.create);
  guest.write(fd, 'secret');
  assert.equal(guest.call.fd_filestat_set_size!(fd, 1n), 0);
  assert.equal(guest.write(fd, 'Z', 8n), 1);
  assert.equal(guest.read(fd, 100, 0n), 's\0\0\0\0\0\0\0Z');
  assert.equal(guest.call.fd_allocate!(fd, 8n, 4n), 0);
  assert.equal(guest.size(fd), 12);
  assert.equal(guest.call.fd_filestat_set_size!(fd, 0n), 0);
  assert.equal(guest.call.fd_filestat_set_size!(fd, 3n), 0);
  assert.equal(guest.read(fd, 100, 0n), '\0\0\0');
  guest.write(fd, 'private', 0n);
  for (const size of [6n, 7n]) assert.equal(guest.call.fd_filestat_set_size!(fd, size), 0);
  assert.equal(guest.read(fd, 100, 0n), 'privat\0', 'cut by so little that it stays where it is');
});

test('append writes at the end, wherever one has read', async (t) => {
  const guest = await startWithFolder(t);
  const fd = guest.open('log', O.create, { flags: APPEND });
  guest.write(fd, 'one,');
  guest.seek(fd, 0n);
  assert.equal(guest.read(fd, 3), 'one');
  guest.write(fd, 'two');
  assert.equal(guest.read(fd, 100, 0n), 'one,two');
});

test('open creates, excludes, cuts and keeps to the rights it was given', async (t) => {
  const guest = await startWithFolder(t);
  assert.equal(guest.open('none'), -ERRNO.noent);
  guest.write(guest.open('f', O.create), 'content');
  assert.equal(guest.open('f', O.create | O.exclusive), -ERRNO.exist);
  assert.equal(guest.open('f', O.directory), -ERRNO.notdir);
  assert.equal(guest.open('f/x', O.create), -ERRNO.notdir);
  assert.equal(guest.open('f', O.truncate, { rights: READ }), -ERRNO.notcapable);
  assert.equal(guest.write(guest.open('f', 0, { rights: READ }), 'x'), -ERRNO.notcapable);
  assert.equal(guest.read(guest.open('f', 0, { rights: WRITE })), -ERRNO.notcapable);
  assert.equal(guest.read(guest.open('f')), 'content');
  assert.equal(guest.size(guest.open('f', O.truncate)), 0);
});

test('folders are made, listed, moved and removed', async (t) => {
  const guest = await startWithFolder(t);
  assert.equal(guest.at('path_create_directory', 'd'), 0);
  assert.equal(guest.at('path_create_directory', 'd'), ERRNO.exist);
  assert.equal(guest.at('path_create_directory', 'd/e/'), 0);
  assert.equal(guest.open('d/e', 0, { rights: WRITE }), -ERRNO.isdir);
  guest.call.fd_close!(guest.open('d/e/f', O.create));
  assert.equal(guest.at('path_remove_directory', 'd'), ERRNO.notempty);
  assert.equal(guest.at('path_unlink_file', 'd'), ERRNO.isdir);
  assert.equal(guest.at('path_remove_directory', 'd/e/f'), ERRNO.notdir);
  assert.equal(guest.rename('d', 'd/e/inside'), ERRNO.inval);
  assert.equal(guest.rename('d/e', 'moved'), 0);
  assert.deepEqual(guest.list(3), ['.', '..', 'd', 'moved']);
  const moved = guest.open('moved', O.directory, { rights: READ });
  assert.deepEqual(guest.list(moved), ['.', '..', 'f']);
  assert.equal(guest.open('../d', O.directory, { dir: moved, rights: READ }), -ERRNO.notcapable, 'not above it');
  assert.equal(guest.at('path_unlink_file', 'f', moved), 0);
  assert.equal(guest.at('path_remove_directory', 'moved'), 0);
  assert.equal(guest.open('late', O.create, { dir: moved }), -ERRNO.noent, 'nothing grows in what was removed');
});

test('a rename replaces a file, and an empty folder by a folder, and nothing else', async (t) => {
  const guest = await startWithFolder(t);
  guest.write(guest.open('new', O.create), 'new');
  guest.write(guest.open('old', O.create), 'old');
  const reader = guest.open('old');
  assert.equal(guest.rename('new', 'old'), 0);
  assert.equal(guest.read(guest.open('old')), 'new');
  assert.equal(guest.read(reader), 'old', 'who had it open goes on reading it');
  guest.call.fd_close!(guest.open('same', O.create));
  assert.equal(guest.rename('same', 'same'), 0);
  const same = guest.open('same');
  assert.equal(guest.write(same, 'there'), 5);
  guest.call.fd_close!(same);
  assert.equal(guest.read(guest.open('same')), 'there');
  assert.equal(guest.at('path_unlink_file', 'same'), 0);
  guest.at('path_create_directory', 'd');
  assert.equal(guest.rename('old', 'd'), ERRNO.isdir);
  assert.equal(guest.rename('d', 'old'), ERRNO.notdir);
  assert.equal(guest.rename('none', 'x'), ERRNO.noent);
  guest.at('path_create_directory', 'd2');
  guest.call.fd_close!(guest.open('d/f', O.create));
  assert.equal(guest.rename('d2', 'd'), ERRNO.notempty);
  assert.equal(guest.rename('d', 'd2'), 0);
  assert.deepEqual(guest.list(3), ['.', '..', 'old', 'd2']);
});

test('a listing read in small pieces, while files go, has every name once', async (t) => {
  const guest = await startWithFolder(t);
  const names = Array.from({ length: 40 }, (_, i) => `file-${i}`);
  for (const name of names) guest.call.fd_close!(guest.open(name, O.create));
  assert.deepEqual(guest.list(3, 64), ['.', '..', ...names]);
  assert.equal(guest.call.fd_readdir!(3, 0, 64, 0n, 512), 0);
  for (const name of names) guest.at('path_unlink_file', name);
  assert.equal(guest.call.fd_readdir!(3, 4096, 2048, 41n, 512), 0);
  assert.equal(guest.octets(4096 + 24, 7).toString(), 'file-39');
});

test('descriptors are the lowest that are free; renumber moves one over another', async (t) => {
  const guest = await startWithFolder(t);
  const [a, b] = [guest.open('a', O.create), guest.open('b', O.create)];
  assert.deepEqual([a, b], [4, 5]);
  guest.write(a, 'A');
  guest.write(b, 'B');
  assert.equal(guest.call.fd_renumber!(a, b), 0);
  assert.equal(guest.read(b, 9, 0n), 'A');
  assert.equal(guest.read(a), -ERRNO.badf);
  assert.equal(guest.open('b'), 4);
  guest.at('path_unlink_file', 'b');
  guest.call.fd_close!(4);
  assert.equal(
    guest.write(guest.open('c', O.create), Buffer.alloc((1 << 20) - 1)),
    (1 << 20) - 1,
    'b was closed by it',
  );
});
