import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  placeIn,
  putFile,
  removeFile,
  servicePlaces,
  unitFor,
} from '../../../gateway/src/adapters/systemd/service-files.ts';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import { firstConfig } from '../../../gateway/src/main/commands/install.ts';
import { CLI } from '../../support/gateway-process.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const UNIT = readFileSync(new URL('../../../image/systemd/tidegate.service', import.meta.url), 'utf8');

test('files of systemd stand where it looks for them, whatever the prefix', () => {
  assert.equal(servicePlaces('/usr').unit, '/usr/lib/systemd/system/tidegate.service');
  assert.equal(servicePlaces('/usr/local').sysusers, '/usr/local/lib/sysusers.d/tidegate.conf');
  const { unit, executable } = servicePlaces('/opt/tidegate-1.0');
  assert.deepEqual([unit, executable], ['/etc/systemd/system/tidegate.service', '/opt/tidegate-1.0/bin/tidegate']);
});

test('a prefix that a unit would misread is refused', () => {
  for (const prefix of ['opt', '/opt/a b', '/opt/%h', '/', '/opt/', '/opt/a\nUser=root']) {
    assert.throws(() => servicePlaces(prefix), /--prefix: an absolute path/, prefix);
  }
});

test('the unit starts the executable where it was put, and changes in nothing else', () => {
  const lines = UNIT.split('\n');
  const changed = unitFor(UNIT, '/opt/x/bin/tidegate').split('\n');
  const different = lines.flatMap((line, i) => (line === changed[i] ? [] : [changed[i]]));
  assert.deepEqual(different, ['ExecStart=/opt/x/bin/tidegate run']);
});

test('a file is written whole, with its mode, only when it differs', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'a', 'b', 'file');
  assert.equal(putFile(path, Buffer.from('one'), 0o640), 'written');
  assert.equal(putFile(path, Buffer.from('one'), 0o640), 'unchanged');
  chmodSync(path, 0o666);
  assert.equal(putFile(path, Buffer.from('one'), 0o640), 'written', 'a mode too wide is a difference');
  assert.equal(putFile(path, Buffer.from('two'), 0o640), 'written');
  assert.equal(statSync(path).mode & 0o777, 0o640);
  assert.deepEqual(readdirSync(join(folder.path, 'a', 'b')), ['file']);
  assert.deepEqual([removeFile(path), removeFile(path)], [true, false]);
});

test('what stands in the way is named', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'file'), '');
  assert.throws(() => putFile(join(folder.path, 'file', 'x'), Buffer.from(''), 0o644), /write .*file\/x: ENOTDIR/);
});

test('the first configuration is valid and has its state where the unit has it', () => {
  const { config } = parseConfig([{ origin: 'first', text: firstConfig() }]);
  assert.equal(config.gateway.stateDir, '/var/lib/tidegate');
  assert.match(UNIT, /^StateDirectory=tidegate$/m);
});

test('a checkout cannot be installed, and says what can', async () => {
  using folder = temporaryFolder();
  for (const verb of ['install', 'uninstall']) {
    const { code, stderr } = await runProgram(process.execPath, [CLI, verb, '--root', folder.path]);
    assert.equal(code, 2);
    assert.match(stderr, /a packaged executable expected, a checkout found\n.*npm run package/);
  }
  assert.deepEqual(readdirSync(folder.path), []);
});

test('a root that is mistyped is refused and not made', async () => {
  using folder = temporaryFolder();
  const [missing, file] = [join(folder.path, 'nope'), join(folder.path, 'file')];
  writeFileSync(file, '');
  const CASES: [root: string, code: number, says: RegExp][] = [
    [missing, 3, /--root .*\/nope: no such folder\n {2}Name the folder of an image that is there/],
    [join(missing, 'too'), 3, /--root .*\/nope\/too: no such folder\n/],
    [file, 2, /--root .*\/file: a folder expected, a file found\n/],
    ['', 2, /--root: a folder expected, an empty text found\n/],
  ];
  for (const verb of ['install', 'uninstall']) {
    for (const [root, code, says] of CASES) {
      const told = await runProgram(process.execPath, [CLI, verb, `--root=${root}`]);
      assert.equal(told.code, code, told.stderr);
      assert.match(told.stderr, says);
    }
  }
  assert.deepEqual(readdirSync(folder.path), ['file']);
});

test('links of an image lead where they will on the machine, never out of its folder', () => {
  using folder = temporaryFolder();
  const root = join(folder.path, 'image');
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'usr', 'lib'), { recursive: true });
  const link = (target: string, path: string) => symlinkSync(target, join(root, path));
  link('/data/tidegate', 'etc/tidegate');
  assert.equal(placeIn(root, '/etc/tidegate/tidegate.toml'), join(root, 'data/tidegate/tidegate.toml'));
  link('usr/lib', 'lib');
  link('../../../../../../lib', 'usr/local');
  assert.equal(placeIn(root, '/usr/local/systemd/system/x'), join(root, 'usr/lib/systemd/system/x'));
  link('/usr/bin/elsewhere', 'usr/lib/tidegate');
  assert.equal(placeIn(root, '/lib/tidegate'), join(root, 'usr/lib/tidegate'), 'a link at the end is replaced');
  link('round', 'round');
  assert.throws(() => placeIn(root, '/round/x'), /leads somewhere expected/);
  assert.equal(placeIn('/', '/etc/tidegate/tidegate.toml'), '/etc/tidegate/tidegate.toml');
});
