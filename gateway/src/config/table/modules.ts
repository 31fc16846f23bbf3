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

/** `[[module]]`: WASM modules that turn points into points. */
export const MODULE_SETTINGS = {
  name: { type: 'string', form: 'identifier', required: true, help: 'Name of this use of the module; unique.' },
  module: { type: 'string', form: 'module-id', required: true, help: 'Folder of the module.' },
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
