import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RouteSpec, TopicRoutes } from '../../../gateway/src/core/ingest/topic-routes.ts';
import { DEFAULT_ROUTES } from './ingest-harness.ts';

const route = (topic: string, fields: Partial<RouteSpec> = {}): RouteSpec => ({
  ...DEFAULT_ROUTES[0]!,
  topic,
  ...fields,
});

function find(routes: TopicRoutes, topic: string) {
  const octets = Buffer.from(`>>${topic}<<`);
  return routes.find(octets, 2, octets.length - 2);
}

/** `device/point`, or why there is none. */
function named(specs: readonly RouteSpec[], topic: string): string {
  const found = find(new TopicRoutes(specs, 10, 10), topic);
  return typeof found === 'string' ? found : `${found.device}/${found.point}`;
}

const NAMES: readonly [pattern: string, topic: string, name: string][] = [
  ['sensors/{device}/{point}', 'sensors/boiler/temp', 'boiler/temp'],
  ['sensors/{device}/{point}', 'sensors/boiler', 'unknown_topic'],
  ['sensors/{device}/{point}', 'sensors/boiler/temp/x', 'unknown_topic'],
  ['sensors/{device}/{point}', 'sensors//temp', 'unknown_topic'],
  ['sensors/{device}/{point}', 'xsensors/a/b', 'unknown_topic'],
  ['{device}/+/{device}/{point}', 'site/line/cell/t', 'site/cell/t'],
  ['a/{point}/{device}', 'a/p/d', 'd/p'],
  ['a/{device}/#', 'a/d', 'd/'],
  ['a/{device}/#', 'a/d/x/y', 'd/'],
  ['#', 'any/thing', '/'],
  ['a.b/{device}', 'aXb/d', 'unknown_topic'],
  ['a(b/{device}', 'a(b/d', 'd/'],
  ['{device}/{point}', 'zähler/größe', 'zähler/größe'],
  ['a/#', 'a/line\nbreak', '/'],
];

for (const [pattern, topic, name] of NAMES) {
  test(`under ${pattern} topic ${JSON.stringify(topic)} is ${name}`, () =>
    assert.equal(named([route(pattern)], topic), name));
}

test('the first route that matches is taken; fixed names fill in what the topic does not tell', () => {
  const routes = [
    route('a/b', { decoder: 'ignore' }),
    route('a/{device}', { point: 'p', device: 'never' }),
    route('a/#', { device: 'd', point: 'q' }),
  ];
  assert.equal(named(routes, 'a/b'), 'ignored');
  assert.equal(named(routes, 'a/c'), 'c/p');
  assert.equal(named(routes, 'a/c/d'), 'd/q');
});

test('a topic is resolved once and found again, from wherever its octets stand', () => {
  const routes = new TopicRoutes([route('{device}/{point}')], 10, 10);
  assert.equal(find(routes, 'a/b'), find(routes, 'a/b'));
  assert.notEqual(find(routes, 'a/b'), find(routes, 'a/c'));
});

test('beyond the bound topics are resolved anew each time, and rightly', () => {
  const routes = new TopicRoutes([route('{device}/{point}')], 2, 10);
  for (const topic of ['a/1', 'a/2', 'a/3', 'a/3']) {
    const found = find(routes, topic);
    assert.equal(typeof found === 'string' ? found : found.point, topic.slice(2));
  }
  assert.equal(find(routes, 'a/1'), find(routes, 'a/1'), 'the remembered ones stay');
  assert.notEqual(find(routes, 'a/3'), find(routes, 'a/3'));
});

test("nobody's topics and overlong ones do not crowd out those of sensors", () => {
  const routes = new TopicRoutes([route('s/{device}/{point}'), route('long/#', { device: 'd', point: 'p' })], 3, 10);
  for (let i = 0; i < 100; i++) assert.equal(find(routes, `nobody/${i}`), 'unknown_topic');
  for (let i = 0; i < 100; i++) assert.equal(find(routes, `s/${'x'.repeat(257)}/${i}`), 'name_too_long');
  for (let i = 0; i < 100; i++) assert.equal(typeof find(routes, `long/${'x/'.repeat(300)}/${i}`), 'object');
  assert.equal(find(routes, 's/a/b'), find(routes, 's/a/b'), 'a sensor is still remembered');
});

/** What a topic names, against the bound that names in payloads have too: 256 octets. */
const BOUNDS: readonly [pattern: string, topic: string, isTaken: boolean][] = [
  ['{device}/{point}', `${'d'.repeat(256)}/${'p'.repeat(256)}`, true],
  ['{device}/{point}', `${'d'.repeat(257)}/p`, false],
  ['{device}/{point}', `d/${'p'.repeat(257)}`, false],
  ['{device}/{point}', `${'ø'.repeat(128)}/p`, true],
  ['{device}/{point}', `${'ø'.repeat(129)}/p`, false],
  ['{device}/{device}/{point}', `${'d'.repeat(128)}/${'e'.repeat(127)}/p`, true],
  ['{device}/{device}/{point}', `${'d'.repeat(128)}/${'e'.repeat(128)}/p`, false],
  ['{device}/+/{point}', `d/${'x'.repeat(1000)}/p`, true],
];

for (const [pattern, topic, isTaken] of BOUNDS) {
  const lengths = topic.split('/').map((segment) => Buffer.byteLength(segment));
  test(`under ${pattern} segments of ${lengths.join(', ')} octets are ${isTaken ? 'names' : 'too long'}`, () =>
    assert.equal(named([route(pattern)], topic) === 'name_too_long', !isTaken));
}

test('a route whose paths contradict each other is refused by its topic', () => {
  assert.throws(() => new TopicRoutes([route('a/b', { decoder: 'json', value: 'x', array: 'x', time: 'x' })], 10, 10), {
    code: 'invalid',
    message: /route a\/b/,
  });
});
