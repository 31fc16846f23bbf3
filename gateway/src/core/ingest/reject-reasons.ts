/** Why a message is rejected, in words for the page and docs/reference/faults.md: one for each reason that is kept with it. */
import type { DecodeFault } from './decode-faults.ts';
import { DEPTH_MAX } from './json-cursor.ts';
import { NAME_BYTES_MAX } from './name-table.ts';

/** Of the listener and of the routes. */
export const INTAKE_REASONS = {
  unknown_topic: 'No route matches the topic.',
  oversized: 'Larger than `mqtt.listener.packet_max`; the first octets are kept.',
  not_permitted: 'The user may not publish to this topic.',
  series_limit: 'Names a series beyond `ingest.series_max`.',
  event_too_large: 'A function takes this topic, and the payload is larger than an event may be (1 MiB).',
} as const;

/** Of the decoder; `name_too_long` also for what a topic names. */
export const DECODE_REASONS: Readonly<Record<DecodeFault, string>> = {
  malformed_json:
    'Not JSON by RFC 8259: also a control character in a string, a bad escape, anything after the document.',
  too_deep: `More than ${DEPTH_MAX} containers inside each other.`,
  empty: 'Nothing but white space.',
  not_a_number: 'Text where a number was expected, and the text is not one.',
  nan: 'NaN, an infinity, or a number beyond the range of a double.',
  wrong_type:
    'The value is there, but is no number, text, boolean or null; or the document is not of the shape the route names.',
  missing_value: 'No value at the path of the route, or nothing numeric at all.',
  bad_time: 'The time is there and cannot be read.',
  absurd_time:
    'The time can be read and lies outside `ingest.source_time_past_max` and `ingest.source_time_future_max`.',
  too_many_readings: 'More readings than `ingest.readings_per_message_max`.',
  no_name: 'The name of a device or point is the empty text.',
  name_too_long: `The name of a device or point has more than ${NAME_BYTES_MAX} octets.`,
  name_limit: 'A new name, and the table of names is full.',
};

const REASONS: ReadonlyMap<string, string> = new Map(Object.entries({ ...INTAKE_REASONS, ...DECODE_REASONS }));

/** @returns the empty text for a reason that an older or newer version of the program has kept. */
export function reasonMeaning(reason: string): string {
  return REASONS.get(reason) ?? '';
}
