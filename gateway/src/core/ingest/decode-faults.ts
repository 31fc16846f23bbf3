/**
 * Why a message could not be decoded; `reject-reasons.ts` says it in words. Negative, so that one number is either a position (or a count) or a fault.
 * The names are kept with quarantined messages and label a metric: append only.
 */
export const DECODE_FAULTS = {
  malformed_json: -1,
  too_deep: -2,
  empty: -3,
  not_a_number: -4,
  nan: -5,
  wrong_type: -6,
  missing_value: -7,
  bad_time: -8,
  absurd_time: -9,
  too_many_readings: -10,
  no_name: -11,
  name_too_long: -12,
  name_limit: -13,
} as const;
export type DecodeFault = keyof typeof DECODE_FAULTS;

const NAMES = Object.keys(DECODE_FAULTS) as DecodeFault[];

/** The name of a negative result of a decoder. */
export function decodeFaultName(code: number): DecodeFault {
  return NAMES.find((name) => DECODE_FAULTS[name] === code) ?? 'malformed_json';
}
