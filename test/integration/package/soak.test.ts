/** Half a minute of the soak (`npm run soak`): nothing is lost, nothing is left open. Whether memory grows takes hours to say, and is not asked here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SoakResult } from '../../bench/support/soak-run.ts';
import type { SoakSample } from '../../bench/support/soak-sample.ts';
import { runProgram } from '../../support/run-program.ts';

const SOAK = fileURLToPath(new URL('../../bench/soak.ts', import.meta.url));
/** Journal, segment and upload are open for moments; a leak opens one more with each segment, replacement or call. */
const DESCRIPTORS_OPEN_FOR_MOMENTS = 2;

const least = (samples: readonly SoakSample[], field: 'descriptors' | 'threads') =>
  Math.min(...samples.map((sample) => sample[field]));

test('under the rated load, while a module is replaced again and again, nothing is lost, the ledger balances, and descriptors and threads stay as many', async (t) => {
  const args = [SOAK, '--for', '30s', '--every', '1s', '--replace-every', '2s', '--json'];
  const { code, stdout, stderr } = await runProgram(process.execPath, args, { timeoutMs: 240_000 });
  assert.equal(code, 0, `${stdout.slice(-3000)}${stderr}`);
  const result = JSON.parse(stdout) as SoakResult;
  assert.deepEqual(result.faults, []);
  assert.ok(result.balanced);
  assert.ok(result.sentPoints > 0);
  assert.deepEqual(
    [result.acknowledgedPoints, result.receivedPoints],
    [result.sentPoints, result.sentPoints],
    'what was sent was acknowledged and is in the ledger',
  );
  assert.ok(result.replacements > 0 && result.functionCalls > 0);
  t.diagnostic(`${result.sentPoints} points, ${result.replacements} replacements, ${result.functionCalls} calls`);
  // The first half starts what is started once.
  const { samples } = result;
  const third = samples.slice(samples.length / 2, (samples.length * 3) / 4);
  const last = samples.slice((samples.length * 3) / 4);
  assert.ok(third.length >= 3 && last.length >= 3, `${samples.length} samples`);
  assert.ok(least(last, 'threads') <= least(third, 'threads'), JSON.stringify(samples));
  const opened = least(last, 'descriptors') - least(third, 'descriptors');
  assert.ok(opened <= DESCRIPTORS_OPEN_FOR_MOMENTS, JSON.stringify(samples));
});
