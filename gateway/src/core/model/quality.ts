/**
 * The quality octet of a point: bits 0–1 the grade, bit 2 set when the time is the gateway's own (the source sent none),
 * bits 3–7 the reason. A bad value is not a missing value: it is kept, graded, with its reason.
 */
export const GRADE = { good: 0, uncertain: 1, bad: 2 } as const;
export type Grade = keyof typeof GRADE;

export const QUALITY_TIME_FROM_GATEWAY = 1 << 2;

/** Why a point is not good. The index is stored: append only. */
export const QUALITY_REASONS = [
  'none',
  'clock_unset',
  'out_of_range',
  'sensor_fault',
  'partial_window',
  'stale',
] as const;
export type QualityReason = (typeof QUALITY_REASONS)[number];

export function packQuality(grade: Grade, reason: QualityReason = 'none', timeFromGateway = false): number {
  return GRADE[grade] | (timeFromGateway ? QUALITY_TIME_FROM_GATEWAY : 0) | (QUALITY_REASONS.indexOf(reason) << 3);
}

export function unpackQuality(octet: number): { grade: Grade; reason: QualityReason; timeFromGateway: boolean } {
  const grade = (['good', 'uncertain', 'bad'] as const)[octet & 3] ?? 'bad';
  return {
    grade,
    reason: QUALITY_REASONS[octet >> 3] ?? 'none',
    timeFromGateway: (octet & QUALITY_TIME_FROM_GATEWAY) !== 0,
  };
}

/** On the alarm lane the octet is not a quality but the alarm's new state; the point's value is the one that triggered it. */
export const ALARM_STATE = { raised: 1, cleared: 2 } as const;
