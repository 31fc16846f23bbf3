import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { matchesFilter } from './topics.ts';

export interface MqttUser {
  readonly name: string;
  /** `scrypt$N$r$p$salt$hash`, salt and hash in base64. */
  readonly passwordHash: string;
  /** Topic filters. */
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What one connection may do. */
export interface Permissions {
  /** True when every topic may be published: spares the check of each message. */
  readonly mayPublishAll: boolean;
  mayPublish(topic: string): boolean;
  maySubscribe(filter: string): boolean;
}

const EVERYTHING: Permissions = { mayPublishAll: true, mayPublish: () => true, maySubscribe: () => true };

/** Checks of passwords running at once: each takes tens of milliseconds and 16 MiB. */
const CHECKS_MAX = 4;

/** Users and their passwords. Without users everybody may do everything: the configuration allows that on loopback only. */
export class Access {
  readonly #users: ReadonlyMap<string, MqttUser>;
  /** Digests, under a key of this process, of passwords found right: a fleet of sensors that reconnects is not checked by scrypt again. */
  readonly #rightOnes = new Map<string, Buffer>();
  readonly #key = randomBytes(32);
  #checking = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(users: readonly MqttUser[]) {
    this.#users = new Map(users.map((user) => [user.name, user]));
  }

  /** Null when the credentials are wrong. Further checks wait for their turn; what waits is bounded by the number of connections. */
  async permissionsOf(username: string | null, password: Buffer | null): Promise<Permissions | null> {
    if (this.#users.size === 0) return EVERYTHING;
    if (username === null || password === null) return null;
    const user = this.#users.get(username);
    const digest = createHmac('sha256', this.#key).update(password).digest();
    if (user !== undefined && this.#rightOnes.get(username)?.equals(digest)) return permissionsFor(user);
    while (this.#checking >= CHECKS_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#checking++;
    try {
      // An unknown name costs the same time as a wrong password.
      const isRight = await matchesHash(password, user?.passwordHash ?? [...this.#users.values()][0]!.passwordHash);
      if (!isRight || user === undefined) return null;
      this.#rightOnes.set(username, digest);
      return permissionsFor(user);
    } finally {
      this.#checking--;
      this.#waiting.shift()?.();
    }
  }
}

function permissionsFor(user: MqttUser): Permissions {
  const allowsAll = (filters: readonly string[]) => filters.includes('#');
  return {
    mayPublishAll: allowsAll(user.publish),
    mayPublish: (topic) => user.publish.some((filter) => matchesFilter(filter, topic)),
    maySubscribe: (wanted) => allowsAll(user.subscribe) || user.subscribe.some((filter) => covers(filter, wanted)),
  };
}

/** True when every topic that `wanted` matches is matched by `filter` too. */
export function covers(filter: string, wanted: string): boolean {
  const have = filter.split('/');
  const want = wanted.split('/');
  // A leading wildcard does not match topics beginning with `$` (section 4.7.2).
  if (wanted.startsWith('$') && (have[0] === '#' || have[0] === '+')) return false;
  for (const [index, level] of have.entries()) {
    if (level === '#') return true;
    const other = want[index];
    if (other === undefined || other === '#') return false;
    if (level !== '+' && level !== other) return false;
  }
  return have.length === want.length;
}

function matchesHash(password: Buffer, stored: string): Promise<boolean> {
  const [, cost, blockSize, parallelization, salt, hash] = stored.split('$');
  const expected = Buffer.from(hash ?? '', 'base64');
  const options = { N: Number(cost), r: Number(blockSize), p: Number(parallelization), maxmem: 64 * 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(password, Buffer.from(salt ?? '', 'base64'), expected.length, options, (error, derived) => {
      if (error !== null) reject(error);
      else resolve(timingSafeEqual(derived, expected));
    });
  });
}
