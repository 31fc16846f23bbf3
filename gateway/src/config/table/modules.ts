import type { Settings } from '../setting.ts';

/** `[[series]]`: what is known of the series that sensors send. */
export const SERIES_SETTINGS = {
  match: {
    type: 'string',
    form: 'series-glob',
    required: true,
    help: 'Which device/point: * any text within a segment, ** any text.',
  },
  unit: { type: 'string', default: '', help: 'Unit of the values, as it is shown.' },
  type: {
    type: 'enum',
    values: ['gauge', 'counter', 'state'],
    default: 'gauge',
    help: 'A measured quantity, an ever-growing count, or one of a few states.',
  },
  min: { type: 'number', help: 'A value below it is kept and graded uncertain, out of range.' },
  max: { type: 'number', help: 'A value above it is kept and graded uncertain, out of range.' },
} as const satisfies Settings;

const INPUT = {
  series: {
    type: 'string',
    form: 'series-glob',
    required: true,
    help: 'Which device/point the module reads: * any text within a segment, ** any text.',
  },
  config: {
    type: 'number-table',
    default: {},
    help: "Parameters for these series, by the names in the module's manifest.",
  },
} as const satisfies Settings;

/** `[modules]`: what all modules share. */
export const MODULES_SETTINGS = {
  developerMode: {
    type: 'boolean',
    default: false,
    help: 'Whether modules that nobody has signed may run. For a developer only: the page says so on every view.',
  },
  quarantineAfter: {
    type: 'integer',
    min: 1,
    max: 1000,
    default: 8,
    help: 'Failures in a row after which a module is put in quarantine: an alarm is raised, and it is tried again after ten minutes at first, six hours at last. `tidegate module resume` ends it.',
  },
} as const satisfies Settings;

/** `[[module]]`: WASM modules that turn points into points. */
export const MODULE_SETTINGS = {
  name: { type: 'string', form: 'identifier', required: true, help: 'Name of this use of the module; unique.' },
  module: {
    type: 'string',
    form: 'module-id',
    required: true,
    help: 'Identifier of the module: one that came with the program, or one that was installed.',
  },
  enabled: { type: 'boolean', default: true, help: 'Whether it runs.' },
  input: {
    type: 'tables',
    rowsMin: 1,
    help: 'Series that the module reads, and its parameters for them.',
    settings: INPUT,
  },
} as const satisfies Settings;

export const DEFAULT_MODULES = [
  { name: 'w10s', module: 'window-aggregate', input: [{ series: '**', config: { windowMs: 10_000 } }] },
  { name: 'limits', module: 'threshold-alarm', input: [{ series: '**', config: { missingMs: 60_000 } }] },
] as const;
