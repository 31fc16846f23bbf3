import { globToRegExp } from '../../base/glob.ts';
import { packQuality, QUALITY_TIME_FROM_GATEWAY } from '../model/quality.ts';
import { DERIVED_SERIES_BASE, type Series, type SeriesType, seriesName } from '../model/series.ts';

/** What is known of series by name, from the configuration; the first match counts. */
export interface SeriesRule {
  readonly match: string;
  readonly unit: string;
  readonly type: SeriesType;
  /** Values outside are kept, graded uncertain. */
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** Returned instead of an identifier when the bound is reached. */
export const SERIES_LIMIT = -1;

/** The series that sensors send. New ones appear by themselves, up to a bound; those known from an earlier run keep their identifiers. */
export class SeriesRegistry {
  readonly #rules: readonly (SeriesRule & { readonly pattern: RegExp })[];
  readonly #max: number;
  readonly #ids = new Map<string, number>();
  #next = 0;
  #added: Series[] = [];
  /** Bounds of each series, indexed by identifier; ±Infinity where there is none. Shape [known]. */
  readonly min: Float64Array;
  readonly max: Float64Array;

  constructor(known: readonly Series[], rules: readonly SeriesRule[], max: number) {
    this.#rules = rules.map((rule) => ({ ...rule, pattern: globToRegExp(rule.match) }));
    const ids = known.filter(({ id }) => id < DERIVED_SERIES_BASE).map(({ id }) => id);
    this.#next = ids.length === 0 ? 0 : Math.max(...ids) + 1;
    this.#max = Math.max(max, this.#next);
    this.min = new Float64Array(this.#max).fill(-Infinity);
    this.max = new Float64Array(this.#max).fill(Infinity);
    for (const series of known) if (series.id < DERIVED_SERIES_BASE) this.#know(series);
  }

  get size(): number {
    return this.#ids.size;
  }

  /** The identifier of a series, new or known; `SERIES_LIMIT` when there is no room for a new one. */
  resolve(device: string, point: string): number {
    const known = this.#ids.get(`${device}\0${point}`);
    if (known !== undefined) return known;
    if (this.#next >= this.#max) return SERIES_LIMIT;
    const rule = this.#rules.find(({ pattern }) => pattern.test(seriesName({ device, point })));
    const series: Series = {
      id: this.#next++,
      device,
      point,
      unit: rule?.unit ?? '',
      type: rule?.type ?? 'gauge',
      lane: 'live',
    };
    this.#know(series);
    this.#added.push(series);
    return series.id;
  }

  /** The identifier that the next new series gets. */
  get next(): number {
    return this.#next;
  }

  /** Forgets the series from `first` on, which appeared with a message that is rejected after all. */
  takeBack(first: number): void {
    for (let last = this.#added.at(-1); last !== undefined && last.id >= first; last = this.#added.at(-1)) {
      this.#ids.delete(`${last.device}\0${last.point}`);
      this.#added.pop();
    }
    this.#next = first;
  }

  /** Series that appeared since the last call; they have to be stored no later than their first point. */
  takeAdded(): Series[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }

  #know(series: Series): void {
    this.#ids.set(`${series.device}\0${series.point}`, series.id);
    const rule = this.#rules.find(({ pattern }) => pattern.test(seriesName(series)));
    this.min[series.id] = rule?.min ?? -Infinity;
    this.max[series.id] = rule?.max ?? Infinity;
  }
}

/** Good readings outside their series' range become uncertain, with the reason; what was graded worse stays. */
export function gradeRange(quality: number): number {
  return (quality & 3) === 0
    ? packQuality('uncertain', 'out_of_range', (quality & QUALITY_TIME_FROM_GATEWAY) !== 0)
    : quality;
}
