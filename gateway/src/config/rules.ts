import { formatBytesExact } from '../base/units.ts';
import { describeFound } from './describe.ts';
import { FUNCTION_RULES } from './function-rules.ts';
import { ROUTE_RULES } from './route-rules.ts';
import type { Config } from './settings.ts';

/** What a rule finds wrong. `paths` are the settings it speaks of, the one to point at first. */
export interface BrokenRule {
  readonly paths: readonly [string, ...string[]];
  readonly message: string;
  readonly hint?: string;
}

/** A rule that spans settings: what one setting means for another. */
export interface Rule {
  /** For the reference page. */
  readonly says: string;
  readonly check: (config: Config, around: RuleContext) => BrokenRule[];
}

/** What a rule may ask beyond the values. */
export interface RuleContext {
  /** Whether some layer gives the setting at this path; false: it has its default. */
  readonly isGiven: (path: string) => boolean;
  readonly cronProblem: CronProblem;
}

/** Why a cron expression cannot be read, or that it never fires, to complete "found …"; null: it is right. Its calendar is a package's. */
export type CronProblem = (pattern: string) => string | null;

/** 127.0.0.0/8, ::1 and the name `localhost`: reached from this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

const LISTENER_USERS: Rule = {
  says: 'With `mqtt.source = "listener"`, an `mqtt.listener.address` other than loopback needs at least one `[[mqtt.user]]`.',
  check({ mqtt }) {
    if (mqtt.source !== 'listener' || isLoopback(mqtt.listener.address) || mqtt.user.length > 0) return [];
    return [
      {
        paths: ['mqtt.listener.address', 'mqtt.user'],
        message: `expected a loopback address while there is no [[mqtt.user]], found ${describeFound(mqtt.listener.address)}`,
        hint: 'Make a [[mqtt.user]] with `tidegate user hash`, or listen on 127.0.0.1.',
      },
    ];
  },
};

const WEB_LOOPBACK: Rule = {
  says: '`web.address` is a loopback address.',
  check({ web }) {
    if (isLoopback(web.address)) return [];
    return [
      {
        paths: ['web.address'],
        message: `expected a loopback address, found ${describeFound(web.address)}`,
        hint: `Access control is not built yet; use an SSH tunnel: ssh -L ${web.port}:127.0.0.1:${web.port} <gateway>.`,
      },
    ];
  },
};

const OWN_PORTS: Rule = {
  says: 'With `mqtt.source = "listener"`, MQTT and the page do not listen on one address and port.',
  check({ mqtt: { source, listener }, web }) {
    if (source !== 'listener' || listener.port !== web.port || web.port === 0) return [];
    if (!overlap(listener.address, web.address)) return [];
    const message = `expected a port of its own, found ${web.port}, which is that of mqtt.listener`;
    return [
      { paths: ['web.port', 'web.address', 'mqtt.listener.port', 'mqtt.listener.address', 'mqtt.source'], message },
    ];
  },
};

/** Whether some connection could be meant for either: `0.0.0.0` and `::` are every address, `localhost` may be of either family. */
function overlap(one: string, other: string): boolean {
  if (one === other || one === '::' || other === '::') return true;
  const isV6 = [one, other].some((address) => address.includes(':'));
  if (one === '0.0.0.0' || other === '0.0.0.0') return !isV6;
  const loopbacks = ['localhost', '127.0.0.1', '::1'];
  return [one, other].includes('localhost') && loopbacks.includes(one) && loopbacks.includes(other);
}

const SYNC_AUTHENTICATION: Rule = {
  says: 'At most one of `sync.user`, `sync.nkey_file` and `sync.creds_file` is set.',
  check({ sync }) {
    const ways = [
      ['sync.user', sync.user],
      ['sync.nkey_file', sync.nkeyFile],
      ['sync.creds_file', sync.credsFile],
    ] as const;
    const paths = ways.filter(([, value]) => value !== '').map(([path]) => path);
    const [first, second, ...others] = paths;
    if (first === undefined || second === undefined) return [];
    return [{ paths: [second, first, ...others], message: `expected one way to log in, found ${paths.join(' and ')}` }];
  },
};

const PAIRS: Rule = {
  says: '`cert_file` and `key_file` are set together; `password_file` needs the user name beside it.',
  check: ({ mqtt: { broker }, sync }) => [
    ...needs('mqtt.broker.cert_file', broker.certFile, 'mqtt.broker.key_file', broker.keyFile),
    ...needs('mqtt.broker.key_file', broker.keyFile, 'mqtt.broker.cert_file', broker.certFile),
    ...needs('mqtt.broker.password_file', broker.passwordFile, 'mqtt.broker.username', broker.username),
    ...needs('sync.cert_file', sync.certFile, 'sync.key_file', sync.keyFile),
    ...needs('sync.key_file', sync.keyFile, 'sync.cert_file', sync.certFile),
    ...needs('sync.password_file', sync.passwordFile, 'sync.user', sync.user),
  ],
};

function needs(path: string, value: string, neededPath: string, neededValue: string): BrokenRule[] {
  if (value === '' || neededValue !== '') return [];
  return [{ paths: [path, neededPath], message: `expected ${neededPath} beside it, found none` }];
}

const UNIQUE_NAMES: Rule = {
  says: 'Names of `[[module]]` are unique, and so are names of `[[mqtt.user]]`.',
  check: ({ module, mqtt }) => [...repeatedNames('module', module), ...repeatedNames('mqtt.user', mqtt.user)],
};

function repeatedNames(path: string, rows: readonly { readonly name: string }[]): BrokenRule[] {
  const firstIndex = new Map<string, number>();
  return rows.flatMap(({ name }, index) => {
    const first = firstIndex.get(name);
    if (first === undefined) firstIndex.set(name, index);
    if (first === undefined) return [];
    const message = `expected a name of its own, found ${describeFound(name)} again, as in ${path}[${first}]`;
    return [{ paths: [`${path}[${index}].name`], message } as const];
  });
}

const SERIES_RANGE: Rule = {
  says: 'In `[[series]]`, `min` is not above `max`.',
  check: ({ series }) =>
    series.flatMap(({ min, max }, index) => {
      if (min === undefined || max === undefined || min <= max) return [];
      return [{ paths: [`series[${index}].min`], message: `expected at most max = ${max}, found ${min}` } as const];
    }),
};

const DISK_SHARES: Rule = {
  says: '`store.confirmed_keep`, where it is set, is not above `store.disk_max`.',
  check({ store: { confirmedKeep, diskMax } }, { isGiven }) {
    if (confirmedKeep <= diskMax || !isGiven('store.confirmed_keep')) return [];
    const message = `expected at most disk_max = ${formatBytesExact(diskMax)}, found ${formatBytesExact(confirmedKeep)}`;
    return [{ paths: ['store.confirmed_keep', 'store.disk_max'], message }];
  },
};

export const RULES: readonly Rule[] = [
  LISTENER_USERS,
  WEB_LOOPBACK,
  OWN_PORTS,
  SYNC_AUTHENTICATION,
  PAIRS,
  UNIQUE_NAMES,
  SERIES_RANGE,
  DISK_SHARES,
  ...ROUTE_RULES,
  ...FUNCTION_RULES,
];
