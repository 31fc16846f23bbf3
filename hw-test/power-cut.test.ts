/**
 * The power goes while readings come in, twice on one card: what was acknowledged is there, nothing is there twice, the ledger balances.
 * The card keeps what the kernel has written to it; what was still in the board's memory is gone.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { BoardStatus } from '../test/support/board-documents.ts';
import { BOARD_WAIT_MS, BoardRig, whyNoBoard } from '../test/support/board-rig.ts';

const skip = whyNoBoard();
/** First value of each run, and how many acknowledgements are awaited before its power is cut. */
const RUNS = [
  { first: 1_000_001, acknowledged: 200 },
  { first: 2_000_001, acknowledged: 100 },
] as const;
const LAST_READINGS = 10;

const rig = new BoardRig();
after(() => rig[Symbol.dispose]());

test('readings acknowledged before a power cut are there after it', { skip }, async (t) => {
  const acknowledged: number[] = [];
  for (const run of RUNS) {
    await using board = rig.start('ingest', `board.first=${run.first}`);
    const status = await board.says<BoardStatus>('status', BOARD_WAIT_MS);
    assertBalanced(status, sum(acknowledged));
    await board.waitFor(`${run.acknowledged} readings`, () => board.acknowledged >= run.acknowledged, BOARD_WAIT_MS);
    await board.cutPower();
    assert.deepEqual(board.all('end'), [], 'the power was cut in the midst of it');
    acknowledged.push(board.acknowledged);
  }
  await using board = rig.start('recover');
  const recovered = await board.says<BoardStatus>('status', BOARD_WAIT_MS);
  assertBalanced(recovered, sum(acknowledged));
  const last = await board.says<BoardStatus>('status-after', BOARD_WAIT_MS);
  assertBalanced(last, sum(acknowledged) + LAST_READINGS);
  await board.ends(BOARD_WAIT_MS);
  const values = board.all<number[]>('values').flat();
  assertWhole(values, acknowledged);
  const counted = last.ledger.lanes.live.stored;
  assert.equal(values.length, counted, 'the ledger counts what is there');
  const more = values.length - sum(acknowledged) - LAST_READINGS;
  t.diagnostic(
    `acknowledged ${acknowledged.join(' and ')}, all there; ${more} more were on the card before they were acknowledged`,
  );
});

/** Of each run its readings from the first to the last that was acknowledged; perhaps some more, without a gap; none twice. */
function assertWhole(values: readonly number[], acknowledged: readonly number[]): void {
  assert.equal(new Set(values).size, values.length, 'no reading twice');
  for (const [i, { first }] of RUNS.entries()) {
    const found = values.filter((value) => value >= first && value < first + 900_000).sort((a, b) => a - b);
    assert.ok(found.length >= acknowledged[i]!, `run ${i}: ${acknowledged[i]} acknowledged, ${found.length} found`);
    assert.deepEqual(
      found,
      Array.from(found, (_, n) => first + n),
    );
  }
  assert.deepEqual(
    values.filter((value) => value <= LAST_READINGS),
    Array.from({ length: LAST_READINGS }, (_, i) => i + 1),
  );
}

function assertBalanced({ ledger }: BoardStatus, atLeast: number): void {
  const { live } = ledger.lanes;
  assert.equal(ledger.balanced, true, JSON.stringify(ledger));
  assert.equal(live.received, live.stored + ledger.shed);
  assert.equal(live.stored, live.confirmed + live.queued + live.quarantined + live.expired);
  assert.ok(live.stored >= atLeast, `${atLeast} acknowledged, ${live.stored} in the ledger`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
