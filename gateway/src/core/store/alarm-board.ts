import type { PointColumns } from '../model/points.ts';
import { ALARM_STATE } from '../model/quality.ts';
import type { AlarmRow } from './ports.ts';

/**
 * The present state of every alarm, derived from the points of the alarm lane. Bounded by the registry: one row for each alarm series.
 */
export class AlarmBoard {
  readonly #rows = new Map<number, AlarmRow>();
  readonly #changed = new Set<number>();

  load(rows: readonly AlarmRow[]): void {
    for (const row of rows) this.#rows.set(row.series, row);
  }

  apply(points: PointColumns): void {
    for (let i = 0; i < points.length; i++) {
      const series = points.series[i]!;
      const timeMs = points.timeMs[i]!;
      const value = points.value[i]!;
      const before = this.#rows.get(series);
      if (points.quality[i] === ALARM_STATE.raised) {
        this.#rows.set(series, { series, state: 'raised', value, raisedMs: timeMs, clearedMs: null });
      } else {
        this.#rows.set(series, {
          series,
          state: 'cleared',
          value,
          raisedMs: before?.raisedMs ?? timeMs,
          clearedMs: timeMs,
        });
      }
      this.#changed.add(series);
    }
  }

  /** Rows changed since `clearChanged`. */
  changed(): AlarmRow[] {
    return [...this.#changed].map((series) => this.#rows.get(series)!);
  }

  clearChanged(): void {
    this.#changed.clear();
  }

  /** Raised ones first, then the most recent. */
  list(limit: number): AlarmRow[] {
    const latest = (row: AlarmRow) => Math.max(row.raisedMs, row.clearedMs ?? 0);
    const rank = (row: AlarmRow) => (row.state === 'raised' ? 0 : 1);
    return [...this.#rows.values()].sort((a, b) => rank(a) - rank(b) || latest(b) - latest(a)).slice(0, limit);
  }
}
