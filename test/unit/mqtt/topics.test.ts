import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers } from '../../../gateway/src/adapters/mqtt/access.ts';
import {
  isTopicFilter,
  isTopicName,
  matchesFilter,
  SubscriptionTree,
} from '../../../gateway/src/adapters/mqtt/topics.ts';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';

const SEED = Number(process.env.SEED ?? 20_260);

/** Examples of section 4.7 of the standard, and some of ours. */
const MATCHES: readonly [filter: string, topic: string, isMatch: boolean][] = [
  ['sport/tennis/player1/#', 'sport/tennis/player1', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
  ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
  ['sport/tennis/player1/#', 'sport/tennis/player10', false],
  ['sport/#', 'sport', true],
  ['#', 'a/b/c', true],
  ['#', '/', true],
  ['sport/tennis/+', 'sport/tennis/player1', true],
  ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
  ['sport/+', 'sport', false],
  ['sport/+', 'sport/', true],
  ['+/+', '/finance', true],
  ['/+', '/finance', true],
  ['+', '/finance', false],
  ['#', '$SYS/uptime', false],
  ['+/monitor/Clients', '$SYS/monitor/Clients', false],
  ['$SYS/#', '$SYS/uptime', true],
  ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
  ['a/$x/+', 'a/$x/b', true],
  ['A', 'a', false],
];

function treeMatches(filter: string, topic: string): boolean {
  const tree = new SubscriptionTree<string>();
  tree.add(filter, 'me', 0);
  return tree.match(topic).size > 0;
}

for (const [filter, topic, isMatch] of MATCHES) {
  test(`filter ${filter} ${isMatch ? 'matches' : 'does not match'} topic ${topic}`, () => {
    assert.equal(matchesFilter(filter, topic), isMatch);
    assert.equal(treeMatches(filter, topic), isMatch, 'and the tree agrees');
  });
}

test('filters and names are told from what is neither', () => {
  for (const filter of ['a', '/', '#', '+', 'a/#', '+/b/+', '//', '/#']) assert.ok(isTopicFilter(filter), filter);
  for (const filter of ['', 'a#', 'a/#/b', '#/a', 'a+', '+a/b', 'a/b+/c', '##'])
    assert.ok(!isTopicFilter(filter), filter);
  for (const name of ['a', '/', 'a//b', ' ', '$SYS']) assert.ok(isTopicName(name), name);
  for (const name of ['', 'a/#', '+', 'a\0b']) assert.ok(!isTopicName(name), name);
});

const LEVELS = ['a', 'b', '', '$s'];

function anyTopic(random: Random): string {
  return Array.from({ length: 1 + random.below(4) }, () => LEVELS[random.below(LEVELS.length)]).join('/') || '/';
}

function anyFilter(random: Random): string {
  const levels = Array.from({ length: 1 + random.below(4) }, () => [...LEVELS, '+'][random.below(LEVELS.length + 1)]);
  if (random.below(3) === 0) levels.push('#');
  return levels.join('/') || '+';
}

test(`the tree agrees with matchesFilter through adds and removes, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  const tree = new SubscriptionTree<number>();
  const held = new Map<string, { filter: string; subscriber: number; qos: 0 | 1 | 2 }>();
  for (let step = 0; step < 3000; step++) {
    const filter = anyFilter(random);
    const subscriber = random.below(5);
    const qos = random.below(3) as 0 | 1 | 2;
    if (random.below(2) === 0) {
      tree.add(filter, subscriber, qos);
      held.set(`${subscriber} ${filter}`, { filter, subscriber, qos });
    } else {
      tree.remove(filter, subscriber);
      held.delete(`${subscriber} ${filter}`);
    }
    const topic = anyTopic(random);
    const expected = new Map<number, number>();
    for (const one of held.values()) {
      if (matchesFilter(one.filter, topic))
        expected.set(one.subscriber, Math.max(one.qos, expected.get(one.subscriber) ?? 0));
    }
    assert.deepEqual(new Map([...tree.match(topic)].sort()), new Map([...expected].sort()), `topic ${topic}`);
    assert.equal(tree.size, held.size);
  }
});

test('a tree whose subscriptions are all removed holds nothing', () => {
  const tree = new SubscriptionTree<number>();
  tree.add('a/+/c', 1, 1);
  tree.add('a/+/c', 1, 2);
  assert.equal(tree.size, 1, 'the same subscription twice is one');
  tree.remove('a/+', 1);
  tree.remove('a/+/c', 2);
  assert.equal(tree.size, 1, 'removing what is not there changes nothing');
  tree.remove('a/+/c', 1);
  assert.equal(tree.size, 0);
  assert.equal(tree.match('a/b/c').size, 0);
});

test(`a filter that covers another matches all its topics, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  let covered = 0;
  for (let step = 0; step < 50_000; step++) {
    const [have, want, topic] = [anyFilter(random), anyFilter(random), anyTopic(random)];
    if (!covers(have, want)) continue;
    covered++;
    if (matchesFilter(want, topic))
      assert.ok(matchesFilter(have, topic), `${have} covers ${want}, but does not match ${topic}`);
  }
  assert.ok(covered > 1000, 'the property has been tried');
});
