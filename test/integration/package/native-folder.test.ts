/** Where native parts are put: on real mounts, as a read-only root, a full disk or a wrong owner would have it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { isNoexec } from '../../../gateway/src/main/assets/mount-options.ts';
import { chooseNativeFolder } from '../../../gateway/src/main/assets/native-folder.ts';
import { fileNameOf, type NativePart, placeNativePart } from '../../../gateway/src/main/assets/native-part.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PART = partOf(Buffer.alloc(300_000, 'native'));
const asRoot = { skip: process.getuid?.() !== 0 && 'mounts and other owners need root' };

function partOf(octets: Buffer): NativePart {
  return { name: 'part', sha256: createHash('sha256').update(octets).digest('hex'), octets: () => octets };
}

function own(path: string) {
  return { path, from: 'the test', isShipped: false };
}

/** A tmpfs for one test. */
function mount(folder: string, options: string): Disposable {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  return { [Symbol.dispose]: () => void execFileSync('umount', [folder]) };
}

function refusal(code: string, ...texts: RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, code);
    for (const text of texts) assert.match(`${error.message} / ${error.hint}`, text);
    return true;
  };
}

test('a part is written whole, for its owner only, and not again while it is intact', () => {
  using folder = temporaryFolder();
  const path = placeNativePart(PART, own(join(folder.path, 'native')));
  assert.equal(path, join(folder.path, 'native', fileNameOf(PART)));
  assert.equal(statSync(path).mode & 0o777, 0o500);
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  assert.deepEqual(readFileSync(path), PART.octets());
  assert.deepEqual(readdirSync(join(path, '..')), [fileNameOf(PART)], 'nothing temporary is left');
  const first = statSync(path).ino;
  placeNativePart(PART, own(join(folder.path, 'native')));
  assert.equal(statSync(path).ino, first);
});

test('a part that was altered on disk is written anew', () => {
  using folder = temporaryFolder();
  const path = placeNativePart(PART, own(join(folder.path, 'native')));
  chmodSync(path, 0o700);
  writeFileSync(path, Buffer.alloc(300_000, 'Native'));
  placeNativePart(PART, own(join(folder.path, 'native')));
  assert.deepEqual(readFileSync(path), PART.octets());
});

test('a link or a pipe in the place of a part is replaced, not followed or waited for', { timeout: 10_000 }, () => {
  using folder = temporaryFolder();
  const native = join(folder.path, 'native');
  const path = placeNativePart(PART, own(native));
  const elsewhere = join(folder.path, 'elsewhere');
  renameSync(path, elsewhere);
  symlinkSync(elsewhere, path);
  placeNativePart(PART, own(native));
  assert.ok(lstatSync(path).isFile(), 'what a link leads to may be changed by others');
  rmSync(path);
  execFileSync('mkfifo', [path]);
  placeNativePart(PART, own(native));
  assert.deepEqual(readFileSync(path), PART.octets());
});

test('of earlier versions two stay, and what a killed process left goes', () => {
  using folder = temporaryFolder();
  const native = join(folder.path, 'native');
  const old = [1, 2, 3, 4].map((n) => partOf(Buffer.alloc(10, String(n))));
  for (const [i, part] of old.entries()) utimesSync(placeNativePart(part, own(native)), i + 1, i + 1);
  writeFileSync(join(native, '.part.1.0.tmp'), 'half');
  utimesSync(join(native, '.part.1.0.tmp'), 1, 1);
  placeNativePart(PART, own(native));
  assert.deepEqual(readdirSync(native).sort(), [old[2]!, old[3]!, PART].map(fileNameOf).sort());
});

test('a file system mounted noexec is refused before the loader meets it', asRoot, () => {
  using folder = temporaryFolder();
  using _ = mount(join(folder.path, 'm'), 'noexec,mode=0700');
  assert.equal(isNoexec(join(folder.path, 'm')), true);
  assert.equal(isNoexec(folder.path), false);
  assert.throws(
    () => placeNativePart(PART, own(join(folder.path, 'm', 'native'))),
    refusal('unavailable', /mounted noexec/, /TIDEGATE_NATIVE_DIR/),
  );
});

test('a full disk is told as such, and leaves nothing behind', asRoot, () => {
  using folder = temporaryFolder();
  using _ = mount(join(folder.path, 'm'), 'size=64k,mode=0700');
  const native = join(folder.path, 'm', 'native');
  assert.throws(() => placeNativePart(PART, own(native)), refusal('exhausted', /the disk is full/, /Free 1 MiB/));
  assert.deepEqual(readdirSync(native), []);
});

