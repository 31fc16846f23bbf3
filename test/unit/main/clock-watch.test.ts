import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { epochMs, millis } from '../../../gateway/src/base/units.ts';
import { ClockWatch } from '../../../gateway/src/main/clock-watch.ts';

test('a clock that is set by more than a minute is told once, forward and back, and one that only goes on is not', () => {
  let wall = 0;
  let monotonic = 5;
  const lines: string[] = [];
  const clock = { ...systemClock, now: () => epochMs(wall), monotonic: () => millis(monotonic) };
  const watch = new ClockWatch(clock, (level, text) => lines.push(`${level} ${text}`));
  const pass = (wallMs: number, monotonicMs: number) => {
    wall += wallMs;
    monotonic += monotonicMs;
    watch.look();
  };
  pass(1000, 1000);
  pass(61_000, 1000);
  pass(3_600_000, 3_600_000);
  assert.equal(lines.length, 0);
  pass(1_795_000_000_000, 1000);
  pass(1000, 1000);
  pass(-7_200_000, 0);
  pass(1000, 1000);
  assert.deepEqual(
    lines.map((line) => line.replace(/, from.*/, '')),
    ['warn clock: set forward by 1794999999s', 'warn clock: set back by 2h'],
  );
  assert.match(lines[0]!, /, from 1970-01-01T01:01:03\.000Z to 2026-/);
});
