/**
 * The packaged executable on an emulated Cortex-A53 whose root is read-only: it works there, and readings it has taken are there after a
 * restart. What is printed is emulated: sizes are true of arm64, times of nothing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Board } from '../test/support/board.ts';
import type { BoardStatus, Machine, MemoryUse, VerbResult } from '../test/support/board-documents.ts';
import { BOARD_WAIT_MS, BoardRig, whyNoBoard } from '../test/support/board-rig.ts';

const skip = whyNoBoard();
const READINGS = 300;
const AFTER_RESTART = 10;
/** One memory of WebAssembly whose bounds are checked by traps reserves more than this. */
const NARROW_KB = 8 * 2 ** 20;

const rig = new BoardRig();
let board: Board;

before(() => {
  if (!skip) board = rig.start('boot');
});
after(async () => {
  await board?.cutPower();
  rig[Symbol.dispose]();
});

const says = <T>(name: string) => board.says<T>(name, BOARD_WAIT_MS);

test('the board is a Cortex-A53 with two cores, and its root is read-only', { skip }, async (t) => {
  const machine = await says<Machine>('machine');
  t.diagnostic(`${machine.kernel} ${machine.machine}, ${machine.memoryKb} KiB`);
  assert.deepEqual(
    { machine: machine.machine, part: machine.part, cpus: machine.cpus, root: machine.root },
    { machine: 'aarch64', part: '0xd03', cpus: 2, root: 'ro' },
  );
});

test('the executable says what it is', { skip }, async (t) => {
  const { code, ms, document } = await says<VerbResult<Record<string, unknown>>>('version');
  assert.equal(code, 0, board.transcript);
  assert.deepEqual([document?.builtFrom, document?.target], ['package', 'linux-arm64']);
  t.diagnostic(`commit ${document?.commit}${document?.modified ? ', modified' : ''}; ${ms} ms emulated`);
});

test('its self-test passes, with the code cache in use', { skip }, async (t) => {
  interface Report {
    readonly ok: boolean;
    readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  }
  const { code, ms, document } = await says<VerbResult<Report>>('self-test');
  assert.deepEqual({ code, ok: document?.ok }, { code: 0, ok: true }, board.transcript);
  assert.match(document!.checks.find(({ name }) => name === 'executable')!.detail, /code cache in use/);
  t.diagnostic(`${document!.checks.length} checks passed; ${ms} ms emulated`);
});

test('it listens, and acknowledges readings of a client of others', { skip }, async (t) => {
  const { ms } = await says<{ ms: number }>('started');
  assert.equal((await says<{ code: number }>('published')).code, 0);
  t.diagnostic(`${READINGS} readings acknowledged; start ${ms} ms emulated`);
});

test('what it takes is printed', { skip }, async (t) => {
  const use = await says<MemoryUse>('memory');
  t.diagnostic(
    `PSS ${use.pssKb} KiB, anonymous ${use.anonKb} KiB, ${use.threads} threads, ${use.files} open files, address space ${use.virtualPeakKb} KiB at most`,
  );
  assert.ok(use.anonKb > 0 && use.pssKb > use.anonKb && use.threads > 1 && use.files > 10, JSON.stringify(use));
});

test('tidegate status --json answers while it runs', { skip }, async () => {
  const { code, document } = await says<VerbResult<BoardStatus>>('status');
  assert.equal(code, 0, board.transcript);
  assertGood(document!, READINGS);
});

test('it stops in order on SIGTERM', { skip }, async () => {
  assert.equal((await says<{ code: number }>('stopped')).code, 0, board.transcript);
});

test('it starts again, in an address space too small for memories guarded by traps', { skip }, async (t) => {
  await says('started-narrow');
  const status = await says<BoardStatus>('status-narrow');
  assertGood(status, READINGS + AFTER_RESTART);
  assert.ok(status.modules.length >= 2, 'modules run');
  for (const { name, state } of status.modules) assert.equal(state, 'running', name);
  const { virtualPeakKb } = await says<MemoryUse>('memory-narrow');
  t.diagnostic(
    `address space ${virtualPeakKb} KiB of ${NARROW_KB} KiB; this kernel has 48 bits, of 39 no Debian kernel is`,
  );
  assert.ok(virtualPeakKb < NARROW_KB);
});

test('every reading of both runs comes out of the store, once and in order', { skip }, async () => {
  await board.ends(BOARD_WAIT_MS);
  assert.equal((await says<{ code: number }>('stopped-narrow')).code, 0, board.transcript);
  assert.deepEqual(
    board.all<number[]>('values').flat(),
    Array.from({ length: READINGS + AFTER_RESTART }, (_, i) => i + 1),
  );
});

function assertGood({ ledger, gateway }: BoardStatus, points: number): void {
  const { live } = ledger.lanes;
  assert.deepEqual(
    {
      state: gateway.state,
      balanced: ledger.balanced,
      shed: ledger.shed,
      received: live.received,
      stored: live.stored,
    },
    { state: 'running', balanced: true, shed: 0, received: points, stored: points },
  );
}
