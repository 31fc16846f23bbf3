#!/usr/bin/env node
// npm test [-- OPTIONS]: checks and tests everything; the last line reads "123 passed, 0 failed, 4 skipped".
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ensureDebianPackages, isInstallAllowed } from './support/debian.mjs';
import { runMain } from './support/failure.mjs';
import { prepare } from './support/prepare.mjs';
import { runChecks } from './support/static-checks.mjs';
import { systemPath } from './support/system-path.mjs';
import { emptyResult, runTests } from './support/test-run.mjs';

const USAGE = `usage: npm test [-- [--checks] [--unit] [--integration] [FILTER...]]
  --checks       formatting, lint, types, generated documents
  --unit         test/unit and test/simulation
  --integration  test/integration: real brokers, servers, a browser
  FILTER         only test files whose path holds this text
Without a part all three run; with only a FILTER the two kinds of tests. As root on Debian or Ubuntu the packages that the
integration tests need are installed first, unless TIDEGATE_NO_INSTALL=1; without them those tests are skipped and say why.`;

/** The real other ends of the integration tests, the compilers of modules in C and Rust, and what the one executable is made with. */
const DEBIAN_PACKAGES = [
  ...['mosquitto', 'mosquitto-clients', 'nats-server', 'chromium'],
  ...['clang', 'lld', 'wasi-libc', 'libclang-rt-dev-wasm32', 'rustc', 'libstd-rust-dev-wasm32'],
  ...['g++', 'make', 'python3', 'binutils', 'zstd', 'xz-utils', 'openssl', 'qemu-user-static'],
  ...['gcc-aarch64-linux-gnu', 'g++-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
];

// An ordinary exit, so that what runs for us is ended with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

// For compilers that tests run.
process.env.PATH = systemPath();

await runMain(async () => {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  // First: modules in C and Rust are built with the others when their compilers are there.
  if ((options.unit || options.integration) && isInstallAllowed()) {
    const { missing, reason } = await ensureDebianPackages(DEBIAN_PACKAGES);
    if (missing.length > 0) console.log(`not installed: ${missing.join(', ')} (${reason})`);
  }
  const { node } = await prepare();
  let isGood = true;
  const result = emptyResult();
  if (options.checks) isGood = await runChecks(node);
  if (options.unit) await runTests(node, ['test/unit', 'test/simulation'], options.filters, { concurrency: 2 }, result);
  if (options.integration) {
    await runTests(node, ['test/integration'], options.filters, { concurrency: 1 }, result);
  }
  return report(result, isGood, options);
});

function readOptions() {
  const flag = { type: 'boolean', default: false };
  try {
    const { values, positionals: filters } = parseArgs({
      options: { checks: flag, unit: flag, integration: flag, help: flag },
      allowPositionals: true,
    });
    if (values.checks || values.unit || values.integration) return { ...values, filters };
    return { checks: filters.length === 0, unit: true, integration: true, help: values.help, filters };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return undefined;
  }
}

/**
 * The last words: what was skipped and why, what makes the run bad, the one line that sums it up. All failed checks together, and each
 * test file that crashed, hung or held no test, count as one failed: the last line never looks better than the exit code.
 */
function report({ passed, failed, skipped, faults }, isGood, { unit, integration }) {
  if (!isGood) faults.push('a check failed, see above');
  if ((unit || integration) && passed + failed === 0) faults.push('no test ran');
  for (const { name, file, reason } of skipped) console.log(`skipped: ${name} (${file}): ${reason}`);
  for (const fault of faults) console.log(`fault: ${fault}`);
  console.log(`${passed} passed, ${failed + faults.length} failed, ${skipped.length} skipped`);
  return failed + faults.length === 0 ? 0 : 1;
}
