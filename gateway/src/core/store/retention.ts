/**
 * Keeps the store within its share of the disk. Corrupt segments go first, the oldest of them: they are kept for diagnosis only while there
 * is room. Then those that the cloud has; when that is not enough, the oldest unconfirmed live segments, then aggregates, expire: alarms
 * never do.
 */
import { LANES, type Lane } from '../model/series.ts';
import type { SegmentRow, StoreIndex } from './ports.ts';

export interface RetentionLimits {
  /** Segments and journal together, octets. */
  readonly diskMaxBytes: number;
  /** Confirmed segments kept for charts and export, octets. */
  readonly confirmedKeepBytes: number;
}

/** Lanes whose unconfirmed points may expire, the least precious first. */
const EXPIRABLE: readonly Lane[] = LANES.toReversed().filter((lane) => lane !== 'alarm');

/** Segments looked at in one go, so that a full disk is worked off in steps. */
const STEP = 16;

/** What has to go now: at most `STEP` segments, each with where it moves. Points of corrupt ones are in the accounts as quarantined already. */
export function dueForRetention(
  index: StoreIndex,
  journalBytes: number,
  limits: RetentionLimits,
): { segment: SegmentRow; to: 'pruned' | 'expired' }[] {
  const kept = index.kept();
  const due: { segment: SegmentRow; to: 'pruned' | 'expired' }[] = [];
  let over = kept.bytes + journalBytes - limits.diskMaxBytes;
  let confirmedOver = kept.confirmedBytes - limits.confirmedKeepBytes;
  if (over <= 0 && confirmedOver <= 0) return due;
  for (const segment of over > 0 ? index.oldest('corrupt', null, STEP) : []) {
    if (over <= 0) break;
    due.push({ segment, to: 'pruned' });
    over -= segment.bytes;
  }
  for (const segment of index.oldest('confirmed', null, STEP - due.length)) {
    if (over <= 0 && confirmedOver <= 0) return due;
    due.push({ segment, to: 'pruned' });
    over -= segment.bytes;
    confirmedOver -= segment.bytes;
  }
  for (const lane of over > 0 ? EXPIRABLE : []) {
    for (const segment of index.expirable(lane, STEP)) {
      if (over <= 0 || due.length >= STEP) return due;
      due.push({ segment, to: 'expired' });
      over -= segment.bytes;
    }
  }
  return due;
}
