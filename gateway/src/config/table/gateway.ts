import type { Settings } from '../setting.ts';

export const GATEWAY_SETTINGS = {
  id: {
    type: 'string',
    form: 'identifier',
    default: '',
    help: 'Name of this gateway in the cloud and among its peers. Empty: taken from the host name.',
  },
  stateDir: {
    type: 'path',
    default: 'state',
    help: 'Folder for all that must live: store, segments, sagas. Relative paths start at the working directory.',
  },
} as const satisfies Settings;

export const WEB_SETTINGS = {
  address: {
    type: 'string',
    form: 'address',
    default: '127.0.0.1',
    help: "Where the technician's page and the API listen. Loopback only for now.",
  },
  port: { type: 'integer', min: 0, max: 65535, default: 8080, help: 'Their TCP port. 0: any free one.' },
} as const satisfies Settings;

export const LOG_SETTINGS = {
  level: {
    type: 'enum',
    values: ['error', 'warn', 'info', 'debug'],
    default: 'info',
    help: 'The least severe kind of line that is logged.',
  },
} as const satisfies Settings;
