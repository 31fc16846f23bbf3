import { DERIVED_SERIES_BASE, type Series } from '../model/series.ts';
import type { ModuleOutput } from './manifest.ts';

/** Returned instead of an identifier when the bound is reached. */
export const DERIVED_LIMIT = -1;

/** Identifiers that one worker may give out: its own range, so that no two workers give out the same. */
export interface IdRange {
  readonly from: number;
  readonly to: number;
}

/** Series that modules compute: named after the input series, the module and its output; identifiers are stable like those of sensors. */
export class DerivedRegistry {
  readonly #range: IdRange;
  readonly #ids = new Map<string, number>();
  #next: number;
  #added: Series[] = [];

  constructor(known: readonly Series[], range: IdRange) {
    this.#range = range;
    this.#next = range.from;
    this.know(known);
  }

  /** Series that exist already, whichever worker made them. */
  know(known: readonly Series[]): void {
    for (const series of known) {
      if (series.id < DERIVED_SERIES_BASE) continue;
      this.#ids.set(keyOf(series.device, series.point), series.id);
      if (series.id >= this.#range.from && series.id < this.#range.to) this.#next = Math.max(this.#next, series.id + 1);
    }
  }

  /** `<device>/<point>.<module>.<output>`, and for alarms `<device>/<point>!<module>.<output>`. */
  resolve(input: Series, moduleName: string, output: ModuleOutput): number {
    const point = `${input.point}${output.kind === 'alarm' ? '!' : '.'}${moduleName}.${output.name}`;
    const known = this.#ids.get(keyOf(input.device, point));
    if (known !== undefined) return known;
    if (this.#next >= this.#range.to) return DERIVED_LIMIT;
    const series: Series = {
      id: this.#next++,
      device: input.device,
      point,
      unit: output.unit === '=' ? input.unit : output.unit,
      type: output.kind === 'alarm' ? 'state' : 'gauge',
      lane: output.kind === 'alarm' ? 'alarm' : 'aggregate',
    };
    this.#ids.set(keyOf(series.device, series.point), series.id);
    this.#added.push(series);
    return series.id;
  }

  /** Series that appeared since the last call. */
  takeAdded(): Series[] {
    const added = this.#added;
    this.#added = [];
    return added;
  }
}

function keyOf(device: string, point: string): string {
  return `${device}\0${point}`;
}
