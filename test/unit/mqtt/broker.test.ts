import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broker, type BrokerLimits } from '../../../gateway/src/adapters/mqtt/broker.ts';
import type { Session } from '../../../gateway/src/adapters/mqtt/session.ts';

const LIMITS: BrokerLimits = { sessionsMax: 2, sessionQueueMax: 10, subscriptionsMax: 2, retainedMax: 2 };

/** Octets written to a session, as one text: payloads are found in it. */
function attach(session: Session): { text: string } {
  const seen = { text: '' };
  session.attach({ waitingBytes: 0, write: (octets) => (seen.text += Buffer.from(octets).toString('latin1')) });
  return seen;
}

const message = (topic: string, payload: string, flags: { retain?: boolean; qos?: 0 | 1 } = {}) => {
  return { topic, payload: Buffer.from(payload), qos: flags.qos ?? (0 as const), retain: flags.retain ?? false };
};

test('a message reaches every subscriber once, however many of its filters match', () => {
  const broker = new Broker(LIMITS);
  const { session } = broker.openSession('a', true);
  const seen = attach(session);
  broker.subscribe(session, 'x/#', 0);
  broker.subscribe(session, 'x/+', 1);
  broker.route(message('x/y', 'once'));
  assert.equal(seen.text.split('once').length - 1, 1);
});

test('retained messages are kept by topic, replaced, cleared by an empty one, and bounded', () => {
  const broker = new Broker(LIMITS);
  broker.route(message('a', 'old', { retain: true }));
  broker.route(message('a', 'new', { retain: true }));
  broker.route(message('b', 'bee', { retain: true }));
  broker.route(message('c', 'sea', { retain: true }));
  assert.equal(broker.retainedRefused, 1);
  broker.route(message('b', '', { retain: true }));
  const { session } = broker.openSession('s', true);
  const seen = attach(session);
  broker.sendRetained(session, '#', 0);
  assert.match(seen.text, /new/);
  assert.doesNotMatch(seen.text, /old|bee|sea/);
});

test('a persistent session is found again with its subscriptions, a clean one is not', () => {
  const broker = new Broker(LIMITS);
  const kept = broker.openSession('kept', false);
  const clean = broker.openSession('clean', true);
  broker.subscribe(kept.session, 'k', 1);
  broker.subscribe(clean.session, 'c', 1);
  broker.closeSession(kept.session);
  broker.closeSession(clean.session);
  assert.deepEqual(broker.openSession('kept', false), { session: kept.session, isPresent: true });
  assert.equal(broker.openSession('clean', true).isPresent, false);
  assert.equal(broker.openSession('kept', true).isPresent, false, 'a clean start forgets what was kept');
  assert.equal(broker.hasSubscribers, false);
});

test('the bound on sessions takes the oldest that is away, and refuses when all are connected', () => {
  const broker = new Broker(LIMITS);
  const first = broker.openSession('first', false).session;
  attach(broker.openSession('second', false).session);
  assert.equal(broker.openSession('third', false).isPresent, false);
  assert.equal(broker.openSession('first', false).session === first, false, 'the first one was away and has gone');
  attach(broker.openSession('first', false).session);
  assert.throws(() => broker.openSession('fourth', false), { code: 'exhausted' });
  assert.equal(broker.sessions, 2);
});

test('a gateway that keeps no sessions still serves clean ones', () => {
  const broker = new Broker({ ...LIMITS, sessionsMax: 0 });
  for (let i = 0; i < 5; i++) attach(broker.openSession(`c${i}`, true).session);
  assert.equal(broker.sessions, 5);
  assert.throws(() => broker.openSession('p', false), { code: 'exhausted' });
});

test('the bound on subscriptions counts filters; the same one again only changes its QoS', () => {
  const broker = new Broker(LIMITS);
  const { session } = broker.openSession('a', true);
  assert.ok(broker.subscribe(session, 'a', 0));
  assert.ok(broker.subscribe(session, 'b', 0));
  assert.ok(!broker.subscribe(session, 'c', 0));
  assert.ok(broker.subscribe(session, 'a', 2));
  broker.unsubscribe(session, 'b');
  assert.ok(broker.subscribe(session, 'c', 0));
});

test('retained payloads are bounded by their octets: a further one is refused, a smaller one in place of it is kept', () => {
  const broker = new Broker({ sessionsMax: 10, sessionQueueMax: 10, subscriptionsMax: 10, retainedMax: 100 });
  const retain = (topic: string, octets: number) =>
    broker.route({ topic, payload: Buffer.alloc(octets, 1), qos: 0, retain: true });
  for (let i = 0; i < 20; i++) retain(`big/${i}`, 1 << 20);
  assert.equal(broker.retainedRefused, 4);
  retain('big/0', 10);
  retain('big/16', 1 << 19);
  assert.equal(broker.retainedRefused, 4, 'room was made');
});
