import assert from 'node:assert/strict';
import test from 'node:test';
import { millis } from '../../../gateway/src/base/units.ts';
import { Flight } from '../../../gateway/src/core/sources/flight.ts';
import { parseSourcesOptions } from '../../../gateway/src/core/sources/options.ts';
import { Pacer } from '../../../gateway/src/core/sources/pacer.ts';
import type { Message, Outlet } from '../../../gateway/src/core/sources/ports.ts';

/** An outlet whose acknowledgements the test gives. */
class HeldOutlet implements Outlet {
  isConnected = true;
  readonly waiting: ((error?: Error) => void)[] = [];

  publish(_message: Message, done: (error?: Error) => void): void {
    this.waiting.push(done);
  }
}

const MESSAGE: Message = { topic: 'sensors/a/b', payload: '[]', points: 100, device: 1 };

test('a pacer gives out what its rate earns, over many uneven ticks', () => {
  const pacer = new Pacer(50_000, 100);
  let taken = 0;
  for (let ms = 0, step = 1; ms < 10_000; ms += step, step = 1 + ((step * 7) % 19)) {
    pacer.advance(millis(Math.min(step, 10_000 - ms)), true);
    while (pacer.take(100)) taken += 100;
  }
  assert.equal(taken, 500_000);
  assert.equal(pacer.skipped, 0);
});

test('a pause longer than a quarter of a second is skipped and counted, not caught up', () => {
  const pacer = new Pacer(1000, 1);
  pacer.advance(millis(5000), true);
  let taken = 0;
  while (pacer.take(1)) taken++;
  assert.equal(taken, 250);
  assert.equal(pacer.skipped, 4750);
});

test('while the outlet is closed nothing is earned', () => {
  const pacer = new Pacer(1000, 1);
  pacer.advance(millis(100), false);
  assert.equal(pacer.take(1), false);
  assert.equal(pacer.skipped, 100);
});

test('at a rate too low for one step in a quarter of a second a step is still earned', () => {
  const pacer = new Pacer(1, 1);
  for (let i = 0; i < 100; i++) pacer.advance(millis(10), true);
  assert.equal(pacer.take(1), true);
});

test('at the bound of unacknowledged messages publishing is refused until one is answered', () => {
  const outlet = new HeldOutlet();
  const flight = new Flight(outlet, 2);
  assert.ok(flight.publish(MESSAGE) && flight.publish(MESSAGE));
  assert.equal(flight.publish(MESSAGE), false);
  assert.equal(outlet.waiting.length, 2);
  outlet.waiting[0]!();
  assert.ok(flight.publish(MESSAGE));
  assert.deepEqual(flight.counts, { sent: 300, acknowledged: 100, failed: 0, inFlight: 2 });
});

test('nothing is handed to an outlet that is not connected', () => {
  const outlet = new HeldOutlet();
  outlet.isConnected = false;
  assert.equal(new Flight(outlet, 2).publish(MESSAGE), false);
  assert.equal(outlet.waiting.length, 0);
});

test('landing waits for the last answer, and a message given up counts as failed', async () => {
  const outlet = new HeldOutlet();
  const flight = new Flight(outlet, 10);
  await flight.landed();
  flight.publish(MESSAGE);
  flight.publish(MESSAGE);
  let isLanded = false;
  const landed = flight.landed().then(() => {
    isLanded = true;
  });
  outlet.waiting[0]!();
  await Promise.resolve();
  assert.equal(isLanded, false);
  outlet.waiting[1]!(new Error('connection closed'));
  await landed;
  assert.deepEqual(flight.counts, { sent: 200, acknowledged: 100, failed: 100, inFlight: 0 });
});

test('options have defaults', () => {
  assert.deepEqual(parseSourcesOptions([]), {
    url: 'mqtt://127.0.0.1:1883',
    rate: 200,
    username: undefined,
    passwordFile: undefined,
    jsonProgress: false,
    help: false,
  });
});

test('a wrong option is refused with its name and the nearest right one', () => {
  assert.throws(() => parseSourcesOptions(['--rate', '-1']), /--rate/);
  assert.throws(() => parseSourcesOptions(['--rate=']), /--rate: points a second/);
  assert.throws(() => parseSourcesOptions(['--url', 'http://x']), /--url: mqtt:\/\/HOST/);
  assert.throws(() => parseSourcesOptions(['--json-progres']), {
    code: 'invalid',
    hint: 'Did you mean --json-progress?',
  });
});
