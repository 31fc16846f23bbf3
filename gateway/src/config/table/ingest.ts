import type { Settings } from '../setting.ts';

const ROUTE = {
  topic: {
    type: 'string',
    form: 'route-topic',
    required: true,
    help: 'MQTT topic pattern: a whole segment may be {device} (more than once: joined by /), {point}, + or a last #.',
  },
  device: { type: 'string', form: 'device-name', default: '', help: 'Device, where the topic does not name it.' },
  point: { type: 'string', form: 'point-name', default: '', help: 'Point, where the topic does not name it.' },
  decoder: {
    type: 'enum',
    values: ['auto', 'number', 'json', 'ignore'],
    default: 'auto',
    help: 'How the payload is read: a bare number, JSON, whichever it looks like (auto), or not at all (ignore: brokered, not stored).',
  },
  array: {
    type: 'string',
    form: 'dotted-path',
    default: '',
    help: 'Path to an array of readings. Empty: the payload itself is the array, or is one reading.',
  },
  value: { type: 'string', form: 'dotted-path', default: 'value', help: 'Path to the value within a reading.' },
  time: { type: 'string', form: 'dotted-path', default: 'time', help: "Path to the source's time within a reading." },
  timeFormat: {
    type: 'enum',
    values: ['auto', 's', 'ms', 'iso'],
    default: 'auto',
    help: 'Seconds or milliseconds since 1970, ISO 8601 text, or told by its look (auto).',
  },
  fields: {
    type: 'string-list',
    form: 'dotted-path',
    default: [],
    help: 'Paths that are each a point of their own, instead of value. ["*"]: every numeric member.',
  },
  deviceKey: { type: 'string', form: 'dotted-path', default: '', help: 'Path whose text names the device.' },
  pointKey: { type: 'string', form: 'dotted-path', default: '', help: 'Path whose text names the point.' },
  qualityKey: { type: 'string', form: 'dotted-path', default: '', help: 'Path to the quality of a reading.' },
} as const satisfies Settings;

export const INGEST_SETTINGS = {
  seriesMax: {
    type: 'integer',
    min: 1,
    max: 1_000_000,
    default: 10_000,
    help: 'Series known at one time; a message that names a further one goes to quarantine.',
  },
  readingsPerMessageMax: {
    type: 'integer',
    min: 1,
    max: 8192,
    default: 4096,
    help: 'Readings in one message; a message with more goes to quarantine.',
  },
  sourceTimeFutureMax: {
    type: 'duration',
    min: '0s',
    max: '3650d',
    default: '24h',
    help: "How far ahead of the gateway's clock a source's time may be.",
  },
  sourceTimePastMax: {
    type: 'duration',
    min: '0s',
    max: '36500d',
    default: '3650d',
    help: "How far behind the gateway's clock a source's time may be.",
  },
  quarantineMax: {
    type: 'integer',
    min: 0,
    max: 100_000,
    default: 1000,
    help: 'Messages that could not be read, kept to be looked at; beyond it the oldest goes.',
  },
  quarantineSample: {
    type: 'size',
    min: '0B',
    max: '64KiB',
    default: '512B',
    help: 'Octets kept of each of them.',
  },
  route: {
    type: 'tables',
    help: 'How a topic and its payload become points; the first route whose topic matches is taken.',
    settings: ROUTE,
    default: [
      { topic: 'sensors/{device}/{point}', decoder: 'auto' },
      { topic: 'sensors/{device}', decoder: 'json', fields: ['*'] },
      { topic: 'devices/#', decoder: 'ignore' },
    ],
  },
} as const satisfies Settings;
