import type { ConfigOf, Settings } from './setting.ts';
import { FUNCTION_EXAMPLE, FUNCTION_SETTINGS, FUNCTIONS_SETTINGS } from './table/functions.ts';
import { GATEWAY_SETTINGS, LOG_SETTINGS, WEB_SETTINGS } from './table/gateway.ts';
import { INGEST_SETTINGS } from './table/ingest.ts';
import { DEFAULT_MODULES, MODULE_SETTINGS, MODULES_SETTINGS, SERIES_SETTINGS } from './table/modules.ts';
import { MQTT_SETTINGS } from './table/mqtt.ts';
import { STORE_SETTINGS } from './table/store.ts';
import { SYNC_SETTINGS } from './table/sync.ts';

/** The form of the file that this program reads. A file of another version is refused as a whole. */
export const CONFIG_VERSION = 1;

/**
 * Every setting there is. Parser, typed `Config`, JSON schema, reference page and example file all come from this table.
 * Order here is order there.
 */
export const SETTINGS = {
  version: {
    type: 'integer',
    min: CONFIG_VERSION,
    max: CONFIG_VERSION,
    default: CONFIG_VERSION,
    help: 'Form of this file.',
  },
  gateway: { type: 'section', help: 'The gateway as a whole.', settings: GATEWAY_SETTINGS },
  mqtt: { type: 'section', help: 'Where readings come from.', settings: MQTT_SETTINGS },
  ingest: { type: 'section', help: 'How messages become points.', settings: INGEST_SETTINGS },
  series: {
    type: 'tables',
    help: 'Unit, kind and range of series; the first that matches a series is taken.',
    settings: SERIES_SETTINGS,
    example: [{ match: 'boiler*/temperature', unit: '°C', type: 'gauge', min: -40, max: 125 }],
  },
  module: {
    type: 'tables',
    help: 'Modules that run, in the order in which they are asked.',
    settings: MODULE_SETTINGS,
    default: DEFAULT_MODULES,
  },
  modules: { type: 'section', help: 'What all modules share.', settings: MODULES_SETTINGS },
  functions: { type: 'section', help: 'What all functions share.', settings: FUNCTIONS_SETTINGS },
  function: {
    type: 'tables',
    help: 'Modules that are called with events.',
    settings: FUNCTION_SETTINGS,
    example: FUNCTION_EXAMPLE,
  },
  store: { type: 'section', help: 'How points are kept.', settings: STORE_SETTINGS },
  sync: { type: 'section', help: 'How segments reach the cloud.', settings: SYNC_SETTINGS },
  web: { type: 'section', help: "The technician's page and the API.", settings: WEB_SETTINGS },
  log: { type: 'section', help: 'What is logged.', settings: LOG_SETTINGS },
} as const satisfies Settings;

/** All settings with their values, checked and frozen: text that is not set is empty, a number that is not set `undefined`. */
export type Config = ConfigOf<typeof SETTINGS>;
