/**
 * The publishers a gateway trusts: who may sign which modules, from when to when. The file is an operator's: it is read strictly, and one fault
 * in it refuses all of it, so that nobody is trusted, or stays trusted, by a slip.
 */
import { type JsonValue, parseStrictJson } from '../../../base/canonical-json.ts';
import { GatewayError } from '../../../base/errors.ts';
import { type FieldRule, faultsOf, isPlainText, momentOf } from './fields.ts';
import { isNameOf, KEY_RULES } from './public-key.ts';
import { ROLES, type Role } from './trust-class.ts';

export interface TrustedKey {
  readonly keyId: string;
  /** Of the publisher, for people. */
  readonly name: string;
  /** Raw, base64. */
  readonly publicKey: string;
  readonly role: Role;
  /** Ids of the modules it may sign: names, or globs with `*`. */
  readonly modules: readonly string[];
  /** ISO 8601, UTC, both included; null: without end. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** Not null: nothing it has signed, at any time, is accepted. When somebody else has the key, the times it signs are theirs to choose. */
  readonly revokedAt: string | null;
  readonly revokedReason: string | null;
}

export interface TrustStore {
  readonly version: 1;
  readonly keys: readonly TrustedKey[];
}

/** Revoked keys stay, so that they cannot come back: a gateway that has seen a hundred needs an operator's eye. */
export const TRUSTED_KEYS_MAX = 100;
export const REASON_CHARACTERS_MAX = 200;
const GLOBS_MAX = 50;

const isMomentOrNull = (value: unknown) => value === null || momentOf(value) !== undefined;
const MOMENT_OR_NULL: FieldRule = [isMomentOrNull, 'null or a moment such as 2026-11-24T10:00:00.000Z'];

const TRUSTED_KEY_RULES: Record<keyof TrustedKey, FieldRule> = {
  ...KEY_RULES,
  role: [(v) => ROLES.some((role) => role === v), `one of ${ROLES.join(', ')}`],
  modules: [isGlobList, `1 to ${GLOBS_MAX} module ids, \`*\` for any characters (four a glob at most)`],
  notBefore: MOMENT_OR_NULL,
  notAfter: MOMENT_OR_NULL,
  revokedAt: MOMENT_OR_NULL,
  revokedReason: [
    (v) => v === null || isPlainText(v, REASON_CHARACTERS_MAX),
    `null or 1 to ${REASON_CHARACTERS_MAX} printable characters`,
  ],
};

/** Few stars, because matching takes time exponential in their number. */
export function isModuleGlob(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9*-]{1,32}$/.test(value) && value.split('*').length <= 5;
}

function isGlobList(value: unknown): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= GLOBS_MAX && value.every(isModuleGlob);
}

/**
 * @param text of the file; null when there is none, which trusts nobody.
 * @throws GatewayError `corrupt` naming every fault.
 */
export function parseTrust(text: string | null): TrustStore {
  if (text === null) return { version: 1, keys: [] };
  const faults: string[] = [];
  let value: JsonValue = null;
  try {
    value = parseStrictJson(text, 'document');
    faults.push(...faultsOfStore(value));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    faults.push(error.message);
  }
  if (faults.length > 0) {
    throw new GatewayError('corrupt', `trust store: ${faults.join('; ')}`, {
      hint: 'Put the faults right, or move the file away and add the keys again with `tidegate trust add`.',
    });
  }
  return value as unknown as TrustStore;
}

export function formatTrust(trust: TrustStore): string {
  return `${JSON.stringify(trust, null, 2)}\n`;
}

function faultsOfStore(value: JsonValue): string[] {
  const faults = faultsOf(value, '', {
    version: [(v) => v === 1, '1'],
    keys: [(v) => Array.isArray(v) && v.length <= TRUSTED_KEYS_MAX, `a list of at most ${TRUSTED_KEYS_MAX} keys`],
  });
  if (faults.length > 0) return faults;
  const { keys } = value as unknown as { keys: JsonValue[] };
  faults.push(...keys.flatMap((key, index) => faultsOf(key, `keys[${index}]`, TRUSTED_KEY_RULES)));
  return faults.length > 0 ? faults : faultsAcross((value as unknown as TrustStore).keys);
}

/** What no field shows alone. */
function faultsAcross(keys: readonly TrustedKey[]): string[] {
  const seen = new Set<string>();
  return keys.flatMap((key, index) => {
    const faults: string[] = [];
    if (!isNameOf(key.keyId, key.publicKey)) faults.push('keyId: that of its publicKey expected');
    if (seen.has(key.keyId)) faults.push('keyId: each key once expected');
    seen.add(key.keyId);
    if (key.notBefore !== null && key.notAfter !== null && momentOf(key.notBefore)! > momentOf(key.notAfter)!)
      faults.push('notAfter: not before notBefore expected');
    if ((key.revokedAt === null) !== (key.revokedReason === null))
      faults.push('revokedAt, revokedReason: both or neither expected');
    return faults.map((fault) => `keys[${index}] ${key.keyId}: ${fault}`);
  });
}
