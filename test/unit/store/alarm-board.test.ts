import assert from 'node:assert/strict';
import test from 'node:test';
import { ALARM_STATE } from '../../../gateway/src/core/model/quality.ts';
import { AlarmBoard } from '../../../gateway/src/core/store/alarm-board.ts';
import { pointsFrom } from './sample-points.ts';

const alarm = (series: number, state: keyof typeof ALARM_STATE, timeMs: number, value = 1) => ({
  ...{ series, timeMs, value },
  quality: ALARM_STATE[state],
});

test('an alarm raised and cleared keeps both moments', () => {
  const board = new AlarmBoard();
  board.apply(pointsFrom([alarm(1, 'raised', 100, 80), alarm(1, 'cleared', 200, 60)]));
  assert.deepEqual(board.list(10), [{ series: 1, state: 'cleared', value: 60, raisedMs: 100, clearedMs: 200 }]);
});

test('an alarm raised anew is no longer cleared', () => {
  const board = new AlarmBoard();
  board.load([{ series: 1, state: 'cleared', value: 60, raisedMs: 100, clearedMs: 200 }]);
  board.apply(pointsFrom([alarm(1, 'raised', 300, 90)]));
  assert.deepEqual(board.list(10), [{ series: 1, state: 'raised', value: 90, raisedMs: 300, clearedMs: null }]);
});

test('a clearing whose raising is not known stands at its own time', () => {
  const board = new AlarmBoard();
  board.apply(pointsFrom([alarm(4, 'cleared', 50)]));
  assert.deepEqual(board.list(10), [{ series: 4, state: 'cleared', value: 1, raisedMs: 50, clearedMs: 50 }]);
});

test('raised alarms come first, then the most recent, up to the limit', () => {
  const board = new AlarmBoard();
  const raised = [1, 2, 3, 4].map((series) => alarm(series, 'raised', series * 10));
  board.apply(pointsFrom([...raised, alarm(2, 'cleared', 500), alarm(4, 'cleared', 400)]));
  assert.deepEqual(
    board.list(3).map((row) => row.series),
    [3, 1, 2],
  );
});

test('each changed alarm is handed out once, in its last state; what is loaded is no change', () => {
  const board = new AlarmBoard();
  board.load([{ series: 9, state: 'raised', value: 1, raisedMs: 1, clearedMs: null }]);
  assert.deepEqual(board.changed(), []);
  board.apply(pointsFrom([alarm(1, 'raised', 1), alarm(1, 'cleared', 2), alarm(2, 'raised', 3)]));
  assert.deepEqual(
    board.changed().map(({ series, state }) => [series, state]),
    [
      [1, 'cleared'],
      [2, 'raised'],
    ],
  );
  board.clearChanged();
  assert.deepEqual(board.changed(), []);
});
