import { scrypt, timingSafeEqual } from 'node:crypto';
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
  #checking = 0;

  constructor(users: readonly MqttUser[]) {
    this.#users = new Map(users.map((user) => [user.name, user]));
  }

  /** Null when the credentials are wrong, or when too many are being checked at once. */
  async permissionsOf(username: string | null, password: Buffer | null): Promise<Permissions | null> {
    if (this.#users.size === 0) return EVERYTHING;
    if (username === null || password === null || this.#checking >= CHECKS_MAX) return null;
    const user = this.#users.get(username);
    this.#checking++;
    try {
      // An unknown name costs the same time as a wrong password.
      const isRight = await matchesHash(password, user?.passwordHash ?? [...this.#users.values()][0]!.passwordHash);
      return isRight && user !== undefined ? permissionsFor(user) : null;
    } finally {
      this.#checking--;
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