test('a read-only file system is told as such', asRoot, () => {
  using folder = temporaryFolder();
  using _ = mount(join(folder.path, 'm'), 'ro');
  assert.throws(
    () => placeNativePart(PART, own(join(folder.path, 'm', 'native'))),
    refusal('unavailable', /not writable \(EROFS\)/, /TIDEGATE_NATIVE_DIR/),
  );
});

test('a folder that others may write to is refused', () => {
  using folder = temporaryFolder();
  const native = join(folder.path, 'native');
  mkdirSync(native);
  chmodSync(native, 0o777);
  assert.throws(() => placeNativePart(PART, own(native)), refusal('denied', /mode 0777 found/, /chmod 0700/));
});

test("another user's folder is refused", asRoot, () => {
  using folder = temporaryFolder();
  const native = join(folder.path, 'native');
  mkdirSync(native, { mode: 0o700 });
  chownSync(native, 65_534, 65_534);
  assert.throws(
    () => placeNativePart(PART, own(native)),
    refusal('denied', /user 65534 found/, /sudo -u nobody tidegate/),
  );
});

test('the place is chosen in the documented order', () => {
  using folder = temporaryFolder();
  const beside = join(folder.path, 'beside');
  const choose = (env: NodeJS.ProcessEnv, near?: string) => chooseNativeFolder(PART, { env, beside, near }).path;
  const all = {
    TIDEGATE_NATIVE_DIR: '/named',
    STATE_DIRECTORY: '/state:/second',
    XDG_CACHE_HOME: '/xdg',
    HOME: '/home/a',
  };
  const without = (...names: (keyof typeof all)[]) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name as keyof typeof all)));
  assert.equal(choose(all, '/near'), '/named');
  assert.equal(choose(without('TIDEGATE_NATIVE_DIR'), '/near'), '/near/native');
  assert.equal(choose(without('TIDEGATE_NATIVE_DIR')), '/state/native');
  assert.equal(choose(without('TIDEGATE_NATIVE_DIR', 'STATE_DIRECTORY')), '/xdg/tidegate/native');
  assert.equal(choose({ HOME: '/home/a' }), '/home/a/.cache/tidegate/native');
  assert.equal(
    choose({ HOME: 'here' }),
    resolve('here/.cache/tidegate/native'),
    'the loader takes absolute paths only',
  );
  assert.throws(() => choose({}), refusal('unavailable', /no folder/, /TIDEGATE_NATIVE_DIR/));

  mkdirSync(beside, 0o755);
  writeFileSync(join(beside, fileNameOf(PART)), 'another version', { mode: 0o644 });
  assert.equal(choose({}, '/near'), '/near/native', 'a file that is not the part does not count');
  writeFileSync(join(beside, fileNameOf(PART)), PART.octets());
  assert.equal(choose({}, '/near'), beside);
});

test('parts beside the executable that others could exchange do not count', asRoot, () => {
  using folder = temporaryFolder();
  const open = join(folder.path, 'open');
  const beside = join(open, 'native');
  const file = join(beside, fileNameOf(PART));
  const choose = () => chooseNativeFolder(PART, { env: {}, beside, near: '/near' }).path;
  mkdirSync(beside, { recursive: true, mode: 0o755 });
  writeFileSync(file, PART.octets(), { mode: 0o644 });
  chmodSync(open, 0o1777);
  assert.equal(choose(), beside, 'a sticky folder above, such as /tmp, does no harm');
  chmodSync(open, 0o777);
  assert.equal(choose(), '/near/native', 'the folder could be exchanged');
  chmodSync(open, 0o755);
  chownSync(beside, 65_534, 65_534);
  assert.equal(choose(), '/near/native', 'the folder is of another user');
  chownSync(beside, 0, 0);
  chmodSync(beside, 0o775);
  assert.equal(choose(), '/near/native', 'a group may write to the folder');
  chmodSync(beside, 0o755);
  chownSync(file, 65_534, 65_534);
  assert.equal(choose(), '/near/native', 'the file is of another user');
  chownSync(file, 0, 0);
  assert.equal(choose(), beside);
});

test('a link beside the executable is followed once', () => {
  using folder = temporaryFolder();
  const real = join(folder.path, 'real');
  mkdirSync(real, 0o755);
  writeFileSync(join(real, fileNameOf(PART)), PART.octets(), { mode: 0o644 });
  symlinkSync(real, join(folder.path, 'native'));
  const chosen = chooseNativeFolder(PART, { env: {}, beside: join(folder.path, 'native'), near: undefined });
  assert.equal(chosen.path, real, 'who turns the link elsewhere later changes nothing');
});
