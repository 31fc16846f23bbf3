/** Whether a package comes from somebody who may bring it. Asked when it is installed, and again at each start. */
import { verify } from 'node:crypto';
import { GatewayError } from '../../../base/errors.ts';
import { globToRegExp } from '../../../base/glob.ts';
import type { PackageContents } from '../ports.ts';
import { momentOf } from './fields.ts';
import { identityOf, type PackageIdentity } from './package-identity.ts';
import { groupedKeyId, publicKeyFrom } from './public-key.ts';
import { parseSignature, SIGNATURE_FILE, type SignatureFile, signedOctets } from './signature-file.ts';
import { ROLES, type Role } from './trust-class.ts';
import type { TrustedKey, TrustStore } from './trust-store.ts';

export interface VerifyContext {
  /** Unix epoch milliseconds by the gateway's clock. */
  readonly nowMs: number;
  /** At a start times are not judged, because nothing may wait for a clock: the package was judged when it was installed. */
  readonly atBoot: boolean;
  /** Roles that this gateway takes modules from; left out: all. */
  readonly roles?: readonly Role[];
}

export interface VerifiedPackage {
  readonly keyId: string;
  /** The name under which the operator trusts the key. */
  readonly publisher: string;
  readonly role: Role;
  /** By the clock of whoever signed. */
  readonly signedAtMs: number;
}

/** @throws GatewayError `denied` saying which it is: unsigned, malformed, unknown key, revoked, another hash, wrong signature, not allowed, expired. */
export function verifyPackage(
  { manifestText, wasm, signatureText }: PackageContents,
  trust: TrustStore,
  context: VerifyContext,
): VerifiedPackage {
  if (signatureText === null) {
    throw new GatewayError('denied', `package: unsigned: ${SIGNATURE_FILE} expected, none found`, {
      hint: 'Its author signs it with `tidegate module sign DIR --key FILE`.',
    });
  }
  const signature = wellFormed(() => parseSignature(signatureText));
  const identity = wellFormed(() => identityOf(manifestText, wasm));
  const key = signerOf(identity.id, signature, trust);
  const octets = signedOctets(identity.manifest, identity.wasmSha256, signature.signedAt);
  const raw = Buffer.from(key.publicKey, 'base64');
  if (!verify(null, octets, publicKeyFrom(raw), Buffer.from(signature.signature, 'base64'))) {
    throw new GatewayError('denied', `module ${identity.id}: the signature is wrong for key ${nameOf(key)}`, {
      hint: 'The manifest, the file or the signature was changed after signing: fetch the package again.',
    });
  }
  checkAllowed(identity, key, context.roles ?? ROLES);
  const signedAtMs = momentOf(signature.signedAt)!;
  if (!context.atBoot) checkTimes(identity.id, key, signedAtMs, context.nowMs);
  return { keyId: key.keyId, publisher: key.name, role: key.role, signedAtMs };
}

function nameOf(key: TrustedKey): string {
  return `${groupedKeyId(key.keyId)} (${key.name})`;
}

/** What cannot be read cannot be trusted: one code for the caller, with the reason. */
function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'denied') throw error;
    throw new GatewayError('denied', `package: malformed: ${error.message}`, {
      hint: 'It was damaged or changed on its way: fetch it again.',
    });
  }
}

/** A key that was revoked is refused before its signature is looked at: the reason matters more than whether it holds. */
function signerOf(id: string, { keyId }: SignatureFile, trust: TrustStore): TrustedKey {
  const key = trust.keys.find((one) => one.keyId === keyId);
  if (key === undefined) {
    throw new GatewayError('denied', `module ${id}: signed with an unknown key, ${groupedKeyId(keyId)}`, {
      hint: 'When you know its holder, add the key with `tidegate trust add FILE.pub --role ROLE`.',
    });
  }
  if (key.revokedAt !== null) {
    throw new GatewayError(
      'denied',
      `module ${id}: key ${nameOf(key)} was revoked at ${key.revokedAt}: ${key.revokedReason}`,
      { hint: 'Get a package that is signed with the new key of its publisher.' },
    );
  }
  return key;
}

function checkAllowed({ id }: PackageIdentity, key: TrustedKey, roles: readonly Role[]): void {
  if (!key.modules.some((glob) => globToRegExp(glob).test(id))) {
    throw new GatewayError(
      'denied',
      `module ${id}: key ${nameOf(key)} may sign ${key.modules.join(', ')}: not allowed to sign this module`,
      { hint: 'Only who is trusted for this module may sign it; see `tidegate trust list`.' },
    );
  }
  if (!roles.includes(key.role)) {
    throw new GatewayError(
      'denied',
      `module ${id}: role ${roles.join(' or ') || 'none'} expected, ${key.role} of key ${nameOf(key)} found`,
      { hint: 'This gateway takes no modules of this role.' },
    );
  }
}

/** The moment of signing is the signer's word, so an expired key must not do either: sign with an earlier date, or be taken now. */
function checkTimes(id: string, key: TrustedKey, signedAtMs: number, nowMs: number): void {
  const moments = [
    ['signed', signedAtMs],
    ['now', nowMs],
  ] as const;
  for (const [what, ms] of moments) {
    const at = `${what === 'now' ? 'it is' : 'signed at'} ${new Date(ms).toISOString()}`;
    if (key.notBefore !== null && ms < momentOf(key.notBefore)!) {
      throw new GatewayError('denied', `module ${id}: key ${nameOf(key)} is not valid before ${key.notBefore}, ${at}`, {
        hint: 'Check the clock of the gateway with `date`.',
      });
    }
    if (key.notAfter !== null && ms > momentOf(key.notAfter)!) {
      throw new GatewayError('denied', `module ${id}: key ${nameOf(key)} expired at ${key.notAfter}, ${at}`, {
        hint: 'Get a package that is signed with the new key of its publisher.',
      });
    }
  }
}
