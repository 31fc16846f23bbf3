import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { allocatePoints } from '../../../gateway/src/core/model/points.ts';
import { ALARM_STATE } from '../../../gateway/src/core/model/quality.ts';
import { DERIVED_SERIES_BASE, LANES, type Lane, type Series } from '../../../gateway/src/core/model/series.ts';
import type { Contribution } from '../../../gateway/src/core/store/contribution.ts';

/** Makes contributions whose points all have different values, so that each can be found again. */
export class ContributionSource {
  readonly #random: Random;
  readonly #known: Record<Lane, number[]> = { alarm: [], aggregate: [], live: [] };
  #next = 1;
  #nextDerived = DERIVED_SERIES_BASE;
  #nextLive = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** `rows` points of a lane, of new series and of known ones. */
  make(lane: Lane, rows: number): Contribution {
    const points = allocatePoints(rows);
    const newSeries: Series[] = [];
    const known = this.#known[lane];
    for (let i = 0; i < rows; i++) {
      if (known.length === 0 || this.#random.below(50) === 0) newSeries.push(this.#addSeries(lane));
      points.series[i] = known[this.#random.below(known.length)]!;
      points.timeMs[i] = 1_795_000_000_000 + this.#next * 10;
      points.value[i] = this.#next++;
      points.quality[i] = lane === 'alarm' ? ALARM_STATE.raised + this.#random.below(2) : 0;
    }
    points.length = rows;
    return { lane, points, received: rows, shed: {}, newSeries, quarantinedCount: 0, quarantine: [] };
  }

  /** Any lane, any size up to `rowsMax`, with rejected messages and points shed. */
  any(rowsMax: number): Contribution {
    const random = this.#random;
    const made = this.make(LANES[random.below(LANES.length)]!, random.below(rowsMax + 1));
    const rejected = random.below(3);
    const shed = { series_limit: random.below(3), module_output: random.below(2) };
    const message = { atMs: 1, topic: 'a', reason: 'not_json', sample: Uint8Array.of(1) };
    return {
      ...made,
      shed,
      quarantinedCount: rejected,
      quarantine: rejected > 0 ? [message] : [],
      received: made.points.length + rejected + shed.series_limit + shed.module_output,
    };
  }

  #addSeries(lane: Lane): Series {
    const id = lane === 'live' ? this.#nextLive++ : this.#nextDerived++;
    this.#known[lane].push(id);
    return { id, lane, device: `dev-${id}`, point: 'value', unit: '', type: 'gauge' };
  }
}

/** Values of all points of some contributions, sorted. */
export function valuesOf(contributions: readonly Contribution[]): number[] {
  return contributions.flatMap(({ points }) => [...points.value.subarray(0, points.length)]).sort((a, b) => a - b);
}
