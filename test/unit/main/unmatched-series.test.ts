import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../gateway/src/config/parse-config.ts';
import type { Lane, Series } from '../../../gateway/src/core/model/series.ts';
import type { ModuleReport } from '../../../gateway/src/main/modules/module-entry.ts';
import { UnmatchedSeries } from '../../../gateway/src/main/unmatched-series.ts';

type Module = Pick<ModuleReport, 'name' | 'state' | 'inputs' | 'seriesRead'>;

const mean: Module = {
  name: 'mean',
  state: 'running',
  inputs: [
    { series: 'tank/*', config: {} },
    { series: 'boiler/*', config: {} },
  ],
  seriesRead: [2, 0],
};

function triggersOf(...globs: string[]): string {
  const triggers = globs.map((glob) => `[[function.trigger]]\ntype = "alarm"\nseries = "${glob}"\n`);
  return `[[function]]\nname = "call"\nmodule = "echo-function"\n${triggers.join('')}`;
}

class World {
  nowMs = 0;
  points = 0;
  modules: Module[] = [];
  readonly series: Series[] = [];
  readonly lines: string[] = [];
  readonly unmatched: UnmatchedSeries;

  constructor(toml = '') {
    this.unmatched = new UnmatchedSeries({
      functions: parseConfig([{ origin: 'test', text: toml }]).config.function,
      modules: () => this.modules,
      series: this.series,
      points: () => this.points,
      nowMs: () => this.nowMs,
      log: (_level, text) => this.lines.push(text),
    });
  }

  add(device: string, point: string, lane: Lane = 'live'): void {
    this.series.push({ id: this.series.length, device, point, unit: '', type: 'gauge', lane });
  }

  /** Readings come, or not. */
  pass(seconds: number, { areComing = true } = {}): void {
    for (let i = 0; i < seconds; i += 5) {
      this.nowMs += 5000;
      if (areComing) this.points += 10;
      this.unmatched.look();
    }
  }
}

test('an input that matches nothing is told once, after a minute of readings', () => {
  const world = new World();
  world.modules = [mean];
  world.pass(60);
  assert.deepEqual(world.lines, []);
  world.pass(600);
  assert.deepEqual(world.lines, [
    'module mean: no series matches its input "boiler/*" after a minute of readings; names are device/point, GET /api/series lists them',
  ]);
});

test('nothing is told while no readings come', () => {
  const world = new World(triggersOf('boiler/*'));
  world.modules = [mean];
  world.pass(600, { areComing: false });
  world.points = 1;
  world.pass(600, { areComing: false });
  assert.deepEqual(world.lines, []);
});

test('a module that was given series meanwhile, does not run, or has not run yet, is not told of; one that is changed gets a minute of its own', () => {
  const world = new World();
  world.modules = [mean];
  world.pass(30);
  world.modules = [{ ...mean, seriesRead: [2, 1] }];
  world.pass(120);
  world.modules = [{ ...mean, state: 'disabled' }];
  world.pass(120);
  world.modules = [{ ...mean, seriesRead: [] }];
  world.pass(120);
  assert.deepEqual(world.lines, []);
  world.modules = [mean];
  world.pass(60);
  assert.equal(world.lines.length, 0);
  world.pass(5);
  assert.equal(world.lines.length, 1);
});

test('an alarm trigger is met by the series an alarm would be of, or by an alarm there was', () => {
  const world = new World(triggersOf('boiler/*', 'tank/level!limits.high', '**!limits.low', 'tank/*high', 'no/such'));
  world.add('tank', 'level');
  world.add('boiler', 'temp.mean.mean', 'aggregate');
  world.add('tank', 'level!limits.high', 'alarm');
  world.pass(120);
  assert.deepEqual(
    world.lines.map((line) => /"(.*)"/.exec(line)?.[1]),
    ['boiler/*', 'no/such'],
  );
  assert.match(world.lines[0]!, /^function call: no series matches its alarm trigger/);
});
