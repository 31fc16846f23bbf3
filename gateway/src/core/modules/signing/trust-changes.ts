/** What an operator does to a trust store. Nothing is ever taken out of it: a key that is gone could come back. */
import { GatewayError } from '../../../base/errors.ts';
import { groupedKeyId, type PublicKeyFile } from './public-key.ts';
import { formatTrust, parseTrust, TRUSTED_KEYS_MAX, type TrustedKey, type TrustStore } from './trust-store.ts';

/** What the operator decides about a key. */
export type Grant = Pick<TrustedKey, 'role' | 'modules' | 'notBefore' | 'notAfter'>;

/** @throws GatewayError `conflict` for a key that is there, `exhausted` when the store is full, `invalid` for a wrong grant. */
export function addKey(trust: TrustStore, { keyId, name, publicKey }: PublicKeyFile, grant: Grant): TrustStore {
  const present = trust.keys.find((key) => key.keyId === keyId);
  if (present !== undefined) {
    const isRevoked = present.revokedAt !== null;
    throw new GatewayError(
      'conflict',
      `key ${groupedKeyId(keyId)}: ${isRevoked ? `revoked at ${present.revokedAt}` : `trusted already, as ${present.name}`}`,
      {
        hint: isRevoked
          ? 'A revoked key stays revoked: its holder makes a new one.'
          : '`tidegate trust list` shows it.',
      },
    );
  }
  if (trust.keys.length >= TRUSTED_KEYS_MAX) {
    throw new GatewayError('exhausted', `trust store: at most ${TRUSTED_KEYS_MAX} keys, revoked ones among them`, {
      hint: 'Write a new store without the keys whose modules are gone.',
    });
  }
  const { role, modules, notBefore, notAfter } = grant;
  const key = { keyId, name, publicKey, role, modules, notBefore, notAfter, revokedAt: null, revokedReason: null };
  return checked({ version: 1, keys: [...trust.keys, key] });
}

/**
 * From now on nothing signed with the key is accepted, whenever it was signed. A key that is revoked stays so since when it was.
 * @throws GatewayError `not_found` for a key that is not there, `invalid` for a reason that is none.
 */
export function revokeKey(trust: TrustStore, keyId: string, reason: string, nowMs: number): TrustStore {
  if (!trust.keys.some((key) => key.keyId === keyId)) {
    throw new GatewayError('not_found', `key ${groupedKeyId(keyId)}: not in the trust store`, {
      hint: '`tidegate trust list` shows the keys there are.',
    });
  }
  const revoked = { revokedAt: new Date(nowMs).toISOString(), revokedReason: reason };
  const keys = trust.keys.map((key) => (key.keyId === keyId && key.revokedAt === null ? { ...key, ...revoked } : key));
  return checked({ version: 1, keys });
}

/** What is written is judged by the rules by which it will be read. */
function checked(trust: TrustStore): TrustStore {
  try {
    return parseTrust(formatTrust(trust));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError('invalid', error.message, { hint: 'Nothing was changed.' });
  }
}
