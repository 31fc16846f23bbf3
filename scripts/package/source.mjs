import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runCaptured } from '../support/captured.mjs';
import { PROJECT } from '../support/project.mjs';

/** A change anywhere else does not show in the executable. */
export const BUILT_FROM = [
  'gateway',
  'image/systemd',
  'modules',
  'native',
  'scripts',
  'LICENSE',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/**
 * What is built: version, commit, and the one date that may stand in the result: SOURCE_DATE_EPOCH, else the commit's.
 * @returns {Promise<{version: string, commit: string | null, modified: boolean | null, epochSeconds: number}>}
 * @see https://reproducible-builds.org/specs/source-date-epoch/
 */
export async function sourceFacts() {
  const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  const commit = await git('rev-parse', 'HEAD');
  const changes = await git('status', '--porcelain', '--', ...BUILT_FROM);
  const date = process.env.SOURCE_DATE_EPOCH ?? (await git('log', '-1', '--format=%ct')) ?? '0';
  return { version, commit, modified: changes === null ? null : changes !== '', epochSeconds: Number(date) };
}

/** Null where there is no git, or no history. */
async function git(...args) {
  const { code, output } = await runCaptured('git', args, { cwd: PROJECT, timeoutMs: 20_000 });
  return code === 0 ? output.trim() : null;
}
