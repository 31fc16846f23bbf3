/** A form that a text must have. `expected` completes the sentence "expected …". */
export interface Form {
  readonly expected: string;
  /** Anchored, and linear in the length of the text: it is also what the JSON schema says. */
  readonly pattern: RegExp;
  readonly hint?: string;
}

/** The forms of text that settings ask for. Control characters are refused in every text, see `read-value.ts`. */
export const FORMS = {
  identifier: {
    expected: 'an identifier of 1 to 32 of a-z, 0-9 and -',
    pattern: /^[a-z0-9-]{1,32}$/,
  },
  'module-id': {
    expected: 'the name of a module folder, of 1 to 64 of a-z, 0-9 and -',
    pattern: /^[a-z0-9][a-z0-9-]{0,63}$/,
  },
  address: {
    expected: 'an IP address or a host name',
    pattern: /^[A-Za-z0-9.:_-]{1,253}$/,
    hint: 'The port has a setting of its own.',
  },
  'broker-url': {
    expected: 'mqtt://host:port or mqtts://host:port',
    pattern: /^mqtts?:\/\/[^\s/@?#]+$/,
    hint: 'User name and password are set by mqtt.broker.username and mqtt.broker.password_file.',
  },
  'server-url': {
    expected: 'host:port, nats://host:port or tls://host:port',
    pattern: /^(?:(?:nats|tls):\/\/)?[^\s/@?#]+$/,
    hint: 'Credentials are set by sync.user and sync.password_file, sync.nkey_file or sync.creds_file.',
  },
  'stream-name': {
    expected: 'a stream name of 1 to 64 of A-Z, a-z, 0-9, _ and -',
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
  },
  'user-name': {
    expected: 'a user name of 1 to 64 characters without spaces',
    pattern: /^\S{1,64}$/,
  },
  'password-hash': {
    expected: 'scrypt$N$r$p$salt$hash, salt and hash in base64',
    pattern: /^scrypt\$\d{1,10}\$\d{1,5}\$\d{1,5}\$[A-Za-z0-9+/]{8,172}={0,2}\$[A-Za-z0-9+/]{16,172}={0,2}$/,
    hint: 'Make one with `tidegate user hash`; a password itself never stands in the file.',
  },
  'topic-filter': {
    expected: 'an MQTT topic filter, + a whole segment, # the whole last one',
    pattern: /^(?:(?:\+|[^+#/]*)\/)*(?:\+|#|[^+#/]*)$/,
  },
  'route-topic': {
    expected: 'a topic pattern whose segments are text, {device}, {point} (once at most), + or a last #',
    pattern:
      /^(?!.*\{point\}.*\{point\})(?:(?:\+|\{device\}|\{point\}|[^+#/{}]*)\/)*(?:\+|#|\{device\}|\{point\}|[^+#/{}]*)$/,
    hint: 'Example: plant/{device}/{point}. A name in braces is a whole segment.',
  },
  'device-name': {
    expected: 'a device name without any of + # * { }',
    pattern: /^[^+#*{}]{1,200}$/,
  },
  'point-name': {
    expected: 'a point name without any of / + # * { }',
    pattern: /^[^/+#*{}]{1,200}$/,
  },
  'dotted-path': {
    expected: 'a path of member names with dots between them',
    pattern: /^[^.]+(?:\.[^.]+)*$/,
    hint: 'Example: data.temperature.',
  },
  'series-glob': {
    expected: 'a pattern of device/point, * any text within a segment, ** any text',
    pattern: /^[^+#{}]{1,400}$/,
    hint: 'Example: boiler*/temperature, or ** for every series.',
  },
  cron: {
    expected: 'a cron expression of five or six fields',
    pattern: /^[0-9A-Za-z*?/,#-]{1,100}(?: [0-9A-Za-z*?/,#-]{1,100}){4,5}$/,
    hint: 'Example: "0 6 * * MON-FRI", six in the morning from Monday to Friday.',
  },
  timezone: {
    expected: 'a name of the IANA time zone database',
    pattern: /^[A-Za-z0-9_+-]{1,40}(?:\/[A-Za-z0-9_+-]{1,40}){0,2}$/,
    hint: 'Example: Europe/Berlin.',
  },
  'subject-filter': {
    expected: 'a NATS subject, * a whole token, > the whole last one',
    pattern: /^(?:(?:\*|[^\s.*>]+)\.)*(?:\*|>|[^\s.*>]+)$/,
  },
  'url-path': {
    expected: 'a path that begins with / and ends without one',
    pattern: /^(?:\/[A-Za-z0-9._~-]{1,100}){1,10}$/,
    hint: 'Example: /orders.',
  },
  'event-type': {
    expected: 'a type of events of 1 to 128 of A-Z, a-z, 0-9, . _ and -',
    pattern: /^[A-Za-z0-9._-]{1,128}$/,
  },
} as const satisfies Record<string, Form>;

export type FormName = keyof typeof FORMS;

export function formNamed(name: FormName): Form {
  return FORMS[name];
}
