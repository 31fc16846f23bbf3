import type { Settings } from '../setting.ts';

const LISTENER = {
  address: {
    type: 'string',
    form: 'address',
    default: '127.0.0.1',
    help: 'Where sensors connect. Other than loopback it asks for at least one [[mqtt.user]].',
  },
  port: { type: 'integer', min: 0, max: 65535, default: 1883, help: 'TCP port for sensors. 0: any free one.' },
  connectionsMax: {
    type: 'integer',
    min: 1,
    max: 10_000,
    default: 1000,
    help: 'Connections at one time; a further one is refused.',
  },
  packetMax: {
    type: 'size',
    min: '1KiB',
    max: '16MiB',
    default: '256KiB',
    help: 'Largest MQTT packet; a larger message is skipped and goes to quarantine by its first octets.',
  },
  inflightMax: {
    type: 'integer',
    min: 1,
    max: 65_535,
    default: 20_000,
    help: 'Publishes of one connection that wait for their acknowledgement; beyond it the connection is not read.',
  },
  connectTimeout: {
    type: 'duration',
    min: '100ms',
    max: '5m',
    default: '10s',
    help: 'How long a new connection may take to say CONNECT.',
  },
  keepaliveMax: {
    type: 'duration',
    min: '1s',
    max: '18h',
    default: '20m',
    help: 'Longest silence of a connection, whatever keep-alive it asked for.',
  },
  subscriptionsMax: {
    type: 'integer',
    min: 0,
    max: 10_000,
    default: 100,
    help: 'Topic filters one connection may subscribe to.',
  },
  sessionQueueMax: {
    type: 'integer',
    min: 0,
    max: 100_000,
    default: 1000,
    help: 'Messages kept for a persistent session while its client is away; beyond it the oldest goes.',
  },
  sessionsMax: { type: 'integer', min: 0, max: 10_000, default: 1000, help: 'Persistent sessions kept at one time.' },
  retainedMax: {
    type: 'integer',
    min: 0,
    max: 100_000,
    default: 1000,
    help: 'Topics with a retained message. They live in memory, as sessions do: a restart forgets them.',
  },
} as const satisfies Settings;

const USER = {
  name: { type: 'string', form: 'user-name', required: true, help: 'User name the client sends; unique.' },
  passwordHash: {
    type: 'string',
    form: 'password-hash',
    required: true,
    secret: true,
    help: 'Made by `tidegate user hash`: scrypt$N$r$p$salt$hash.',
  },
  publish: {
    type: 'string-list',
    form: 'topic-filter',
    default: ['#'],
    help: 'Topic filters the client may publish to.',
  },
  subscribe: {
    type: 'string-list',
    form: 'topic-filter',
    default: ['#'],
    help: 'Topic filters the client may subscribe to.',
  },
} as const satisfies Settings;

const BROKER = {
  url: {
    type: 'string',
    form: 'broker-url',
    default: 'mqtt://127.0.0.1:1883',
    help: 'The broker to read from: mqtt://host:port, or mqtts://host:port with TLS.',
  },
  clientId: { type: 'string', default: '', help: 'MQTT client identifier. Empty: tidegate-<gateway id>.' },
  username: { type: 'string', default: '', help: 'User name at the broker. Empty: none is sent.' },
  passwordFile: { type: 'path', default: '', help: 'File whose first line is the password.' },
  caFile: { type: 'path', default: '', help: "PEM file of the authorities trusted for the broker's certificate." },
  certFile: { type: 'path', default: '', help: 'PEM file of the client certificate; with key_file.' },
  keyFile: { type: 'path', default: '', help: 'PEM file of its private key; with cert_file.' },
  topics: {
    type: 'string-list',
    form: 'topic-filter',
    default: ['sensors/#'],
    help: 'Topic filters to subscribe to.',
  },
  qos: { type: 'integer', min: 0, max: 2, default: 1, help: 'Quality of service asked for. 0 may lose messages.' },
  keepalive: { type: 'duration', min: '1s', max: '18h', default: '30s', help: 'Longest silence before a ping.' },
} as const satisfies Settings;

export const MQTT_SETTINGS = {
  source: {
    type: 'enum',
    values: ['listener', 'broker'],
    default: 'listener',
    help: 'Sensors connect to the gateway (listener), or the gateway reads from another broker (broker).',
  },
  listener: { type: 'section', help: "The gateway's own MQTT broker, with source = listener.", settings: LISTENER },
  user: {
    type: 'tables',
    help: 'Who may connect to the listener. Without any, everyone on this machine may.',
    settings: USER,
    example: [
      {
        name: 'boiler-room',
        password_hash: 'scrypt$16384$8$1$c2FsdHNhbHRzYWx0c2FsdA==$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g=',
        publish: ['sensors/boiler-room/#'],
        subscribe: ['commands/boiler-room/#'],
      },
    ],
  },
  broker: { type: 'section', help: 'Another MQTT broker to read from, with source = broker.', settings: BROKER },
} as const satisfies Settings;
