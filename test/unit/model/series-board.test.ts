import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocateSeriesBoard, SeriesBoard } from '../../../gateway/src/core/model/series-board.ts';

const at = (board: SeriesBoard, series: number) => [board.timeMs[series], board.value[series], board.count[series]];

test('the newest point by its own time is the current one; late ones are counted, stored ones are not', () => {
  const board = new SeriesBoard(allocateSeriesBoard(2));
  board.hear(1, 5000, 21.7);
  board.hear(1, 3000, 1);
  assert.deepEqual(at(board, 1), [5000, 21.7, 2]);
  board.remember(1, 4000, 2);
  assert.deepEqual(at(board, 1), [5000, 21.7, 2]);
  board.hear(1, 5000, 22);
  assert.deepEqual(at(board, 1), [5000, 22, 3], 'of two of one moment the later one');
  board.remember(0, 4000, 2);
  assert.deepEqual(at(board, 0), [4000, 2, 0]);
  board.remember(2, 4000, 2);
  assert.deepEqual(at(board, 0), [4000, 2, 0], 'a series beyond the board changes nothing');
});
