/** The boards of current points, filled at a start with what the store knows. */
import type { PointColumns } from '../core/model/points.ts';
import { DERIVED_SERIES_BASE } from '../core/model/series.ts';
import { SeriesBoard } from '../core/model/series-board.ts';
import type { SharedParts } from './thread-messages.ts';

/** @returns what puts a stored point on the board of its series. */
export function boardFiller({
  liveBoard,
  derivedBoard,
}: Pick<SharedParts, 'liveBoard' | 'derivedBoard'>): (series: number, timeMs: number, value: number) => void {
  const live = new SeriesBoard(liveBoard);
  const derived = new SeriesBoard(derivedBoard);
  return (series, timeMs, value) =>
    series < DERIVED_SERIES_BASE
      ? live.remember(series, timeMs, value)
      : derived.remember(series - DERIVED_SERIES_BASE, timeMs, value);
}

/** With the points of the journal that are in no segment yet: before the sources are heard, so that nothing newer is there. */
export function fillBoards(
  shared: Pick<SharedParts, 'liveBoard' | 'derivedBoard'>,
  tails: readonly PointColumns[],
): void {
  const remember = boardFiller(shared);
  for (const points of tails) {
    for (let row = 0; row < points.length; row++)
      remember(points.series[row]!, points.timeMs[row]!, points.value[row]!);
  }
}
