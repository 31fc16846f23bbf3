import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runStep } from './run.mjs';

const COMPILER = fileURLToPath(new URL('./compile-bundles.cjs', import.meta.url));

/** The larger part of these is a client library that most gateways never run: a cache of all of it would cost more than it gives. */
const TOP_LEVEL_ONLY = ['ingest'];

/**
 * V8's code cache of each bundle, made by the Node that will read it, under its options: V8 refuses one of another build, processor or set of flags.
 * The seed of V8's random numbers, which it leaves out when it compares flags, makes the order of its hash tables, and so the cache, the same each time.
 * @param {Record<string, Uint8Array>} bundles by thread @returns {Promise<Record<string, Buffer>>}
 */
export async function codeCaches(bundles, { target, node, stage }) {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, 'bundle'), { recursive: true });
  for (const [name, text] of Object.entries(bundles)) writeFileSync(join(stage, 'bundle', `${name}.cjs`), text);
  await runStep([...target.runner, node.node, ...target.execArgv, '--random-seed=42', COMPILER, ...TOP_LEVEL_ONLY], {
    cwd: stage,
  });
  return Object.fromEntries(
    Object.keys(bundles).map((name) => [name, readFileSync(join(stage, 'bundle', `${name}.cache`))]),
  );
}
