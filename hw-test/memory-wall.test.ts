/** The gateway in a control group with a limit: a module that takes what it may stays inside, and a program that takes without end is what the kernel ends. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { installAttack } from '../test/support/attack-module.ts';
import type { Board } from '../test/support/board.ts';
import type { BoardStatus, GroupUse } from '../test/support/board-documents.ts';
import { BOARD_WAIT_MS, BoardRig, whyNoBoard } from '../test/support/board-rig.ts';

const skip = whyNoBoard();
/** 32 MiB, in pages of 64 KiB. */
const MODULE_PAGES = 512;
const MODULE_BYTES = MODULE_PAGES * 65_536;
/** Other growth than the module's: caches, code, garbage. */
const SLACK_BYTES = 64 * 2 ** 20;
/** How a shell says that SIGKILL ended a program. */
const KILLED = 137;

const rig = new BoardRig((root) => {
  const limits = { memoryPages: MODULE_PAGES, deadlineMs: 5000, fuelPerCall: 100_000_000, startFuel: 100_000_000 };
  installAttack(join(root, 'board/modules'), 'memory-bomb', { limits });
});
let board: Board;

before(() => {
  if (!skip) board = rig.start('memory-wall');
});
after(async () => {
  await board?.cutPower();
  rig[Symbol.dispose]();
});

const says = <T>(name: string) => board.says<T>(name, BOARD_WAIT_MS);
const mebibytes = (octets: number) => `${(octets / 2 ** 20).toFixed(0)} MiB`;

test('a module that takes all the memory it may is ended by its own limit, far from the wall', { skip }, async (t) => {
  await says('started');
  const before = await says<GroupUse>('before');
  const grown = await says<GroupUse>('grown');
  const bomb = board
    .all<BoardStatus>('status-grown')
    .at(-1)!
    .modules.find(({ name }) => name === 'bomb')!;
  t.diagnostic(
    `anonymous ${mebibytes(before.anon)} before, ${mebibytes(grown.anon)} after ${bomb.traps} times ${mebibytes(MODULE_BYTES)}, of ${mebibytes(grown.max)}`,
  );
  assert.ok(bomb.traps > 0, JSON.stringify(bomb));
  assert.equal(grown.oomKills, 0);
  assert.ok(grown.anon < before.anon + MODULE_BYTES + SLACK_BYTES, JSON.stringify({ before, grown }));
});

test('a program that takes memory without end is ended by the kernel', { skip }, async () => {
  assert.equal((await says<{ code: number }>('bomb')).code, KILLED, board.transcript);
  assert.equal((await says<GroupUse>('bombed')).oomKills, 1);
});

test('the gateway goes on, acknowledges, and has every reading', { skip }, async () => {
  assert.equal((await says<{ code: number }>('published')).code, 0, board.transcript);
  await board.ends(BOARD_WAIT_MS);
  const { ledger } = await says<BoardStatus>('status-after');
  assert.deepEqual({ balanced: ledger.balanced, stored: ledger.lanes.live.stored }, { balanced: true, stored: 23 });
  assert.equal((await says<{ code: number }>('stopped')).code, 0, board.transcript);
  const expected = [...Array.from({ length: 10 }, (_, i) => i + 1), 2001, 2002, 2003];
  assert.deepEqual(board.all<number[]>('values').flat(), [
    ...expected,
    ...Array.from({ length: 10 }, (_, i) => i + 11),
  ]);
});
