/**
 * What a packaged executable runs first, in the main thread and in every worker: finds the bundle of the thread among the executable's parts,
 * checks it, and runs it. Bundled by itself; the line before it in the executable sets `tidegateIndexSha256`.
 */
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { describeError, GatewayError } from '../../base/errors.ts';
import { bootGlobals } from './boot-globals.ts';
import { Parts } from './parts.ts';

/** libuv's threads: zstd, fsync and DNS of one gateway never need more (docs/adr/0013). Read by libuv at its first work. */
const UV_THREADS = '2';

function boot(): void {
  if (isMainThread) process.env.UV_THREADPOOL_SIZE ??= UV_THREADS;
  const globals = bootGlobals();
  const parts = new Parts(globals.tidegateIndexSha256, globals.tidegateChecked);
  globals.tidegateParts = parts;
  run(parts, `bundle/${globals.tidegateThread ?? 'main'}`);
}

/** A bundle is the text of one function that takes what CommonJS gives a module. */
function run(parts: Parts, name: string): void {
  const text = inPlace(parts.octets(`${name}.cjs`)).toString('latin1');
  const cache = parts.has(`${name}.cache`) ? { cachedData: parts.octets(`${name}.cache`) } : {};
  const script = new Script(text, { filename: `${name}.cjs`, ...cache });
  bootGlobals().tidegateCacheRejected = script.cachedDataRejected;
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(process.execPath), module, process.execPath, '');
}

/** `Buffer.from(octets)` would copy them. */
function inPlace({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

try {
  boot();
} catch (error) {
  // A worker's error goes to whoever started it.
  if (!isMainThread || !(error instanceof GatewayError)) throw error;
  process.stderr.write(`tidegate: ${process.execPath}: ${describeError(error)}\n  ${error.hint ?? ''}\n`);
  process.exit(1);
}
