import type { Settings } from '../setting.ts';

/** `[functions]`: what all functions share. */
export const FUNCTIONS_SETTINGS = {
  threads: {
    type: 'integer',
    min: 1,
    max: 8,
    default: 2,
    help: 'Threads that run functions, at most, for each class of trust; each starts at first need and ends when it has nothing to hold.',
  },
} as const satisfies Settings;

const TRIGGER = {
  type: {
    type: 'enum',
    values: ['mqtt', 'timer', 'jetstream', 'alarm', 'http', 'emitted'],
    default: 'mqtt',
    help: 'What calls the function: MQTT messages, a timer, messages of a JetStream stream, alarms, HTTP requests, or what modules emit.',
  },
  topic: {
    type: 'string',
    form: 'topic-filter',
    default: '',
    help: 'mqtt: topic filter, + one level, a last # the rest.',
  },
  every: {
    type: 'duration',
    min: '0s',
    max: '366d',
    default: '0s',
    help: 'timer: span between two firings, 100ms or more. 0s: by cron.',
  },
  cron: {
    type: 'string',
    form: 'cron',
    default: '',
    help: 'timer: minute, hour, day of month, month, day of week; or six fields, seconds first.',
  },
  timezone: {
    type: 'string',
    form: 'timezone',
    default: 'UTC',
    help: 'timer: time zone that cron speaks of, a name of the IANA database.',
  },
  stream: {
    type: 'string',
    form: 'stream-name',
    default: '',
    help: 'jetstream: name of the stream, on the servers of sync.',
  },
  subject: {
    type: 'string',
    form: 'subject-filter',
    default: '',
    help: 'jetstream: which subjects of it, with * and >. Empty: all.',
  },
  series: {
    type: 'string',
    form: 'series-glob',
    default: '',
    help: 'alarm: which device/point, or device/point!module.output: * any text within a segment, ** any text.',
  },
  state: {
    type: 'enum',
    values: ['raised', 'cleared', 'any'],
    default: 'any',
    help: 'alarm: which change of it.',
  },
  path: {
    type: 'string',
    form: 'url-path',
    default: '',
    help: 'http: path below /fn/<function>, and all below that. Empty: everything.',
  },
  get: { type: 'boolean', default: false, help: 'http: whether GET is answered too, besides POST.' },
  event: {
    type: 'string',
    form: 'event-type',
    default: '',
    help: 'emitted: type of the event, as the module gives it.',
  },
} as const satisfies Settings;

/** `[[function]]`: WASM modules that are called with events. */
export const FUNCTION_SETTINGS = {
  name: { type: 'string', form: 'identifier', required: true, help: 'Name of the function; unique.' },
  module: { type: 'string', form: 'module-id', required: true, help: 'Folder of the module, of kind "function".' },
  enabled: { type: 'boolean', default: true, help: 'Whether it runs. What waits for it is kept while it does not.' },
  config: { type: 'number-table', default: {}, help: "Parameters, by the names in the module's manifest." },
  concurrency: { type: 'integer', min: 1, max: 64, default: 1, help: 'Calls at one time, and with them instances.' },
  prewarm: { type: 'integer', min: 0, max: 64, default: 0, help: 'Instances kept ready before anybody calls.' },
  idle: {
    type: 'duration',
    min: '1s',
    max: '24h',
    default: '60s',
    help: 'An instance that was not called for so long is taken back.',
  },
  attempts: { type: 'integer', min: 1, max: 100, default: 5, help: 'Tries before an event becomes a dead letter.' },
  retryFirst: {
    type: 'duration',
    min: '10ms',
    max: '1h',
    default: '1s',
    help: 'Wait after the first failure; it doubles with each further one, with jitter.',
  },
  retryMax: { type: 'duration', min: '10ms', max: '24h', default: '5m', help: 'The wait grows up to this.' },
  queueMax: {
    type: 'integer',
    min: 1,
    max: 100_000,
    default: 1000,
    help: 'Events that wait; a further one becomes a dead letter.',
  },
  deadMax: {
    type: 'integer',
    min: 1,
    max: 100_000,
    default: 1000,
    help: 'Dead letters kept; beyond it the oldest goes.',
  },
  trigger: { type: 'tables', help: 'What calls the function.', settings: TRIGGER },
} as const satisfies Settings;

export const FUNCTION_EXAMPLE = [
  {
    name: 'orders',
    module: 'echo-function',
    trigger: [
      { type: 'mqtt', topic: 'orders/#' },
      { type: 'timer', cron: '0 6 * * MON-FRI', timezone: 'Europe/Berlin' },
      { type: 'alarm', series: 'boiler*/**', state: 'raised' },
      { type: 'http', path: '/orders' },
    ],
  },
] as const;
