/** The executable for the board, on an emulated Cortex-A53: it says nothing about speed, and everything about whether it works. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildPackage, HOST_TARGET, programOf, skipWithoutTools } from '../../support/packaged.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { runEndToEnd } from './end-to-end.ts';

const TARGET = 'linux-arm64';
const skip = HOST_TARGET === TARGET ? 'this machine is one: executable.test.ts runs it' : skipWithoutTools(TARGET);
const TIMEOUT_MS = 120_000;
/** An update has to fit a slot and a link: the targets of the product. */
const BYTES_MAX = 110e6;

const folder = temporaryFolder();
const env = { TIDEGATE_NATIVE_DIR: join(folder.path, 'native') };
let program: string[] = [];

before(async () => {
  if (!skip) program = programOf(TARGET, join(await buildPackage(TARGET, folder.path), `tidegate-${TARGET}`));
});
after(() => folder[Symbol.dispose]());

test('it is within its size', { skip }, (t) => {
  const { size } = statSync(program.at(-1)!);
  t.diagnostic(`tidegate-${TARGET}: ${(size / 1e6).toFixed(1)} MB`);
  assert.ok(size <= BYTES_MAX, `${size} octets`);
});

test('its self-test passes on a Cortex-A53, with the code cache in use', { skip }, async () => {
  const [file, ...before] = program;
  const { code, stdout, stderr } = await runProgram(file!, [...before, 'self-test', '--json'], {
    env,
    timeoutMs: TIMEOUT_MS,
  });
  assert.equal(code, 0, stdout + stderr);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; detail: string }[] };
  const detailOf = (name: string) => checks.find((check) => check.name === name)!.detail;
  assert.match(detailOf('executable'), /code cache in use/);
  assert.match(detailOf('native parts'), /cortex-a53/);
  assert.match(detailOf('processor'), /needs asimd, crc32/);
});

test(
  'readings go in by MQTT, through a module, to disk and to the cloud; then it stops in order',
  {
    skip: skip || skipWithout('mosquitto_pub', 'nats-server'),
  },
  () => runEndToEnd({ program, env, timeoutMs: TIMEOUT_MS }),
);
