/**
 * Why a message could not be decoded. Negative, so that one number is either a position (or a count) or a fault.
 * The names are kept with quarantined messages and label a metric: append only.
 */
export const DECODE_FAULTS = {
  /** Not JSON by RFC 8259: also a control character in a string, a bad escape, anything after the document. */
  malformed_json: -1,
  /** More than `DEPTH_MAX` containers inside each other. */
  too_deep: -2,
  /** Nothing but white space. */
  empty: -3,
  /** Text where a number was expected, and the text is not one. */
  not_a_number: -4,
  /** NaN, an infinity, or a number beyond the range of a double. */
  nan: -5,
  /** The value is there, but is no number, text, boolean or null; or the document is not of the shape the route names. */
  wrong_type: -6,
  /** No value at the path of the route, or nothing numeric at all. */
  missing_value: -7,
  /** The time is there and cannot be read. */
  bad_time: -8,
  /** The time can be read and lies outside the limits. */
  absurd_time: -9,
  too_many_readings: -10,
  /** The name of a device or point is the empty text. */
  no_name: -11,
  /** The name of a device or point has more than `NAME_BYTES_MAX` octets. */
  name_too_long: -12,
  /** A new name, and the table of names is full. */
  name_limit: -13,
} as const;
export type DecodeFault = keyof typeof DECODE_FAULTS;

const NAMES = Object.keys(DECODE_FAULTS) as DecodeFault[];

/** The name of a negative result of a decoder. */
export function decodeFaultName(code: number): DecodeFault {
  return NAMES.find((name) => DECODE_FAULTS[name] === code) ?? 'malformed_json';
}
