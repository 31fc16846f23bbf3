import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronSchedule } from '../../../gateway/src/adapters/cron/cron-schedule.ts';
import type { Schedule } from '../../../gateway/src/core/functions/ports.ts';
import { intervalSchedule, Timer } from '../../../gateway/src/core/functions/timer.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Firing {
  readonly atMs: number;
  readonly dueMs: number;
  readonly missed: number;
}

/** A timer over what it has kept; several in a row share it, as over restarts. */
class TimerRig {
  readonly clock: ManualClock;
  readonly firings: Firing[] = [];
  lastMs: number | null = null;
  failures = 0;
  #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.clock = new ManualClock(startMs);
  }

  start(schedule: Schedule, isCalendar = false): void {
    this.#stop = new AbortController();
    const timer = new Timer({
      fn: 'f',
      key: 'k',
      schedule,
      isCalendar,
      store: {
        lastMs: async () => this.lastMs,
        fired: async (_fn, _key, lastMs, event) => {
          if (this.failures-- > 0) throw new Error('the disk is full');
          this.lastMs = lastMs;
          if (event === null) return;
          const { dueMs, missed } = JSON.parse(Buffer.from(event).toString()) as Firing;
          this.firings.push({ atMs: this.clock.now(), dueMs, missed });
        },
      },
      clock: this.clock,
      event: (dueMs, missed) => Buffer.from(JSON.stringify({ dueMs, missed })),
      onProblem: () => undefined,
    });
    this.#done = timer.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

test('an interval fires after each span', async () => {
  const rig = new TimerRig();
  const start = rig.clock.now();
  rig.start(intervalSchedule(10_000));
  await rig.clock.advance(35_000);
  assert.deepEqual(
    rig.firings.map(({ atMs }) => atMs - start),
    [10_000, 20_000, 30_000],
  );
  await rig.stop();
});

test('an interval longer than the time between restarts fires all the same', async () => {
  const rig = new TimerRig();
  for (let n = 0; n < 4; n++) {
    rig.start(intervalSchedule(3_600_000));
    await rig.clock.advance(1_200_000);
    await rig.stop();
  }
  assert.equal(rig.firings.length, 1);
});

test('firings missed while the gateway was off are made up for by one', async () => {
  const rig = new TimerRig();
  rig.start(intervalSchedule(60_000));
  await rig.clock.advance(60_000);
  await rig.stop();
  await rig.clock.advance(10 * 60_000 + 5000);
  rig.start(intervalSchedule(60_000));
  await rig.clock.advance(0);
  assert.deepEqual(
    rig.firings.slice(1).map(({ missed }) => missed),
    [9],
  );
  await rig.clock.advance(55_000);
  assert.equal(rig.firings.length, 3, 'and then it goes on in step');
  await rig.stop();
});

test('a cron expression fires by its time zone, on both sides of a change of the clocks', async () => {
  const rig = new TimerRig(Date.UTC(2026, 2, 28, 8, 29));
  rig.start(cronSchedule('30 9 * * *', 'Europe/Berlin'), true);
  await rig.clock.advance(23 * 3_600_000 + 120_000);
  assert.deepEqual(
    rig.firings.map(({ dueMs }) => new Date(dueMs).toISOString()),
    ['2026-03-28T08:30:00.000Z', '2026-03-29T07:30:00.000Z'],
  );
  await rig.stop();
});

test('a cron expression does not fire before the clock has been set', async () => {
  const rig = new TimerRig(0);
  rig.start(cronSchedule('* * * * *', 'UTC'), true);
  await rig.clock.advance(600_000);
  assert.deepEqual(rig.firings, []);
  await rig.stop();
});

test('a clock that is set back does not silence a timer', async () => {
  const rig = new TimerRig();
  rig.lastMs = rig.clock.now() + 365 * 86_400_000;
  rig.start(intervalSchedule(10_000));
  await rig.clock.advance(10_000);
  assert.equal(rig.firings.length, 1);
  await rig.stop();
});

test('a firing that could not be kept is made up for', async () => {
  const rig = new TimerRig();
  rig.start(intervalSchedule(10_000));
  await rig.clock.advance(5000);
  rig.failures = 3;
  await rig.clock.advance(10_000);
  assert.equal(rig.firings.length, 1);
  assert.equal(rig.firings[0]!.dueMs, Date.UTC(2026, 0, 1) + 10_000);
  await rig.stop();
});

test('what is no cron expression, and no time zone, is refused by name', () => {
  assert.throws(() => cronSchedule('61 * * * *', 'UTC'), /61 \* \* \* \*/);
  assert.throws(() => cronSchedule('* * * * *', 'Mars/Base'), /Mars\/Base/);
});
