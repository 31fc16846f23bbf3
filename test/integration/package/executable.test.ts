/** The packaged executable for this machine, as a device would run it: nothing beside it, no Node, no checkout. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type MemoryFigures, memoryOf } from '../../bench/support/process-figures.ts';
import { eventually } from '../../support/eventually.ts';
import { startGateway } from '../../support/gateway-process.ts';
import { buildPackage, HOST_TARGET, skipWithoutTools } from '../../support/packaged.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runEndToEnd } from './end-to-end.ts';

const skip = skipWithoutTools(HOST_TARGET);
const folder = temporaryFolder();
const native = join(folder.path, 'native');
/** It gives back the first time after ten seconds. */
const RELEASE_TIMEOUT_MS = 30_000;
const asRoot = process.getuid?.() !== 0 && 'making an image needs root';
let exe = '';

before(async () => {
  if (!skip) exe = join(await buildPackage(HOST_TARGET, folder.path), `tidegate-${HOST_TARGET}`);
});
after(() => folder[Symbol.dispose]());

const fileMb = ({ pssMb, anonymousMb }: MemoryFigures) => pssMb - anonymousMb;

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, file = exe) {
  return runProgram(file, args, { env: { TIDEGATE_NATIVE_DIR: native, ...env }, timeoutMs: 60_000 });
}

/** A copy of the executable with one octet changed: the last of the first place where a text stands. */
function altered(text: string): string {
  const octets = readFileSync(exe);
  const at = octets.indexOf(text);
  assert.ok(at > 0, `${text} stands in the executable`);
  octets[at + text.length - 1]! ^= 1;
  const copy = join(folder.path, 'altered');
  writeFileSync(copy, octets, { mode: 0o755 });
  return copy;
}

test('it says what it is made of', { skip }, async () => {
  const { code, stdout, stderr } = await run(['version', '--json']);
  assert.equal(code, 0, stderr);
  const version = JSON.parse(stdout);
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(
    { tidegate: version.tidegate, from: version.builtFrom, target: version.target, node: version.node },
    { tidegate: manifest.version, from: 'package', target: HOST_TARGET, node: 'v24.21.0' },
  );
  assert.deepEqual(
    version.native.map(({ name }: { name: string }) => name),
    ['better_sqlite3', 'build_info', 'memory_release', 'service_notify'],
  );
  assert.match(version.sbomSha256, /^[0-9a-f]{64}$/);
  assert.match(version.sqlite, /^3\./);
});

test('its self-test passes, with the code cache in use', { skip }, async () => {
  const { code, stdout } = await run(['self-test', '--json']);
  const { ok, checks } = JSON.parse(stdout);
  assert.deepEqual({ code, ok }, { code: 0, ok: true }, stdout);
  assert.match(checks[0].detail, /^\d+ parts intact; code cache in use$/);
  assert.equal(checks.length, 9);
});

