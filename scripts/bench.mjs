#!/usr/bin/env node
// npm run bench [-- OPTIONS]: measures the main job end to end and prints one table; docs/reference/benchmarks.md says how.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ensureNodeRed } from '../test/bench/support/node-red-install.mjs';
import { ensureWazero } from '../test/bench/support/wasm/wazero-install.mjs';
import { targetOf } from './package/targets.mjs';
import { ensureDebianPackages, isInstallAllowed } from './support/debian.mjs';
import { runMain, StartFailure } from './support/failure.mjs';
import { prepare } from './support/prepare.mjs';
import { PROJECT } from './support/project.mjs';
import { runPinned } from './support/run-pinned.mjs';
import { systemPath } from './support/system-path.mjs';

const USAGE = `usage: npm run bench -- [--quick] [--json] [--no-peer] [PART...]
  --quick    a few seconds a part: to see that it runs, not to quote
  --json     one JSON object as the last line
  --no-peer  without Node-RED and wazero
  PART       only these, of: rate latency bytes peer store decode wasm neighbours package (the first four when none is named)
Takes about ten minutes; the machine should do nothing else. nats-server and mosquitto are installed as root on Debian or
Ubuntu, Node-RED into .cache/peers, unless TIDEGATE_NO_INSTALL=1; without one of them its rows are left out, with the reason.`;
const PARTS = ['rate', 'latency', 'bytes', 'peer'];
/** Benchmarks that are a file of their own and print a table of their own. */
const OWN_FILES = {
  store: 'test/bench/store.bench.ts',
  decode: 'test/bench/decode.bench.ts',
  wasm: 'test/bench/wasm.bench.ts',
  neighbours: 'test/bench/neighbours.bench.ts',
  package: 'test/bench/package.bench.ts',
};

// For compilers that tests run.
process.env.PATH = systemPath();

await runMain(async () => {
  const options = readOptions();
  if (options === undefined) return 2;
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  for (const part of options.parts.filter((name) => name in OWN_FILES)) {
    const args = options.quick ? ['--quick'] : [];
    if (part === 'wasm') args.push(...(await wasmArguments(options)));
    if (part === 'package') args.push(...packageArguments());
    const code = await runPinned(OWN_FILES[part], args);
    if (code !== 0) return code;
  }
  const parts = options.parts.filter((name) => PARTS.includes(name));
  return parts.length === 0 ? 0 : await measure(parts, options);
});

function readOptions() {
  const flag = { type: 'boolean', default: false };
  try {
    const { values, positionals } = parseArgs({
      options: { quick: flag, json: flag, 'no-peer': flag, help: flag },
      allowPositionals: true,
    });
    const known = [...PARTS, ...Object.keys(OWN_FILES)];
    const unknown = positionals.find((part) => !known.includes(part));
    if (unknown !== undefined) throw new Error(`part "${unknown}": one of ${known.join(', ')} expected`);
    return { ...values, parts: positionals.length > 0 ? positionals : PARTS };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return undefined;
  }
}

/** The executable, and the options that V8 has in it. @throws {StartFailure} when it has not been built. */
function packageArguments() {
  const target = `${process.platform}-${process.arch}`;
  const name = `tidegate-${target}`;
  const file = join(PROJECT, 'dist', name);
  if (existsSync(file)) return [file, '--', ...targetOf(target).execArgv];
  throw new StartFailure(
    `package: dist/${name} expected, nothing found\n  npm run package -- --target ${process.platform}-${process.arch}`,
  );
}

/** Installs what the kernels are built with, and the peer. */
async function wasmArguments({ json, 'no-peer': withoutPeer }) {
  const args = json ? ['--json'] : [];
  if (isInstallAllowed()) {
    const { missing, reason } = await ensureDebianPackages(['clang', 'lld', 'gcc', 'libc6-dev']);
    if (missing.length > 0) console.error(`not installed: ${missing.join(', ')} (${reason})`);
  }
  if (withoutPeer) return args;
  const { program, reason } = await ensureWazero();
  return [...args, ...(program === undefined ? ['--peer-missing', reason] : ['--wazero', program])];
}

/** Installs the far ends, then hands over to the pinned Node. */
async function measure(parts, { quick, json, 'no-peer': withoutPeer }) {
  if (isInstallAllowed()) {
    const { missing, reason } = await ensureDebianPackages(['nats-server', 'mosquitto']);
    if (missing.length > 0) console.error(`not installed: ${missing.join(', ')} (${reason})`);
  }
  const args = parts.filter((part) => part !== 'peer');
  if (parts.includes('peer') && !withoutPeer) {
    const { node } = await prepare();
    const { folder, reason } = await ensureNodeRed(node);
    args.push(...(folder === undefined ? ['--peer-missing', reason] : ['--node-red', folder]));
  }
  if (quick) args.push('--quick');
  if (json) args.push('--json');
  return await runPinned('test/bench/main-job.bench.ts', args);
}
