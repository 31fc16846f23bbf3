import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RESERVED_NAME } from '../../../../gateway/src/adapters/wasm/wasi/folder-nodes.ts';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { type Guest, O, startGuest, startWithFolder } from './guest.ts';

const save = (guest: Guest, path: string, content: string) => {
  const fd = guest.open(path, O.create | O.truncate);
  assert.equal(guest.write(fd, content), content.length);
  guest.call.fd_close!(fd);
};

const onDisk = (path: string): Record<string, string> =>
  Object.fromEntries(
    fs
      .readdirSync(path, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => [
        name,
        fs.statSync(join(path, name)).isDirectory() ? '/' : fs.readFileSync(join(path, name), 'utf8'),
      ]),
  );

const restart = (path: string, bytes = 1 << 20) => startGuest({ folder: { path, bytes } });

test('files and folders are on disk after a flush, and back after a restart', async (t) => {
  const guest = await startWithFolder(t);
  assert.equal(guest.wasi.isDirty, false);
  save(guest, 'state', 'one');
  guest.at('path_create_directory', 'd');
  save(guest, 'd/log', 'lines');
  assert.equal(guest.wasi.isDirty, true);
  await guest.wasi.flush();
  assert.equal(guest.wasi.isDirty, false);
  assert.deepEqual(onDisk(guest.path), { d: '/', 'd/log': 'lines', state: 'one' });
  const again = await restart(guest.path);
  assert.equal(again.read(again.open('state')), 'one');
  assert.equal(again.read(again.open('d/log')), 'lines');
  assert.equal(again.wasi.isDirty, false);
});

test('what was removed, renamed and replaced is so on disk', async (t) => {
  const guest = await startWithFolder(t);
  for (const name of ['keep', 'gone', 'old', 'target']) save(guest, name, name);
  guest.at('path_create_directory', 'd');
  save(guest, 'd/f', 'inside');
  await guest.wasi.flush();
  const inode = fs.statSync(join(guest.path, 'keep')).ino;
  guest.at('path_unlink_file', 'gone');
  assert.equal(guest.rename('old', 'target'), 0);
  assert.equal(guest.rename('d', 'e'), 0);
  await guest.wasi.flush();
  assert.deepEqual(onDisk(guest.path), { e: '/', 'e/f': 'inside', keep: 'keep', target: 'old' });
  assert.equal(fs.statSync(join(guest.path, 'keep')).ino, inode, 'what has not changed is not written');
});

test('a file and a folder can change places', async (t) => {
  const guest = await startWithFolder(t);
  save(guest, 'x', 'file');
  guest.at('path_create_directory', 'y');
  save(guest, 'y/in', 'inside');
  await guest.wasi.flush();
  for (const [from, to] of [
    ['x', 'z'],
    ['y', 'x'],
    ['z', 'y'],
  ] as const)
    assert.equal(guest.rename(from, to), 0);
  await guest.wasi.flush();
  assert.deepEqual(onDisk(guest.path), { x: '/', 'x/in': 'inside', y: 'file' });
});

test('what is written during a flush belongs to the next one', async (t) => {
  const guest = await startWithFolder(t);
  save(guest, 'f', 'before');
  const flushing = guest.wasi.flush();
  save(guest, 'f', 'after!');
  await Promise.all([flushing, guest.wasi.flush()]);
  assert.deepEqual(onDisk(guest.path), { f: 'before' });
  assert.equal(guest.wasi.isDirty, true);
  await guest.wasi.flush();
  assert.deepEqual(onDisk(guest.path), { f: 'after!' });
});

test('closing writes what a flush under way has missed', async (t) => {
  const guest = await startWithFolder(t);
  save(guest, 'f', 'before');
  const flushing = guest.wasi.flush();
  save(guest, 'f', 'after!');
  await Promise.all([flushing, guest.wasi.close()]);
  assert.deepEqual(onDisk(guest.path), { f: 'after!' });
});

test('a flush that failed is made good by the next', async (t) => {
  const guest = await startWithFolder(t);
  save(guest, 'a', 'a');
  save(guest, 'b', 'b');
  fs.mkdirSync(join(guest.path, RESERVED_NAME)); // stands where the temporary file goes
  await assert.rejects(guest.wasi.flush(), (error) => error instanceof GatewayError && error.code === 'unavailable');
  assert.equal(guest.wasi.isDirty, true);
  fs.rmdirSync(join(guest.path, RESERVED_NAME));
  await guest.wasi.flush();
  assert.deepEqual(onDisk(guest.path), { a: 'a', b: 'b' });
});

test('fd_sync asks for a flush', async (t) => {
  const guest = await startWithFolder(t);
  const fd = guest.open('f', O.create);
  assert.equal(guest.wasi.isFlushWanted, false);
  assert.equal(guest.call.fd_sync!(fd), 0);
  assert.equal(guest.wasi.isFlushWanted, true);
  await guest.wasi.flush();
  assert.equal(guest.wasi.isFlushWanted, false);
});

test('a temporary file that a crash left behind is removed', async (t) => {
  const guest = await startWithFolder(t);
  fs.writeFileSync(join(guest.path, RESERVED_NAME), 'half');
  const again = await restart(guest.path);
  assert.deepEqual([again.list(3), fs.readdirSync(guest.path)], [['.', '..'], []]);
});

const FOREIGN: Record<string, (path: string) => void> = {
  'a symbolic link': (path) => fs.symlinkSync('/etc/hostname', join(path, 'link')),
  'a special file': (path) => execFileSync('mkfifo', [join(path, 'pipe')]),
  'a file with 2 names': (path) => {
    fs.writeFileSync(join(path, 'one'), '');
    fs.linkSync(join(path, 'one'), join(path, 'two'));
  },
  'a name no module can give': (path) => fs.writeFileSync(join(path, 'a\nb'), ''),
};

for (const [what, put] of Object.entries(FOREIGN)) {
  test(`${what} in the folder on disk keeps the module from starting`, async () => {
    using folder = temporaryFolder();
    fs.mkdirSync(join(folder.path, 'sub'));
    put(join(folder.path, 'sub'));
    const refused = (error: unknown) =>
      error instanceof GatewayError && error.code === 'denied' && error.message.includes(`${what} found`);
    await assert.rejects(restart(folder.path), refused);
  });
}

test('a folder that is itself a link is refused, whatever it points to', async () => {
  using folder = temporaryFolder();
  fs.symlinkSync('/', join(folder.path, 'link'));
  await assert.rejects(restart(join(folder.path, 'link')), /something else than a folder found/);
});

test('more on disk than is granted is refused before it is read', async () => {
  using folder = temporaryFolder();
  fs.writeFileSync(join(folder.path, 'huge'), '');
  fs.truncateSync(join(folder.path, 'huge'), 2 ** 40);
  await assert.rejects(restart(folder.path), /at most 1048576 octets in all files expected, 1099511627776 found/);
  fs.rmSync(join(folder.path, 'huge'));
  for (let i = 0; i < 65; i++) fs.writeFileSync(join(folder.path, `f${i}`), '');
  await assert.rejects(restart(folder.path), /at most 64 files and folders expected/);
  fs.mkdirSync(join(folder.path, 'f/a/b/c/d'), { recursive: true });
  for (let i = 0; i < 65; i++) fs.rmSync(join(folder.path, `f${i}`));
  await assert.rejects(restart(folder.path), /at most 4 levels expected/);
});
