import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { DERIVED_SERIES_BASE } from '../../../gateway/src/core/model/series.ts';
import { SeriesRuns } from '../../../gateway/src/core/store/series-runs.ts';
import { pointsFrom } from './sample-points.ts';

/** Rows of each series by plain means. */
function expectedRuns(series: readonly number[]): [number, number[]][] {
  const rows = new Map<number, number[]>();
  for (const [row, id] of series.entries()) rows.set(id, [...(rows.get(id) ?? []), row]);
  return [...rows].sort(([a], [b]) => a - b);
}

function takenRuns(runs: SeriesRuns): [number, number[]][] {
  let from = 0;
  return runs.series.map((id, i) => {
    const to = from + runs.takeRows(i);
    const rows = [...runs.order.subarray(from, to)];
    from = to;
    return [id, rows];
  });
}

for (const base of [0, DERIVED_SERIES_BASE]) {
  test(`batches are grouped by series in order of arrival, one after the other, from series ${base}`, () => {
    const random = seededRandom(base + 5);
    const runs = new SeriesRuns();
    for (let batch = 0; batch < 200; batch++) {
      const spread = 1 + random.below(batch % 10 === 0 ? 100_000 : 30);
      const series = Array.from({ length: random.below(300) }, () => base + random.below(spread));
      runs.group(pointsFrom(series.map((id) => ({ series: id, timeMs: 0, value: 0, quality: 0 }))));
      assert.deepEqual(takenRuns(runs), expectedRuns(series));
    }
  });
}

test('an empty batch after a full one has no runs', () => {
  const runs = new SeriesRuns();
  runs.group(pointsFrom([{ series: 9, timeMs: 0, value: 0, quality: 0 }]));
  takenRuns(runs);
  runs.group(pointsFrom([]));
  assert.deepEqual(takenRuns(runs), []);
});

test('the largest identifier of a range is grouped beside the smallest', () => {
  const runs = new SeriesRuns();
  const series = [DERIVED_SERIES_BASE - 1, 0, DERIVED_SERIES_BASE - 1];
  runs.group(pointsFrom(series.map((id) => ({ series: id, timeMs: 0, value: 0, quality: 0 }))));
  assert.deepEqual(takenRuns(runs), expectedRuns(series));
});
