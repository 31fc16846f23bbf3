/** Segment files that no row of the index knows, when a store opens: what a crash leaves, or what an older copy of the index has forgotten. */
import { GatewayError } from '../../base/errors.ts';
import type { PointColumns } from '../model/points.ts';
import type { Lane } from '../model/series.ts';
import { parseSegmentFileName } from './ports.ts';
import type { SegmentReader } from './segment-format.ts';

const HINT = 'Restore the newest tidegate.db, or move the whole state folder away: nothing was deleted.';

/**
 * A crash leaves at most the file of the next segment of a lane. Later ones were sealed by a newer state of the index: it is an old copy, and
 * would give their numbers away a second time.
 * @throws GatewayError `corrupt`.
 */
export function refuseLater(names: readonly string[], lastSequence: Record<Lane, number>): void {
  const later = names.filter((name) => {
    const segment = parseSegmentFileName(name);
    return segment !== null && segment.sequence > lastSequence[segment.lane] + 1;
  });
  if (later.length === 0) return;
  throw new GatewayError(
    'corrupt',
    `${later.length} segment files, such as ${later[0]}, are later than the database that lists them: it is an older copy`,
    { hint: HINT },
  );
}

/**
 * The points of the file that a crash leaves are still in the journal, and the first of its lane that are in no segment. The journal lets go of
 * them once the index knows the file: where they are not there, the index is a copy from before.
 * @param journalled points of the file's lane that are in no segment, oldest first, after the whole journal was replayed
 * @throws GatewayError `corrupt`.
 */
export function refuseForgotten(name: string, file: SegmentReader, journalled: readonly PointColumns[]): void {
  const { points, firstMs, lastMs } = file;
  const times = firstTimes(journalled, points);
  if (times.length === points && least(times) === firstMs && most(times) === lastMs) return;
  throw new GatewayError(
    'corrupt',
    `segment file ${name}: its ${points} points are neither in the journal nor in the database that lists segments: it is an older copy`,
    { hint: HINT },
  );
}

/** Of the first rows, or of all when there are fewer. */
function firstTimes(sources: readonly PointColumns[], rows: number): Float64Array {
  const times = new Float64Array(rows);
  let at = 0;
  for (const { timeMs, length } of sources) {
    const taken = timeMs.subarray(0, Math.min(length, rows - at));
    times.set(taken, at);
    at += taken.length;
  }
  return times.subarray(0, at);
}

const least = (times: Float64Array) => times.reduce((a, b) => Math.min(a, b), Infinity);
const most = (times: Float64Array) => times.reduce((a, b) => Math.max(a, b), -Infinity);
