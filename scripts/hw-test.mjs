#!/usr/bin/env node
// npm run hw-test [-- OPTIONS]: the packaged executable on an emulated board; the last line reads "12 passed, 0 failed, 0 skipped".
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { runCaptured, tail } from './support/captured.mjs';
import { ensureDebianPackages, isInstallAllowed } from './support/debian.mjs';
import { runMain, StartFailure } from './support/failure.mjs';
import { prepare } from './support/prepare.mjs';
import { PROJECT } from './support/project.mjs';
import { emptyResult, runTests } from './support/test-run.mjs';

const USAGE = `usage: npm run hw-test [-- [--executable FILE] [FILTER...]]
  --executable FILE  an executable for linux-arm64 that is there already; else one is packaged from the sources first
  FILTER             only test files whose path holds this text
Boots QEMU's Cortex-A53 with Debian's kernel; hw-test/README.md says what is shown. As root on Debian or Ubuntu the packages this needs are
installed first, unless TIDEGATE_NO_INSTALL=1; without them the tests are skipped and say why.`;

const DEBIAN_PACKAGES = ['qemu-system-arm', 'cpio', 'e2fsprogs'];
const BUILD_TIMEOUT_MS = 10 * 60_000;
const CACHE = join(PROJECT, '.cache', 'hw-test');

// An ordinary exit, so that what runs for us is ended with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

await runMain(async () => {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (isInstallAllowed()) {
    const { missing, reason } = await ensureDebianPackages(DEBIAN_PACKAGES);
    if (missing.length > 0) console.log(`not installed: ${missing.join(', ')} (${reason})`);
  }
  const { node } = await prepare();
  process.env.TIDEGATE_BOARD_EXECUTABLE = await executableOf(options, node);
  const result = emptyResult();
  await runTests(node, ['hw-test'], options.filters, { concurrency: 1 }, result);
  return report(result);
});

function readOptions() {
  try {
    const { values, positionals: filters } = parseArgs({
      options: { executable: { type: 'string' }, help: { type: 'boolean' } },
      allowPositionals: true,
    });
    return { ...values, filters };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return undefined;
  }
}

/**
 * Its path; empty when this machine has not what it is built with: the tests are then skipped for the lack of it.
 * @returns {Promise<string>} @throws {StartFailure} when it does not build.
 */
async function executableOf({ executable }, node) {
  if (executable !== undefined) {
    if (!existsSync(executable)) throw new StartFailure(`--executable ${executable}: no such file`);
    return resolve(executable);
  }
  const out = join(CACHE, 'executable');
  const args = ['--target', 'linux-arm64', '--out', out, '--work', join(CACHE, 'package'), '--no-compress'];
  console.log('Packaging the executable for the board...');
  const script = join(PROJECT, 'scripts', 'package.mjs');
  const { code, output } = await runCaptured(node, [script, ...args], { timeoutMs: BUILD_TIMEOUT_MS });
  if (code === 0) return join(out, 'tidegate-linux-arm64');
  if (!output.includes('packaging needs')) throw new StartFailure(`packaging ended with ${code}:\n${tail(output, 20)}`);
  console.log(output.trimEnd());
  return '';
}

/** The last words: what was skipped and why, what makes the run bad, the one line that sums it up. */
function report({ passed, failed, skipped, faults }) {
  if (passed + failed + skipped.length === 0) faults.push('no test ran');
  for (const { name, file, reason } of skipped) console.log(`skipped: ${name} (${file}): ${reason}`);
  for (const fault of faults) console.log(`fault: ${fault}`);
  console.log(`${passed} passed, ${failed + faults.length} failed, ${skipped.length} skipped`);
  return failed + faults.length === 0 ? 0 : 1;
}
