import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'postject';
import { endWithInterpreter } from './elf.mjs';
import { runStep } from './run.mjs';

/** Node looks for this text in itself to learn whether it carries an application: see "Single executable applications" in its manual. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** @param {Uint8Array} octets */
export function sha256(octets) {
  return createHash('sha256').update(octets).digest('hex');
}

/**
 * Puts all parts into a copy of the target's Node.
 * @param {Record<string, Uint8Array>} parts with `boot.cjs`; `index.json` is made here @param {object} index what it says besides the hashes
 * @param {string} stage an empty folder of our own @param {string} file where the executable goes, whole or not at all
 */
export async function makeExecutable({ target, node, parts, index, stage, file }) {
  rmSync(stage, { recursive: true, force: true });
  const names = Object.keys(parts).sort();
  const hashes = Object.fromEntries(names.map((name) => [name, sha256(parts[name])]));
  const indexText = JSON.stringify({ ...index, parts: hashes });
  const all = { ...parts, 'index.json': Buffer.from(indexText) };
  for (const [name, octets] of Object.entries(all)) {
    mkdirSync(dirname(join(stage, name)), { recursive: true });
    writeFileSync(join(stage, name), octets);
  }
  const start = `globalThis.tidegateIndexSha256=${JSON.stringify(sha256(all['index.json']))};\n`;
  writeFileSync(join(stage, 'tidegate'), Buffer.concat([Buffer.from(start), parts['boot.cjs']]));
  // Paths are relative: the blob holds them, and they would tell one build folder from another.
  const config = {
    main: 'tidegate',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    execArgv: target.execArgv,
    execArgvExtension: 'none',
    assets: Object.fromEntries(
      Object.keys(all)
        .sort()
        .map((name) => [name, name]),
    ),
  };
  writeFileSync(join(stage, 'sea.json'), JSON.stringify(config));
  await runStep([...target.runner, node.node, '--experimental-sea-config', 'sea.json'], { cwd: stage });
  const draft = `${file}.tmp`;
  copyFileSync(node.node, draft);
  chmodSync(draft, 0o755);
  await withQuietLief(() => inject(draft, 'NODE_SEA_BLOB', readFileSync(join(stage, 'blob')), { sentinelFuse: FUSE }));
  endWithInterpreter(draft);
  renameSync(draft, file);
}

/** The library below postject warns of section names that stripping has taken away; the result is as it should be (the tests run it). */
async function withQuietLief(work) {
  const { write } = process.stderr;
  process.stderr.write = (chunk, ...rest) =>
    /^warning: Can't find string offset/.test(String(chunk)) || write.call(process.stderr, chunk, ...rest);
  try {
    await work();
  } finally {
    process.stderr.write = write;
  }
}
