import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCaptured } from './captured.mjs';
import { PROJECT } from './project.mjs';
import { testFiles } from './test-files.mjs';

const TALLY = new URL('./test-tally.mjs', import.meta.url).href;
/** Of one file. The slowest, against a browser, take a minute on a busy machine. */
const FILE_TIMEOUT_MS = 8 * 60_000;

/** What all runs of tests together have shown. `faults` are what no single test stands for. */
export function emptyResult() {
  return { passed: 0, failed: 0, skipped: [], faults: [] };
}

/**
 * Runs the test files of some folders on the pinned Node, shows each file's report when it has ended, and adds to `result`.
 * Each file is a process of its own under our own deadline: `node --test` waits for ever for a file that spins.
 * @param {string} node @param {readonly string[]} folders @param {readonly string[]} filters @param {{concurrency: number}} options
 * @param {ReturnType<typeof emptyResult>} result
 */
export async function runTests(node, folders, filters, { concurrency }, result) {
  const files = folders.flatMap((folder) => testFiles(folder, filters));
  if (files.length === 0) return;
  const startMs = performance.now();
  const before = result.failed + result.faults.length;
  const scratch = mkdtempSync(join(tmpdir(), 'tidegate-test-'));
  try {
    const waiting = files.entries(); // shared: each worker takes the next
    const work = async () => {
      for (const [i, file] of waiting) await runFile(node, file, join(scratch, `${i}.jsonl`), result);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const isGood = result.failed + result.faults.length === before;
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${folders.join(', ')}: ${files.length} files (${seconds} s)`);
}

async function runFile(node, file, tallyFile, result) {
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  const tally = [`--test-reporter=${TALLY}`, `--test-reporter-destination=${tallyFile}`];
  const { code, output, isTimedOut } = await runCaptured(node, [...reporters, ...tally, file], {
    cwd: PROJECT,
    timeoutMs: FILE_TIMEOUT_MS,
  });
  console.log(`${file}\n${withoutSummary(output)}`);

  const lines = existsSync(tallyFile) ? readFileSync(tallyFile, 'utf8').split('\n').filter(Boolean) : [];
  const failedBefore = result.failed;
  for (const line of lines) addOutcome(JSON.parse(line), file, result);
  if (isTimedOut) result.faults.push(`${file} did not end within ${FILE_TIMEOUT_MS / 1000} s`);
  else if (code !== 0 && result.failed === failedBefore) result.faults.push(`${file} ended with ${code}`);
  else if (lines.length === 0) result.faults.push(`no test in ${file}`);
}

function addOutcome({ outcome, name, reason }, file, result) {
  if (outcome === 'passed') result.passed++;
  else if (outcome === 'failed') result.failed++;
  else result.skipped.push({ name, file, reason });
}

/** Each file's own counts are left out: the last line of the whole run has them. */
function withoutSummary(output) {
  return output.replace(/^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+\n/gm, '').trimEnd();
}
