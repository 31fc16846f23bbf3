import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { servicePlaces } from '../../../gateway/src/adapters/systemd/service-files.ts';
import {
  expectNoOther,
  installedPrefix,
  removeEnablement,
  unitsIn,
} from '../../../gateway/src/adapters/systemd/service-units.ts';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Puts a unit into an image. */
function put(root: string, path: string, executable: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `[Service]\nType=notify\nExecStart=${executable} run\n`);
}

function link(root: string, target: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

/** What is said of an installation; undefined when it may go on. */
function refusal(root: string, prefix: string): GatewayError | undefined {
  try {
    expectNoOther(root, servicePlaces(prefix));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof GatewayError && error.code === 'conflict');
    return error;
  }
}

test('an installation that another unit would hide, or that would hide another, is refused and both are named', () => {
  using folder = temporaryFolder();
  const root = folder.path;
  put(root, '/etc/systemd/system/tidegate.service', '/opt/x/bin/tidegate');
  const hidden = refusal(root, '/usr/local')!;
  assert.match(
    hidden.message,
    /\/etc\/systemd\/system\/tidegate\.service starts \/opt\/x\/bin\/tidegate: it would hide /,
  );
  assert.match(hidden.hint!, /--prefix \/opt\/x, or first: tidegate uninstall --prefix \/opt\/x --root /);
  assert.equal(refusal(root, '/opt/x'), undefined, 'the same again');
  assert.equal(refusal(root, '/opt/y'), undefined, 'it replaces the file');
  using other = temporaryFolder();
  put(other.path, '/usr/local/lib/systemd/system/tidegate.service', '/usr/local/bin/tidegate');
  assert.match(refusal(other.path, '/opt/x')!.message, /it would be hidden by the unit to be written, \/etc/);
  assert.match(refusal(other.path, '/usr')!.message, /it would hide the unit to be written, \/usr\/lib/);
  using foreign = temporaryFolder();
  put(foreign.path, '/lib/systemd/system/tidegate.service', '/usr/sbin/other');
  assert.equal(refusal(foreign.path, '/usr')!.hint, 'Remove it first.');
});

test("an operator's copy of the unit, a masked one and one folder with two names are no other installation", () => {
  using folder = temporaryFolder();
  const root = folder.path;
  put(root, '/usr/lib/systemd/system/tidegate.service', '/usr/bin/tidegate');
  link(root, 'usr/lib', '/lib');
  assert.deepEqual(
    unitsIn(root).map(({ path }) => path),
    ['/usr/lib/systemd/system/tidegate.service'],
  );
  put(root, '/etc/systemd/system/tidegate.service', '/usr/bin/tidegate');
  assert.equal(refusal(root, '/usr'), undefined);
  using masked = temporaryFolder();
  link(masked.path, '/dev/null', '/etc/systemd/system/tidegate.service');
  assert.equal(refusal(masked.path, '/usr/local'), undefined);
  assert.equal(installedPrefix(masked.path), undefined);
});

test('the installation that runs is found by its unit', () => {
  using folder = temporaryFolder();
  const root = folder.path;
  assert.equal(installedPrefix(root), undefined);
  put(root, '/usr/lib/systemd/system/tidegate.service', '/usr/bin/tidegate');
  assert.equal(installedPrefix(root), '/usr');
  put(root, '/etc/systemd/system/tidegate.service', '/usr/sbin/other');
  assert.equal(installedPrefix(root), '/usr', 'what install cannot have written is passed over');
  put(root, '/etc/systemd/system/tidegate.service', '/opt/x/bin/tidegate');
  assert.equal(installedPrefix(root), '/opt/x');
});

test('what systemctl enable made in an image is removed, whether it leads anywhere or not, and nothing else', () => {
  using folder = temporaryFolder();
  const wants = '/etc/systemd/system/multi-user.target.wants';
  link(folder.path, '/usr/lib/systemd/system/tidegate.service', `${wants}/tidegate.service`);
  link(folder.path, '/usr/lib/systemd/system/ssh.service', `${wants}/ssh.service`);
  assert.deepEqual(removeEnablement(folder.path), [`${wants}/tidegate.service`]);
  assert.equal(existsSync(join(folder.path, wants, 'tidegate.service')), false);
  assert.ok(lstatSync(join(folder.path, wants, 'ssh.service')).isSymbolicLink());
  using empty = temporaryFolder();
  assert.deepEqual(removeEnablement(empty.path), []);
});
