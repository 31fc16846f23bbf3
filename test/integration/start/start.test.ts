/** `npm start` as a newcomer runs it: real input flows, the sources stop, everything drains, the ledger balances, and a second start goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const DEMO = fileURLToPath(new URL('../../../gateway/src/main/demo.ts', import.meta.url));

interface Report {
  readonly received: number;
  readonly stored: number;
  readonly confirmed: number;
  readonly queued: number;
  readonly sinkUnique: number | null;
  readonly sinkDuplicates: number | null;
  readonly balanced: boolean;
}

async function start(state: string, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await runProgram(
    process.execPath,
    [DEMO, '--for', '5s', '--json', '--state', state, ...args],
    {
      timeoutMs: 90_000,
    },
  );
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Report;
}

test('points travel from the sources to the sink, and a second start goes on', {
  skip: skipWithout('nats-server'),
  timeout: 200_000,
}, async () => {
  using folder = temporaryFolder();
  const first = await start(folder.path, '--rate', '5000');
  assert.ok(first.received > 5000, `input flows: ${first.received} points`);
  assert.deepEqual(
    { balanced: first.balanced, queued: first.queued, sink: first.sinkUnique, duplicates: first.sinkDuplicates },
    { balanced: true, queued: 0, sink: first.confirmed, duplicates: 0 },
  );
  const second = await start(folder.path);
  assert.ok(second.received > first.received, 'the accounts go on where the first start ended');
  assert.equal(second.sinkUnique, second.confirmed);
});

test('without a cloud points wait in the store', { timeout: 100_000 }, async () => {
  using folder = temporaryFolder();
  const report = await start(folder.path, '--no-cloud');
  assert.ok(report.stored > 100 && report.queued > 0);
  assert.deepEqual({ sink: report.sinkUnique, balanced: report.balanced }, { sink: null, balanced: true });
});
