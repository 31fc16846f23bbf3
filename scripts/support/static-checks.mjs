import { runCaptured } from './captured.mjs';
import { PROJECT } from './project.mjs';

/** In order: the quickest first, so that a slip shows early. Paths from the project's top folder. */
const CHECKS = [
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the page', args: ['node_modules/typescript/bin/tsc', '-p', 'gateway/web'] },
  { name: 'generated documents', args: ['scripts/generate-reference.ts', '--check'] },
];

/**
 * Runs every check, also after one has failed; one line each, and the output of those that fail.
 * @param {string} node the pinned Node @returns {Promise<boolean>} true when all passed
 */
export async function runChecks(node) {
  let isGood = true;
  for (const { name, args } of CHECKS) {
    const startMs = performance.now();
    const { code, output } = await runCaptured(node, args, { cwd: PROJECT, timeoutMs: 10 * 60_000 });
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
    if (code !== 0) console.log(output.trimEnd());
    isGood &&= code === 0;
  }
  return isGood;
}
