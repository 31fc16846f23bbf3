import type { Settings } from '../setting.ts';

export const STORE_SETTINGS = {
  commitInterval: {
    type: 'duration',
    min: '0ms',
    max: '1s',
    default: '20ms',
    help: 'Longest wait to gather messages into one commit to flash, while they are few. Longer: fewer octets written, later acknowledgement.',
  },
  segmentPoints: {
    type: 'integer',
    min: 1024,
    max: 1_048_576,
    default: 131_072,
    help: 'Points after which a segment is sealed.',
  },
  segmentAge: {
    type: 'duration',
    min: '100ms',
    max: '1h',
    default: '5s',
    help: 'Age at which a segment of readings or aggregates is sealed, however few its points.',
  },
  alarmSegmentAge: {
    type: 'duration',
    min: '10ms',
    max: '1h',
    default: '200ms',
    help: 'Age at which a segment of alarms is sealed.',
  },
  diskMax: {
    type: 'size',
    min: '16MiB',
    max: '1024GiB',
    default: '1GiB',
    help: 'Disk space of segments and journal together.',
  },
  confirmedKeep: {
    type: 'size',
    min: '0B',
    max: '1024GiB',
    default: '256MiB',
    help: 'Disk space of segments that the cloud has confirmed, kept for charts and export.',
  },
} as const satisfies Settings;
