/** After a start: the last point of every series, looked up in the newest segments behind everything else that the gateway does. */
import { systemClock } from '../base/clock.ts';
import { millis } from '../base/units.ts';
import { LANES, type Lane, type Series } from '../core/model/series.ts';
import type { SegmentReader } from '../core/store/segment-format.ts';
import type { PointHistory } from './point-history.ts';

/** Segments of a lane that are looked into, the newest. */
const SEGMENTS_MAX = 1000;
/** The event loop is left alone so many times as long as one segment took. */
const REST_FACTOR = 4;
/** With more series wanted of one segment, all of it is decoded at once. */
const SINGLE_SERIES_MAX = 8;

export interface StoredLatestParts {
  readonly history: PointHistory;
  /** Of this moment. */
  readonly series: readonly Series[];
  readonly remember: (series: number, timeMs: number, value: number) => void;
}

/**
 * Newest segment first, until every series has been met or the bound is reached; then the rest stay unknown. In memory there is one
 * segment at a time. A reading that is newer by its own time and came long before others is missed: it lies behind the segment in which
 * its series was met first.
 */
export async function rememberStored(parts: StoredLatestParts, signal: AbortSignal): Promise<void> {
  for (const lane of LANES) await rememberLane(parts, lane, signal);
}

async function rememberLane({ history, series, remember }: StoredLatestParts, lane: Lane, signal: AbortSignal) {
  const wanted = new Set(series.filter((one) => one.lane === lane).map(({ id }) => id));
  if (wanted.size === 0) return;
  for (const row of history.newest(lane, SEGMENTS_MAX)) {
    const startMs = performance.now();
    history.read(row, (reader) => take(reader, wanted, remember));
    if (wanted.size === 0) return;
    await systemClock.sleep(millis(Math.ceil((performance.now() - startMs) * REST_FACTOR)), signal);
  }
}

function take(reader: SegmentReader, wanted: Set<number>, remember: StoredLatestParts['remember']): void {
  const met = reader.entries.map((entry) => entry.series.id).filter((id) => wanted.has(id));
  if (met.length === 0) return;
  const columns = met.length > SINGLE_SERIES_MAX ? [reader.readAll()] : met.map((id) => reader.readSeries(id)!);
  for (const points of columns) {
    for (let row = 0; row < points.length; row++)
      remember(points.series[row]!, points.timeMs[row]!, points.value[row]!);
  }
  for (const id of met) wanted.delete(id);
}
