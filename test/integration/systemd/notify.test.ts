/** What the gateway tells systemd, read from the socket: ready, how it stands, that it lives, and when it does not say that any more. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.ts';
import { CLI, type GatewayOptions, GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { Inspector } from '../../support/inspector.ts';
import { LoadClient } from '../../support/load-client.ts';
import { buildPackage, HOST_TARGET, skipWithoutTools } from '../../support/packaged.ts';
import { skipWithout } from '../../support/require.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { NotifyReceiver } from './notify-receiver.ts';

const ADDON = fileURLToPath(
  new URL(`../../../.cache/package/native/${HOST_TARGET}/service_notify.node`, import.meta.url),
);
const SOURCE = fileURLToPath(new URL('../../../native/service-notify/service_notify.cc', import.meta.url));
/** Short, so that a test sees several. A beat is a quarter of it. */
const WATCHDOG_MS = 1000;
const HANG_MS = 3500;

const isBuilt = existsSync(ADDON) && statSync(ADDON).mtimeMs > statSync(SOURCE).mtimeMs;
const skip = skipWithout('python3') || (!isBuilt && skipWithoutTools(HOST_TARGET));

before(async () => {
  if (skip !== false || isBuilt) return;
  using folder = temporaryFolder();
  await buildPackage(HOST_TARGET, folder.path); // leaves the addon where a checkout looks for it
});

interface Noticed extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly told: NotifyReceiver;
}

/** A gateway that reports to us, as its program on the pinned Node. */
async function noticed(
  options: GatewayOptions = {},
  address?: string,
  prepare?: (gateway: GatewayProcess) => Disposable,
): Promise<Noticed> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporaryFolder());
  const at = address ?? join(folder.path, 'notify');
  const told = parts.use(await NotifyReceiver.open(at));
  const env = { NOTIFY_SOCKET: at, WATCHDOG_USEC: String(WATCHDOG_MS * 1000), ...options.env };
  const program = [process.execPath, '--inspect=0', CLI];
  const gateway = parts.use(new GatewayProcess({ ...options, program, env }));
  if (prepare !== undefined) parts.use(prepare(gateway));
  parts.defer(() => gateway.kill());
  await gateway.start();
  await eventually('READY=1', () => told.count('READY') === 1);
  const all = parts.move();
  return { gateway, told, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Runs until the hang is over. @returns how often the watchdog was fed from a moment after its beginning to a moment before its end. */
async function feedingsDuring(told: NotifyReceiver, hang: () => void): Promise<number> {
  await told.fed(2);
  hang();
  const start = Date.now();
  const passed = (ms: number) => eventually(`${ms} ms`, () => Date.now() - start > ms, HANG_MS * 2);
  // What was under way when it began is let through.
  await passed(700);
  const before = told.count('WATCHDOG');
  await passed(HANG_MS - 700);
  return told.count('WATCHDOG') - before;
}

test('it says that it is ready, feeds the watchdog, and at the end that it stops, on a socket in the file system and an abstract one', {
  skip,
}, async () => {
  for (const address of [undefined, `@tidegate-test-${process.pid}`]) {
    await using parts = await noticed({}, address);
    const { gateway, told } = parts;
    await told.fed(3);
    assert.match(told.status, /^running: 0 points\/s, 0 segments queued, no cloud configured$/);
    assert.equal(await gateway.stop(), 0);
    await eventually('STOPPING=1', () => told.count('STOPPING') === 1);
    assert.equal(told.count('READY'), 1);
    const last = told.notices.at(-1)!;
    assert.equal(last.EXTEND_TIMEOUT_USEC, '10000000', 'a drain asks for time');
    assert.ok(!('WATCHDOG' in last));
  }
});

test('without NOTIFY_SOCKET, and with the watchdog of another process, nothing is fed', { skip }, async () => {
  await using parts = await noticed({ env: { WATCHDOG_PID: '1' } });
  await eventually('a status', () => parts.told.count('STATUS') > 1);
  assert.equal(parts.told.count('WATCHDOG'), 0);
  await using quiet = await startGateway();
  assert.equal(quiet.log, '');
});

for (const [name, block] of [
  ['main loop', (inspector: Inspector) => inspector.block(HANG_MS)],
  ['store worker', (inspector: Inspector) => inspector.block(HANG_MS, 'store')],
  ['ingest worker', (inspector: Inspector) => inspector.block(HANG_MS, 'ingest')],
] as const) {
  test(`${name}: a hang stops the feeding, and only until it goes on`, { skip }, async () => {
    await using parts = await noticed();
    const { gateway, told } = parts;
    using inspector = await Inspector.attach(gateway.log);
    assert.equal(await feedingsDuring(told, () => block(inspector)), 0);
    if (name !== 'main loop') {
      const silent = new RegExp(`^the ${name} has not answered`);
      assert.ok(
        told.notices.some(({ STATUS }) => silent.test(STATUS ?? '')),
        told.status,
      );
      assert.match(gateway.log, new RegExp(`the ${name} does not answer; the watchdog is not fed`));
    }
    await told.fed(2);
  });
}

test('a cloud that is away does not stop the feeding', { skip }, async () => {
  await using parts = await noticed({ config: '[sync]\nservers = ["nats://127.0.0.1:1"]\n' });
  await parts.told.fed(8);
  assert.match(parts.told.status, /cloud down/);
});

/** Small, so that it fills. */
function mountDisk(gateway: GatewayProcess): Disposable {
  mkdirSync(gateway.stateFolder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', gateway.stateFolder]);
  return { [Symbol.dispose]: () => execFileSync('umount', ['--lazy', gateway.stateFolder]) };
}

test('a store that cannot commit stops the feeding once it has failed for the time of the watchdog, and goes on when there is room', {
  skip: skip || (process.getuid?.() !== 0 && 'mounting a small file system needs root'),
}, async () => {
  await using parts = await noticed({}, undefined, mountDisk);
  const { gateway, told } = parts;
  await told.fed(2);
  const filler = join(gateway.stateFolder, 'filler');
  const { bavail, bsize } = statfsSync(gateway.stateFolder);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  const client = new LoadClient({
    ...{
      port: gateway.mqttPort,
      name: 'full',
      series: 5,
      readingsPerMessage: 20,
      qos: 1,
      inFlightMax: 500,
      firstNumber: 0,
    },
    messagesPerSecond: 1000,
  });
  await client.start();
  await eventually(
    'the log to say so',
    () => /nothing stored for .*; the watchdog is not fed/.test(gateway.log),
    20_000,
  );
  assert.match(told.status, /PROBLEM: .*disk is full/);
  const before = told.count('WATCHDOG');
  const statuses = told.count('STATUS');
  await eventually('more of the same', () => told.count('STATUS') > statuses + 4);
  assert.equal(told.count('WATCHDOG'), before);
  rmSync(filler);
  await told.fed(2);
  await client.stop(10_000);
  assert.equal(client.acknowledged, client.sent);
});
