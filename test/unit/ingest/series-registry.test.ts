import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradeRange, SERIES_LIMIT, SeriesRegistry } from '../../../gateway/src/core/ingest/series-registry.ts';
import { packQuality, unpackQuality } from '../../../gateway/src/core/model/quality.ts';
import { DERIVED_SERIES_BASE, type Series } from '../../../gateway/src/core/model/series.ts';

const series = (id: number, device: string, point: string): Series => ({
  id,
  device,
  point,
  unit: '',
  type: 'gauge',
  lane: 'live',
});

test('series known from an earlier run keep their identifiers, new ones go on after them', () => {
  const registry = new SeriesRegistry([series(4, 'a', 'x'), series(2, 'a', 'y')], [], 10);
  assert.equal(registry.resolve('a', 'x'), 4);
  assert.equal(registry.resolve('a', 'y'), 2);
  assert.equal(registry.resolve('a', 'z'), 5);
  assert.deepEqual(
    registry.takeAdded().map(({ id, point }) => [id, point]),
    [[5, 'z']],
  );
  assert.deepEqual(registry.takeAdded(), []);
});

test('series that modules computed do not count', () => {
  const registry = new SeriesRegistry([series(DERIVED_SERIES_BASE + 7, 'a', 'x.w.mean')], [], 10);
  assert.equal(registry.size, 0);
  assert.equal(registry.resolve('a', 'x'), 0);
});

test('the bound holds; more series known from before than it allows stay known', () => {
  const registry = new SeriesRegistry([], [], 2);
  assert.deepEqual(
    ['p', 'q', 'r', 'p'].map((point) => registry.resolve('a', point)),
    [0, 1, SERIES_LIMIT, 0],
  );
  const lowered = new SeriesRegistry([series(0, 'a', 'p'), series(1, 'a', 'q'), series(2, 'a', 'r')], [], 2);
  assert.equal(lowered.resolve('a', 'r'), 2);
  assert.equal(lowered.resolve('a', 's'), SERIES_LIMIT);
  assert.equal(lowered.max[2], Infinity, 'bounds are there for every known one');
});

test('names with slashes are told apart', () => {
  const registry = new SeriesRegistry([], [], 10);
  assert.notEqual(registry.resolve('a/b', 'c'), registry.resolve('a', 'b/c'));
});

test('the first rule that matches gives unit, type and range', () => {
  const rules = [
    { match: 'boiler/*', unit: 'bar', type: 'counter' as const, min: 0, max: undefined },
    { match: '**', unit: 'C', type: 'gauge' as const, min: -5, max: 5 },
  ];
  const registry = new SeriesRegistry([], rules, 10);
  const [boiler, other] = [registry.resolve('boiler', 'p'), registry.resolve('hall/east', 't')];
  assert.deepEqual(
    registry.takeAdded().map(({ unit, type }) => [unit, type]),
    [
      ['bar', 'counter'],
      ['C', 'gauge'],
    ],
  );
  assert.deepEqual([registry.min[boiler], registry.max[boiler]], [0, Infinity]);
  assert.deepEqual([registry.min[other], registry.max[other]], [-5, 5]);
});

test('series of a message that is rejected after all are taken back, those stored before are not', () => {
  const registry = new SeriesRegistry([], [], 3);
  registry.resolve('a', 'p');
  const first = registry.next;
  registry.resolve('b', 'q');
  registry.resolve('b', 'r');
  registry.takeBack(first);
  assert.equal(registry.size, 1);
  assert.equal(registry.resolve('c', 's'), 1);
  assert.deepEqual(
    registry.takeAdded().map(({ point }) => point),
    ['p', 's'],
  );
});

test('a range only worsens what was good', () => {
  assert.deepEqual(unpackQuality(gradeRange(packQuality('good', 'none', true))), {
    grade: 'uncertain',
    reason: 'out_of_range',
    timeFromGateway: true,
  });
  assert.equal(gradeRange(packQuality('bad', 'sensor_fault')), packQuality('bad', 'sensor_fault'));
  assert.equal(gradeRange(packQuality('uncertain', 'stale')), packQuality('uncertain', 'stale'));
});
