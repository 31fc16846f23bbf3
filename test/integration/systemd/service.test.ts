/** The packaged executable as a service of a real systemd: installed by its own verb, in the sandbox of the unit as it is shipped. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installCopy } from '../../support/attack-module.ts';
import { eventually } from '../../support/eventually.ts';
import { LoadClient } from '../../support/load-client.ts';
import { buildPackage, HOST_TARGET, skipWithoutTools } from '../../support/packaged.ts';
import { skipWithout } from '../../support/require.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { Machine, skipWithoutMachine } from './machine.ts';

const UNIT = fileURLToPath(new URL('../../../image/systemd/tidegate.service', import.meta.url));
const PORTS = '[mqtt.listener]\nport = 0\n[web]\nport = 0\n';
/** A watchdog for people who wait for tests. */
const QUICK = '[Service]\nWatchdogSec=2\nRestartSec=1\n';
const READINGS = 200;

// Not among the packages of every test run: it is there on most machines.
if (!process.env.TIDEGATE_NO_INSTALL) {
  spawnSync(process.execPath, [
    fileURLToPath(new URL('../../../scripts/support/debian.mjs', import.meta.url)),
    'systemd',
  ]);
}
const skip = skipWithoutTools(HOST_TARGET) || skipWithoutMachine();
let machine: Machine;

before(async () => {
  if (skip !== false) return;
  using folder = temporaryFolder();
  const out = await buildPackage(HOST_TARGET, folder.path);
  machine = await Machine.boot();
  copyFileSync(join(out, `tidegate-${HOST_TARGET}`), machine.path('/tmp/tidegate'));
  await machine.expect('chmod', '755', '/tmp/tidegate');
  await machine.expect('/tmp/tidegate', 'install');
});
after(() => machine?.[Symbol.asyncDispose]());

/** Starts the service anew. `systemctl start` returns when it has said READY=1. @returns where it listens. */
async function startService(config: string, unit = QUICK): Promise<{ mqttPort: number; pid: number }> {
  await machine.run(['systemctl', 'stop', 'tidegate']);
  machine.write('/etc/tidegate/conf.d/test.toml', config);
  machine.write('/etc/systemd/system/tidegate.service.d/test.conf', unit);
  await machine.expect('systemctl', 'daemon-reload');
  await machine.run(['systemctl', 'reset-failed', 'tidegate']);
  await machine.expect('systemctl', 'start', 'tidegate');
  const running = JSON.parse(readFileSync(machine.path('/var/lib/tidegate/running.json'), 'utf8')) as {
    mqtt: string;
    pid: number;
  };
  return { mqttPort: Number(new URL(running.mqtt).port), pid: running.pid };
}

/** Sends readings and waits until each is acknowledged. */
async function publish(port: number): Promise<void> {
  const client = new LoadClient({
    ...{ port, name: 'service', series: 5, readingsPerMessage: 1, qos: 1, inFlightMax: 100, firstNumber: 0 },
    messagesPerSecond: 1000,
  });
  await client.start();
  await eventually('the readings to be sent', () => client.sent >= READINGS);
  await client.stop(10_000);
  assert.equal(client.acknowledged, client.sent);
}

test('once systemctl start returns, sources are heard; status has one line; a stop drains and succeeds', {
  skip,
}, async () => {
  const { mqttPort } = await startService(PORTS, '');
  await publish(mqttPort);
  const isTold = async () =>
    /^running: [\d,]+ points\/s, \d+ segments queued/.test((await machine.service()).StatusText ?? '');
  await eventually('the status line', isTold, 15_000);
  await machine.expect('systemctl', 'stop', 'tidegate');
  const { Result, ExecMainStatus, ActiveState, NRestarts } = await machine.service();
  assert.deepEqual(
    { Result, ExecMainStatus, ActiveState, NRestarts },
    {
      ...{ Result: 'success', ExecMainStatus: '0', ActiveState: 'inactive', NRestarts: '0' },
    },
  );
  const { code, stdout } = await machine.run(['tidegate', 'store', 'export'], 'tidegate');
  assert.equal(code, 0);
  assert.ok(stdout.trim().split('\n').length >= READINGS, 'what was acknowledged is in segments');
});