test('licences and bill of materials come out of it whole', { skip }, async () => {
  const licences = await run(['version', '--licences']);
  assert.match(licences.stdout, /better-sqlite3 [\d.]+ \(MIT/);
  assert.ok(licences.stdout.length > 200_000);
  const sbom = await run(['version', '--sbom']);
  assert.equal(sbom.stdout, readFileSync(`${exe}.cdx.json`, 'utf8'));
});

test(
  'readings go in by MQTT, through a module, to disk and to the cloud; then it stops in order',
  {
    skip: skip || skipWithout('mosquitto_pub', 'nats-server'),
  },
  () => runEndToEnd({ program: [exe], env: { TIDEGATE_NATIVE_DIR: native, PATH: '' }, timeoutMs: 30_000 }),
);

test('what a start costs is printed', { skip }, async (t) => {
  await using gateway = await startGateway({ program: [exe], env: { TIDEGATE_NATIVE_DIR: native } });
  const milliseconds = (task: string) =>
    Number(readFileSync(`/proc/${gateway.pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  const tasks = readdirSync(`/proc/${gateway.pid}/task`);
  const all = tasks.reduce((sum, task) => sum + milliseconds(task), 0);
  const main = milliseconds(String(gateway.pid));
  assert.ok(main > 0 && all > main);
  t.diagnostic(
    `processor time to ready: ${main.toFixed(0)} ms of the main thread, ${all.toFixed(0)} ms of ${tasks.length} threads`,
  );
});

test("V8's options let it take the code cache of each of Node's own modules", { skip }, async () => {
  // An option that counts in V8's comparison costs every thread the compilation of all of them.
  const { stderr } = await run(['self-test'], { NODE_DEBUG_NATIVE: 'CODE_CACHE' });
  const count = (word: string) => stderr.split('\n').filter((line) => line.endsWith(`is ${word}`)).length;
  assert.equal(count('rejected'), 0);
  assert.ok(count('accepted') > 100, `${count('accepted')} of them`);
});

test('no signal opens a debugger, and status and metrics tell what each thread takes', { skip }, async () => {
  await using gateway = await startGateway({ program: [exe], env: { TIDEGATE_NATIVE_DIR: native } });
  process.kill(gateway.pid, 'SIGUSR1');
  const names = ['ingest', 'main', 'module', 'store'];
  const told = async () => (await gateway.status()).process.threads;
  await eventually('all threads', async () => (await told()).length === names.length);
  const threads = await told();
  assert.deepEqual(threads.map(({ name }) => name).sort(), names);
  assert.ok(threads.every(({ heapBytes, externalBytes }) => heapBytes > 2 ** 20 && externalBytes > 0));
  const metrics = await (await fetch(`${gateway.web}metrics`)).text();
  for (const name of names)
    assert.match(metrics, new RegExp(`^gateway_thread_heap_octets\\{[^}]*thread="${name}"[^}]*\\} \\d+$`, 'm'));
  assert.doesNotMatch(gateway.log, /ws:|[Dd]ebugger/);
});

test('pages of its file that only a start uses are given back, and it goes on', { skip }, async (t) => {
  await using gateway = await startGateway({ program: [exe], env: { TIDEGATE_NATIVE_DIR: native } });
  const before = memoryOf(gateway.pid);
  await eventually('fewer pages', () => fileMb(memoryOf(gateway.pid)) < fileMb(before) * 0.7, RELEASE_TIMEOUT_MS);
  assert.equal((await gateway.status()).gateway.state, 'running');
  assert.doesNotMatch(gateway.log, /is not given back/);
  const after = memoryOf(gateway.pid);
  const told = (of: typeof before) => `${of.pssMb.toFixed(0)} MB, ${of.anonymousMb.toFixed(0)} of them anonymous`;
  t.diagnostic(`PSS after the start: ${told(before)}; ten seconds later: ${told(after)}`);
});

test('NODE_OPTIONS and NODE_PATH change nothing', { skip }, async () => {
  const loud = join(folder.path, 'loud');
  mkdirSync(join(loud, 'mqtt'), { recursive: true });
  for (const file of ['preload.cjs', 'mqtt/index.js']) writeFileSync(join(loud, file), 'console.error("loaded");');
  const options = `--require ${loud}/preload.cjs --no-such-option`;
  const { code, stderr } = await run(['self-test'], { NODE_OPTIONS: options, NODE_PATH: loud });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
});

test('an altered bundle does not start, and says why', { skip }, async () => {
  const { code, stderr } = await run(['version'], {}, altered('tidegate VERB [OPTIONS]'));
  assert.equal(code, 1);
  assert.match(stderr, /part bundle\/main\.cjs of the executable is not the one it was built with: SHA-256/);
  assert.match(stderr, /SHA256SUMS/);
});

test('an altered bundle of a worker is found by the thread that starts it', { skip }, async () => {
  // Of the store worker alone.
  const file = altered('segment files are missing or damaged');
  const { code, stderr } = await run(['run', '--state', join(folder.path, 'altered-state')], {}, file);
  assert.equal(code, 1);
  assert.match(stderr, /part bundle\/store\.(cjs|cache) of the executable is not the one it was built with: SHA-256/);
});

test('an altered page is found by the self-test', { skip }, async () => {
  const { code, stdout } = await run(['self-test', '--json'], {}, altered('    <title>Tidegate</title>'));
  assert.equal(code, 1);
  const failed = JSON.parse(stdout).checks.filter(({ ok }: { ok: boolean }) => !ok);
  assert.deepEqual(
    failed.map(({ name }: { name: string }) => name),
    ['executable', 'pages'],
  );
  assert.match(failed[0].detail, /part web\/index\.html/);
});

test('a truncated executable is refused by the kernel, wherever it is cut', { skip }, async () => {
  const copy = join(folder.path, 'truncated');
  const { size } = statSync(exe);
  // Not execvp(3), which hands what the kernel cannot run to a shell.
  const exec = 'import os, sys; os.execv(sys.argv[1], sys.argv[1:])';
  for (const length of [4096, size * 0.3, size * 0.6, size * 0.97, size - 1].map(Math.floor)) {
    copyFileSync(exe, copy);
    chmodSync(copy, 0o755);
    truncateSync(copy, length);
    const { code, stderr } = await run(['-c', exec, copy, 'version'], {}, 'python3');
    assert.equal(code, 1, `${length} of ${size} octets`);
    assert.match(stderr, /OSError: \[Errno [58]\] (Input\/output error|Exec format error)/);
  }
});

test('with its parts shipped beside it, it writes nothing', {
  skip: skip || (process.getuid?.() !== 0 && 'mounts need root'),
}, async () => {
  const root = join(folder.path, 'root');
  mkdirSync(join(root, 'native'), { recursive: true });
  copyFileSync(exe, join(root, 'tidegate'));
  chmodSync(join(root, 'tidegate'), 0o755);
  await run(['self-test'], { TIDEGATE_NATIVE_DIR: join(folder.path, 'shipped') });
  execFileSync('sh', ['-c', 'cp "$0"/* "$1"/native/', join(folder.path, 'shipped'), root]);
  execFileSync('mount', ['--bind', '-o', 'ro', root, root]);
  try {
    const env = { TIDEGATE_NATIVE_DIR: '', HOME: '', XDG_CACHE_HOME: '', STATE_DIRECTORY: '' };
    const { code, stdout, stderr } = await run(['self-test'], env, join(root, 'tidegate'));
    assert.equal(code, 0, stdout + stderr);
  } finally {
    execFileSync('umount', [root]);
  }
});

test('the self-test of an update, without HOME, puts its native parts into a temporary folder that it removes', {
  skip,
}, async () => {
  const nowhere = { TIDEGATE_NATIVE_DIR: '', HOME: '', XDG_CACHE_HOME: '', STATE_DIRECTORY: '' };
  const base = join(folder.path, 'self-test');
  mkdirSync(base);
  const home = join(folder.path, 'home');
  const cases: [args: string[], env: NodeJS.ProcessEnv][] = [
    [['--dir', base], nowhere],
    [[], { ...nowhere, TMPDIR: base }],
    [['--dir', base], { ...nowhere, HOME: home }],
  ];
  for (const [args, env] of cases) {
    const { code, stdout, stderr } = await run(['self-test', ...args], env);
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(readdirSync(base), []);
  }
  assert.equal(existsSync(home), false, '--dir comes before HOME');
  chmodSync(base, 0o777);
  const { code, stdout } = await run(['self-test', '--dir', base], nowhere);
  assert.equal(code, 1);
  assert.match(stdout, /native parts .*FAIL.*anyone may rename what is in it.*--dir/);
  assert.deepEqual(readdirSync(base), []);
});

test('where temporary folders are mounted noexec, the self-test says so and what to do', {
  skip: skip || (process.getuid?.() !== 0 && 'mounts need root'),
}, async () => {
  const base = join(folder.path, 'noexec');
  mkdirSync(base);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec,mode=700', 'tmpfs', base]);
  try {
    const { code, stdout } = await run(['self-test', '--dir', base], { TIDEGATE_NATIVE_DIR: '' });
    assert.equal(code, 1);
    assert.match(stdout, /native parts .*FAIL.*mounted noexec.*Set TIDEGATE_NATIVE_DIR/);
  } finally {
    execFileSync('umount', [base]);
  }
});

test('an image whose /etc is read-only when it runs is made whole where it is made, and unmade', {
  skip: skip || skipWithout('systemd-sysusers', 'systemd-tmpfiles', 'systemctl') || asRoot,
}, async () => {
  const image = join(folder.path, 'image');
  const wanted = join(image, 'etc/systemd/system/multi-user.target.wants/tidegate.service');
  mkdirSync(image);
  for (const prefix of ['/usr', '/opt/x']) {
    const installed = await run(['install', '--root', image, '--prefix', prefix]);
    assert.equal(installed.code, 0, installed.stderr);
    // What its last lines say is what makes it whole.
    const commands = installed.stdout.split('\n').filter((line) => line.startsWith('  '));
    assert.equal(commands.length, 2);
    for (const command of commands) execFileSync('sh', ['-ec', command], { stdio: 'ignore' });
    const group = Number(/^tidegate:x:(\d+):/m.exec(readFileSync(join(image, 'etc/group'), 'utf8'))![1]);
    const { mode, uid, gid } = statSync(join(image, 'etc/tidegate/tidegate.toml'));
    assert.deepEqual({ mode: mode & 0o777, uid, gid }, { mode: 0o640, uid: 0, gid: group });
    assert.ok(lstatSync(wanted).isSymbolicLink());
    const other = await run(['install', '--root', image]);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /tidegate\.service starts .*\/bin\/tidegate: it would/);
    assert.equal(existsSync(join(image, 'usr/local')), false, 'nothing was written');
    const removed = await run(['uninstall', '--root', image]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal(existsSync(join(image, prefix, 'bin/tidegate')), false, 'found by its unit');
    assert.equal(lstatSync(wanted, { throwIfNoEntry: false }), undefined);
  }
});

test('with nowhere to put its native parts it says so and ends', { skip }, async () => {
  const state = join(folder.path, 'state');
  const env = { TIDEGATE_NATIVE_DIR: '/proc/nowhere' };
  const { code, stderr } = await run(['run', '--state', state], env);
  assert.notEqual(code, 0);
  assert.match(stderr, /native part better_sqlite3 in \/proc\/nowhere \(from TIDEGATE_NATIVE_DIR\): not writable/);
});
