import type { Settings } from '../setting.ts';

export const SYNC_SETTINGS = {
  enabled: { type: 'boolean', default: true, help: 'Whether segments are sent.' },
  servers: {
    type: 'string-list',
    form: 'server-url',
    default: [],
    help: 'NATS servers. None: no cloud, points are only stored.',
  },
  stream: { type: 'string', form: 'stream-name', default: 'TIDEGATE', help: 'JetStream stream the segments go to.' },
  streamCreate: { type: 'boolean', default: true, help: 'Whether the gateway makes the stream where there is none.' },
  streamBytesMax: {
    type: 'size',
    min: '1MiB',
    max: '1024GiB',
    default: '1GiB',
    help: 'Size of a stream that the gateway makes.',
  },
  user: { type: 'string', default: '', help: 'NATS user name; with password_file.' },
  passwordFile: { type: 'path', default: '', help: 'File whose first line is the password.' },
  nkeyFile: { type: 'path', default: '', help: 'File with the seed of an NKey.' },
  credsFile: { type: 'path', default: '', help: 'NATS .creds file: a JWT and its seed.' },
  caFile: { type: 'path', default: '', help: "PEM file of the authorities trusted for the servers' certificates." },
  certFile: { type: 'path', default: '', help: 'PEM file of the client certificate; with key_file.' },
  keyFile: { type: 'path', default: '', help: 'PEM file of its private key; with cert_file.' },
  window: { type: 'integer', min: 1, max: 256, default: 8, help: 'Segments sent and not yet confirmed.' },
  receiptTimeout: {
    type: 'duration',
    min: '100ms',
    max: '1h',
    default: '10s',
    help: "How long the consumer's receipt may take before a segment is sent again.",
  },
  partMax: {
    type: 'size',
    min: '16KiB',
    max: '1MiB',
    default: '512KiB',
    help: 'Largest NATS message; a larger segment is sent in parts.',
  },
} as const satisfies Settings;
