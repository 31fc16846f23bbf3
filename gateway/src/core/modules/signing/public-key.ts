/** Ed25519 public keys: their name, and the file in which an author hands one to an operator. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { parseStrictJson } from '../../../base/canonical-json.ts';
import { GatewayError } from '../../../base/errors.ts';
import { type FieldRule, faultsOf, isPlainText, octetsOfBase64 } from './fields.ts';

/** Octets of a raw public key (RFC 8032 §5.1.5). */
export const PUBLIC_KEY_OCTETS = 32;
const NAME_CHARACTERS_MAX = 80;

/** What `module keygen` writes beside the private key. */
export interface PublicKeyFile {
  readonly version: 1;
  readonly algorithm: 'ed25519';
  readonly keyId: string;
  /** Of the publisher, for people; says nothing about who holds the key. */
  readonly name: string;
  /** Raw, base64. */
  readonly publicKey: string;
}

/** Rules of the fields that a public key file and a trust store share. */
export const KEY_RULES = {
  keyId: [isKeyId, '16 hexadecimal digits'],
  name: [(v) => isPlainText(v, NAME_CHARACTERS_MAX), `1 to ${NAME_CHARACTERS_MAX} printable characters`],
  publicKey: [(v) => octetsOfBase64(v, PUBLIC_KEY_OCTETS) !== undefined, `base64 of ${PUBLIC_KEY_OCTETS} octets`],
} as const satisfies Record<string, FieldRule>;

/**
 * The name of a key: the first 64 bits of the SHA-256 of its octets, in hex. It finds a key and lets people compare; the signature is
 * always verified with the whole key, so another key of the same name gains nothing.
 */
export function keyIdOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
}

export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

/** As people read it: `0123-4567-89ab-cdef`. */
export function groupedKeyId(keyId: string): string {
  return keyId.replace(/(.{4})(?=.)/g, '$1-');
}

/** Reads a key's name as it is stored or as it is shown, in either case. @throws GatewayError `invalid`. */
export function parseKeyId(text: string): string {
  const keyId = text.replace(/[\s:-]/g, '').toLowerCase();
  if (!isKeyId(keyId))
    throw new GatewayError('invalid', `key ${text}: 16 hexadecimal digits expected`, {
      hint: '`tidegate trust list` shows the keys there are.',
    });
  return keyId;
}

export function publicKeyFrom(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  });
}

/** The raw octets of the public half of a key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
}

export function publicKeyFile(key: KeyObject, name: string): PublicKeyFile {
  const raw = rawPublicKey(key);
  const publicKey = Buffer.from(raw).toString('base64');
  return { version: 1, algorithm: 'ed25519', keyId: keyIdOf(raw), name, publicKey };
}

/** @throws GatewayError `invalid` naming every fault, or saying that it is the private half. */
export function parsePublicKeyFile(text: string, path: string): PublicKeyFile {
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw new GatewayError('invalid', `public key ${path}: a public key expected, a private key found`, {
      hint: `Give the public half, ${path}.pub where \`tidegate module keygen\` made it. The private one stays with its holder.`,
    });
  }
  const value = parseStrictJson(text, `public key ${path}`);
  const faults = faultsOf(value, '', {
    version: [(v) => v === 1, '1'],
    algorithm: [(v) => v === 'ed25519', '"ed25519"'],
    ...KEY_RULES,
  });
  if (faults.length > 0) {
    throw new GatewayError('invalid', `public key ${path}: ${faults.join('; ')}`, {
      hint: 'Give the .pub file that `tidegate module keygen` wrote.',
    });
  }
  const file = value as unknown as PublicKeyFile;
  if (!isNameOf(file.keyId, file.publicKey))
    throw new GatewayError('invalid', `public key ${path}: the keyId of its publicKey expected, ${file.keyId} found`);
  return file;
}

/** Whether the text of a file is a public key, as `module keygen` or OpenSSL writes one; looks no further. */
export function looksLikePublicKey(text: string): boolean {
  return /^-----BEGIN PUBLIC KEY-----/.test(text) || /^\{[^}]*"publicKey"/.test(text);
}

/** @param publicKey base64 of a raw key, already checked. */
export function isNameOf(keyId: string, publicKey: string): boolean {
  return keyIdOf(Buffer.from(publicKey, 'base64')) === keyId;
}
