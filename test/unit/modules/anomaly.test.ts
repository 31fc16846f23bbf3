/** anomaly on labelled readings: how many of its alarms are right, and how many anomalies it finds. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Gw1Module, loadModule } from './gw1-module.ts';
import { type LabelledSeries, recordedSeries, withAnomalies } from './labelled-readings.ts';

/** What modules/README.md promises, with the default configuration. */
const PRECISION_MIN = 0.98;
const RECALL_MIN = 0.9;
const RECALL_MIN_SMOOTH = 0.9;
const FALSE_ALARMS_PER_10000_MAX = 5;
/** Daily mean wind jumps from day to day by as much as the anomalies are: no detector that sees one series can tell them apart. */
const ROUGH = ['Seattle wind', 'New York wind'];
const SEEDS = [1, 2, 3, 4, 5];

const { manifest, binary } = loadModule('anomaly');
const defaults = [manifest.config.map((field) => field.default)];
const ALARM = manifest.outputs.findIndex((output) => output.name === 'anomaly');

interface Tally {
  right: number;
  wrong: number;
  found: number;
  events: number;
}

describe('anomaly with its defaults, on nine recorded series with anomalies put in', () => {
  test(`at least ${PRECISION_MIN} of its alarms are right, and it finds at least ${RECALL_MIN} of the anomalies`, (t) => {
    const total: Tally = { right: 0, wrong: 0, found: 0, events: 0 };
    for (const [name, recorded] of recordedSeries()) {
      const own = SEEDS.map((seed) => tally(withAnomalies(recorded, seed))).reduce(add);
      Object.assign(total, add(total, own));
      t.diagnostic(`${name}: precision ${precision(own).toFixed(3)}, recall ${recall(own).toFixed(3)}`);
      if (!ROUGH.includes(name)) assert.ok(recall(own) >= RECALL_MIN_SMOOTH, `${name}: recall ${recall(own)}`);
    }
    t.diagnostic(
      `all: precision ${precision(total).toFixed(3)}, recall ${recall(total).toFixed(3)}, ${total.events} anomalies`,
    );
    assert.ok(precision(total) >= PRECISION_MIN, `precision ${precision(total)}`);
    assert.ok(recall(total) >= RECALL_MIN, `recall ${recall(total)}`);
  });

  test('on the series as they were recorded it raises hardly an alarm', (t) => {
    let alarms = 0;
    let readings = 0;
    for (const recorded of recordedSeries().values()) {
      alarms += raisedAt(recorded).length;
      readings += recorded.length;
    }
    t.diagnostic(`${alarms} alarms in ${readings} readings`);
    assert.ok((alarms / readings) * 10_000 <= FALSE_ALARMS_PER_10000_MAX, `${alarms} alarms in ${readings} readings`);
  });
});

/** An alarm is right within an anomaly or one reading after it. */
function tally({ values, events }: LabelledSeries): Tally {
  const found = new Set<number>();
  let wrong = 0;
  let right = 0;
  for (const at of raisedAt(values)) {
    const event = events.findIndex(([first, last]) => at >= first && at <= last + 1);
    if (event < 0) wrong++;
    else {
      right++;
      found.add(event);
    }
  }
  return { right, wrong, found: found.size, events: events.length };
}

/** Readings at which an alarm is raised. */
function raisedAt(values: readonly number[]): number[] {
  const module = new Gw1Module(binary);
  assert.equal(module.init(defaults), 0);
  const rows = values.map((v, i) => ({ ts: i, v, id: 1 }));
  const said = Array.from({ length: Math.ceil(rows.length / 4000) }, (_, i) => rows.slice(4000 * i, 4000 * i + 4000));
  const answers = said.flatMap((batch) => module.batch(batch).rows);
  return answers.filter((row) => row.channel === ALARM && row.state === 1).map((row) => row.ts);
}

const add = (a: Tally, b: Tally): Tally => ({
  right: a.right + b.right,
  wrong: a.wrong + b.wrong,
  found: a.found + b.found,
  events: a.events + b.events,
});
const precision = ({ right, wrong }: Tally) => right / (right + wrong);
const recall = ({ found, events }: Tally) => found / events;
