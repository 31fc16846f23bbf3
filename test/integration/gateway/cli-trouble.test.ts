/** The command line where its surroundings fail it: readers that go away, full disks, folders of other kinds and of other users. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLI, startGateway } from '../../support/gateway-process.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NOBODY = 65_534;
const asRoot = { skip: process.getuid?.() !== 0 && 'mounts and other owners need root' };

function tidegate(words: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  return runProgram(process.execPath, [CLI, ...words], options);
}

/** @param to what follows the program in the shell. @returns its exit code, and what it said on standard error. */
async function intoShell(words: readonly string[], to: string): Promise<{ code: number; said: string }> {
  const script = `{ "$@" 2>&3; echo "code $?" >&3; } 3>&2 ${to}`;
  const { stderr } = await runProgram('sh', ['-c', script, 'sh', process.execPath, CLI, ...words]);
  const [, said = '', code] = /^([\s\S]*)code (\d+)\n$/.exec(stderr) ?? [];
  return { code: Number(code), said };
}

/** One error: a line, and its hint. */
function expectTold({ stderr }: ProgramResult, ...texts: RegExp[]): void {
  assert.match(stderr, /^tidegate: [^\n]+\n {2}[^\n]+\n$/, stderr);
  for (const text of texts) assert.match(stderr, text);
}

/** A folder that every user may go through. */
function openFolder(): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  return folder;
}

for (const words of [
  ['--help'],
  ['config', 'show'],
  ['version', '--json'],
  ['self-test'],
  ['no-such-verb', '--json'],
]) {
  test(`a reader that goes away ends tidegate ${words.join(' ')} quietly`, async () => {
    const { code, said } = await intoShell(words, '| true');
    assert.equal(code, words[0] === 'no-such-verb' ? 2 : 0, said);
    assert.doesNotMatch(said, /EPIPE|\n\s+at /);
  });
}

for (const words of [['--help'], ['config', 'show'], ['version', '--json']]) {
  test(`a full disk at the standard output of tidegate ${words.join(' ')} is one error`, async () => {
    const { code, said } = await intoShell(words, '> /dev/full');
    assert.equal(code, 1);
    assert.match(said, /^tidegate: standard output: the disk is full \(ENOSPC\)\n {2}[^\n]+\n$/);
  });
}

test('a self-test that can make no temporary folder is one that failed, and says why', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  const CASES: [base: string, why: RegExp][] = [
    ['/nope', /temporary folder in \/nope: no such folder \(ENOENT\) \(Name another place/],
    [file, /a folder expected, a file found \(ENOTDIR\)/],
  ];
  for (const [base, why] of CASES) {
    const { code, stdout, stderr } = await tidegate(['self-test', '--json'], { env: { TMPDIR: base } });
    const { ok, checks } = JSON.parse(stdout);
    assert.deepEqual({ code, ok, stderr }, { code: 1, ok: false, stderr: '' });
    const failed = checks.filter((one: { ok: boolean }) => !one.ok);
    assert.deepEqual(
      failed.map(({ name }: { name: string }) => name),
      ['store'],
    );
    assert.match(failed[0].detail, why);
    assert.match((await tidegate(['self-test', '--dir', base])).stdout, /store +FAIL/);
  }
  assert.equal((await tidegate(['self-test', '--dir', folder.path])).code, 0);
  assert.deepEqual(readdirSync(folder.path), ['file'], 'nothing temporary is left');
});

test('a state folder that cannot be made is named once, with what stands in the way', async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  writeFileSync(join(path, 'file'), '');
  symlinkSync(join(path, 'gone'), join(path, 'link'));
  const CASES: [state: string, why: RegExp][] = [
    ['/proc/tidegate/state', /the file system of \/proc takes no folders \(ENOENT\)/],
    [join(path, 'file', 'state'), /\/file: a folder expected, a file found/],
    [join(path, 'link'), /link is a symbolic link to .*gone, which is not there\n {2}Is the disk of .*gone mounted/],
    [join(path, 'link', 'state'), /link is a symbolic link to .*gone, which is not there/],
    [`${path}/${'a/'.repeat(70)}`, /at most 64 missing folders expected/],
  ];
  for (const [state, why] of CASES) {
    const result = await tidegate(['run', '--state', state]);
    assert.equal(result.code, 3, result.stderr);
    expectTold(result, why);
    assert.equal(result.stderr.split(/ENOENT|which is not there|a folder expected/).length <= 2, true, result.stderr);
  }
  expectTold(
    await tidegate(['module', 'new', 'one', '--lang', 'c', '--dir', '/proc/tidegate/one']),
    /takes no folders/,
  );
});

test('a state folder on a read-only file system is told as such', asRoot, async () => {
  using folder = temporaryFolder();
  const mount = join(folder.path, 'm');
  mkdirSync(mount);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', mount]);
  try {
    mkdirSync(join(mount, 'there'));
    execFileSync('mount', ['-o', 'remount,ro', mount]);
    for (const state of ['there', 'missing', 'missing/too']) {
      const result = await tidegate(['run', '--state', join(mount, state)]);
      assert.equal(result.code, 3);
      expectTold(result, /read-only \(EROFS\)\n {2}Mount it read-write/);
    }
    assert.match((await tidegate(['self-test', '--dir', mount])).stdout, /store +FAIL .*read-only \(EROFS\)/);
  } finally {
    execFileSync('umount', [mount]);
  }
});

test("root makes nothing in another user's state folder, and is told as whom to run", asRoot, async () => {
  using folder = openFolder();
  const state = join(folder.path, 'state');
  mkdirSync(state);
  chownSync(state, NOBODY, NOBODY);
  const result = await tidegate(['run', '--state', state]);
  assert.equal(result.code, 1);
  expectTold(result, /its owner, user nobody, expected, root found/, /sudo -u nobody tidegate/);
  assert.deepEqual(readdirSync(state), []);
  chownSync(state, 4_242_424, NOBODY);
  expectTold(await tidegate(['run', '--state', state]), /sudo -u '#4242424' tidegate/);
});

test('another user than the owner hears that it may not, whatever the verb', asRoot, async () => {
  await using gateway = await startGateway();
  chmodSync(join(gateway.stateFolder, '..'), 0o755);
  assert.ok(existsSync(join(gateway.stateFolder, 'running.json')));
  for (const verb of [['status'], ['store', 'status'], ['saga', 'list'], ['function', 'list'], ['run']]) {
    const result = await tidegate([...verb, '--state', gateway.stateFolder], { uid: NOBODY });
    assert.equal(result.code, 1, result.stderr);
    expectTold(result, /user nobody \(EACCES\)/, /belongs to user root: run it as that user, sudo -u root tidegate/);
  }
});

test('of a gateway that was killed every verb says that it does not run', async () => {
  await using gateway = await startGateway();
  await gateway.kill();
  for (const verb of [['status'], ['module', 'list']]) {
    const result = await tidegate([...verb, '--state', gateway.stateFolder]);
    assert.equal(result.code, 3);
    expectTold(result, /no gateway runs on state folder .*ended without cleaning up \(nothing listens at /, /Start it/);
  }
});
