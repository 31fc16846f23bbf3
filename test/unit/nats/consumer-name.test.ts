import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumerName } from '../../../gateway/src/adapters/nats/event-subscription.ts';

type Parts = Parameters<typeof consumerName>;

/** Durable names stand on servers: a name that changes makes a function begin again at the first message of its stream. */
const NAMES: readonly [parts: Parts, name: string][] = [
  [['line1', 'report', 'ORDERS', ''], 'fn-line1-report-ORDERS'],
  [['line1', 'report', 'ORDERS_EU', 'orders.>'], 'fn-line1-report-ORDERS_EU-orders_2e_3e'],
  [['line1', 'report', 'ORDERS', 'orders.*.new'], 'fn-line1-report-ORDERS-orders_2e_2a_2enew'],
  [['line-1', 'a-report', 'MY-ORDERS', ''], 'fn-line_2d1-a_2dreport-MY_2dORDERS'],
  [['g', 'f', 'S', 'zähler'], 'fn-g-f-S-z_c3_a4hler'],
  [['g', 'f', 'S', 'a_2e'], 'fn-g-f-S-a_5f2e'],
];

for (const [parts, name] of NAMES) {
  test(`the consumer of ${parts.join(' ')} is ${name}`, () => assert.equal(consumerName(...parts), name));
}

const LONG = 'x'.repeat(190);

/** Pairs that must not share a consumer: each would get a part of the other's messages. */
const OTHERS: readonly [Parts, Parts][] = [
  [
    ['line', 'a-report', 'jobs', ''],
    ['line-a', 'report', 'jobs', ''],
  ],
  [
    ['g', 'f', 'a', 'b'],
    ['g', 'f', 'a-b', ''],
  ],
  [
    ['g', 'f', 'S', 'a.b'],
    ['g', 'f', 'S', 'a_2eb'],
  ],
  [
    ['g', 'f', 'S', '.a'],
    ['g', 'f', 'S', '\u02ea'],
  ],
  [
    ['g', 'f', 'S', '__2d'],
    ['g', 'f', 'S', '_-'],
  ],
  [
    ['g', 'f', 'S', `${LONG}.1`],
    ['g', 'f', 'S', `${LONG}.2`],
  ],
];

for (const [one, other] of OTHERS) {
  test(`${one.join(' ').slice(0, 40)} and ${other.join(' ').slice(0, 40)} have consumers of their own`, () =>
    assert.notEqual(consumerName(...one), consumerName(...other)));
}

test('a name of 200 characters stands as it is, a longer one ends with a hash of all of it', () => {
  const start = 'fn-g-f-S-';
  const whole = 'x'.repeat(200 - start.length);
  assert.equal(consumerName('g', 'f', 'S', whole), start + whole);
  const cut = consumerName('g', 'f', 'S', `${whole}x`);
  assert.match(cut, /^fn-g-f-S-x{173}--[0-9a-f]{16}$/);
  assert.equal(cut.length, 200);
});