test('it runs as its own user, without a capability, behind a filter of system calls, within its memory', {
  skip,
}, async () => {
  const { pid } = await startService(PORTS);
  const status = readFileSync(machine.path(`/proc/${pid}/status`), 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  assert.notEqual(field('Uid'), '0');
  assert.deepEqual([field('CapEff'), field('CapBnd')], ['0000000000000000', '0000000000000000']);
  assert.deepEqual([field('NoNewPrivs'), field('Seccomp')], ['1', '2']);
  const { MemoryMax, MemoryHigh, TasksMax } = await machine.service();
  assert.deepEqual([MemoryHigh, MemoryMax, TasksMax], [String(384 * 2 ** 20), String(512 * 2 ** 20), '128']);
  const touched = await machine.run(['touch', `/proc/${pid}/root/usr/local/bin/x`]);
  assert.match(touched.stderr, /Read-only file system/, 'all but its state');
});

test('the thread of others’ modules lowers its priority, which the filter of system calls lets it', {
  skip,
}, async () => {
  installCopy(machine.path('/opt'), 'window-aggregate', 'others');
  const module =
    '[modules]\ndeveloper_mode = true\n[[module]]\nname = "others"\nmodule = "others"\n[[module.input]]\nseries = "**"\n';
  const unit = `${QUICK}\n[Service]\nEnvironment=TIDEGATE_MODULES=/opt\n`;
  const { pid } = await startService(`${PORTS}\n${module}`, unit);
  const hasGivenWay = async () =>
    /^ *10 module$/m.test((await machine.run(['ps', '-L', '-o', 'ni=,comm=', '-p', `${pid}`])).stdout);
  await eventually('the thread of others’ modules to have nice 10', hasGivenWay);
});

test('an operator acts as the user of the service; another user may not', { skip }, async () => {
  await startService(PORTS);
  const mine = await machine.run(['tidegate', 'module', 'list', '--json'], 'tidegate');
  assert.equal(mine.code, 0, mine.stderr);
  assert.ok(Array.isArray(JSON.parse(mine.stdout)));
  const config = await machine.run(['cat', '/etc/tidegate/tidegate.toml'], '65534');
  assert.match(config.stderr, /Permission denied/);
  const state = await machine.run(['ls', '/var/lib/tidegate'], '65534');
  assert.match(state.stderr, /Permission denied/);
});

test('a cloud that is away does not starve the watchdog, and lines of the log carry their priority', {
  skip,
}, async () => {
  await startService(`${PORTS}[sync]\nservers = ["nats://127.0.0.1:1"]\n`, QUICK.replace('2', '1'));
  const since = Date.now();
  await eventually('four times the watchdog', () => Date.now() - since > 4000);
  const { NRestarts, SubState, StatusText } = await machine.service();
  assert.deepEqual({ NRestarts, SubState }, { NRestarts: '0', SubState: 'running' });
  assert.match(StatusText ?? '', /cloud down/);
  await machine.expect('journalctl', '--sync');
  const text = await machine.expect('journalctl', '--no-pager', '-u', 'tidegate', '-o', 'json');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { MESSAGE: string; PRIORITY: string });
  const cloud = lines.filter(({ MESSAGE }) => MESSAGE.startsWith('cloud: '));
  assert.ok(cloud.length > 0, text.slice(-2000));
  assert.ok(cloud.every(({ PRIORITY }) => PRIORITY === '4'));
});

test('a process that stands still is ended and started anew', { skip }, async () => {
  const { pid } = await startService(PORTS);
  await machine.expect('kill', '-STOP', String(pid));
  const isAnew = async () => {
    const { NRestarts, SubState, MainPID } = await machine.service();
    return NRestarts === '1' && SubState === 'running' && MainPID !== String(pid);
  };
  await eventually('a new process', isAnew, 20_000);
  assert.match(await machine.journal(), /Watchdog timeout \(limit 2s\)/);
});

test('a faulty configuration is named in the journal and not tried again and again', { skip }, async () => {
  await startService(PORTS);
  machine.write('/etc/tidegate/conf.d/test.toml', '[web]\nport = "eighty"\n');
  await machine.run(['systemctl', 'restart', 'tidegate']);
  const { ActiveState, ExecMainStatus, NRestarts } = await machine.service();
  assert.deepEqual([ActiveState, ExecMainStatus, NRestarts], ['failed', '2', '0']);
  assert.match(await machine.journal(), /web\.port/);
});

test('a second installation changes nothing; after uninstall state and configuration are there', { skip }, async () => {
  await startService(PORTS);
  machine.write('/etc/tidegate/tidegate.toml', '# mine\n[gateway]\nstate_dir = "/var/lib/tidegate"\n');
  const again = JSON.parse(await machine.expect('/tmp/tidegate', 'install', '--json')) as {
    files: Record<string, string>;
  };
  assert.deepEqual(new Set(Object.values(again.files)), new Set(['unchanged', 'kept']));
  await machine.expect('/tmp/tidegate', 'uninstall');
  assert.equal((await machine.service()).LoadState, 'not-found');
  assert.equal((await machine.run(['ls', '/usr/local/bin/tidegate'])).code, 2);
  assert.match(await machine.expect('cat', '/etc/tidegate/tidegate.toml'), /^# mine/);
  await machine.expect('ls', '/var/lib/tidegate/tidegate.db');
  await machine.expect('/tmp/tidegate', 'install');
});

test('a second installation elsewhere is refused, and uninstall finds the one that the unit names', {
  skip,
}, async () => {
  await machine.expect('/tmp/tidegate', 'uninstall');
  await machine.expect('/tmp/tidegate', 'install', '--prefix', '/opt/x');
  await machine.expect('systemctl', 'enable', 'tidegate');
  const { code, stderr } = await machine.run(['/tmp/tidegate', 'install']);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^tidegate: .*\/etc\/systemd\/system\/tidegate\.service starts \/opt\/x\/bin\/tidegate: it would hide/,
  );
  assert.match(stderr, /tidegate uninstall --prefix \/opt\/x\n/);
  const removed = await machine.expect('/tmp/tidegate', 'uninstall');
  assert.match(removed, /removed \/opt\/x\/bin\/tidegate\n/);
  assert.equal((await machine.service()).LoadState, 'not-found');
  const links = await machine.expect('find', '/etc/systemd/system', '-name', 'tidegate.service');
  assert.equal(links, '');
  await machine.expect('/tmp/tidegate', 'install');
});

test('the unit is hardened: systemd-analyze gives it an exposure of at most 2.0, and finds no fault in it', {
  skip: skipWithout('systemd-analyze'),
}, (t) => {
  const security = spawnSync('systemd-analyze', ['security', '--offline=yes', '--threshold=20', '--no-pager', UNIT], {
    encoding: 'utf8',
  });
  assert.equal(security.status, 0, security.stdout);
  t.diagnostic(/Overall exposure.*/.exec(security.stdout)![0]);
  using folder = temporaryFolder();
  const file = join(folder.path, 'tidegate.service');
  // It looks whether the executable is there.
  writeFileSync(file, readFileSync(UNIT, 'utf8').replace('/usr/local/bin/tidegate', process.execPath));
  assert.equal(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8' }), '');
});
