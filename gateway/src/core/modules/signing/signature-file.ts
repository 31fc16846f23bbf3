/**
 * The signature of a package: which octets are signed, and the file beside the manifest. Plain Ed25519 (RFC 8032) over a text of four lines,
 * so that any tool can make one and any tool can check one: docs/reference/module-signing.md.
 */
import { canonicalJson, type JsonValue, parseStrictJson } from '../../../base/canonical-json.ts';
import { GatewayError } from '../../../base/errors.ts';
import { faultsOf, momentOf, octetsOfBase64 } from './fields.ts';
import { KEY_RULES } from './public-key.ts';

/** Name of the file in a package. */
export const SIGNATURE_FILE = 'signature.json';
/** A signature of this product, of this form: no signature made for another purpose can pass for one. */
const DOMAIN = 'tidegate-module-signature-v1';
const SIGNATURE_OCTETS = 64;

export interface SignatureFile {
  readonly version: 1;
  readonly algorithm: 'ed25519';
  readonly keyId: string;
  /** ISO 8601, UTC: by the clock of whoever signed, and part of what is signed. */
  readonly signedAt: string;
  /** Base64. */
  readonly signature: string;
}

/** The octets that are signed. Canonical JSON and the other lines hold no line feed, so no two packages have the same. */
export function signedOctets(manifest: JsonValue, wasmSha256: string, signedAt: string): Uint8Array {
  return Buffer.from(`${DOMAIN}\n${canonicalJson(manifest)}\n${wasmSha256}\n${signedAt}\n`, 'utf8');
}

/** @throws GatewayError `denied` naming every fault. */
export function parseSignature(text: string): SignatureFile {
  const value = parseStrictJson(text, SIGNATURE_FILE);
  const faults = faultsOf(value, '', {
    version: [(v) => v === 1, '1'],
    algorithm: [(v) => v === 'ed25519', '"ed25519"'],
    keyId: KEY_RULES.keyId,
    signedAt: [(v) => momentOf(v) !== undefined, 'a moment such as 2026-11-24T10:00:00.000Z'],
    signature: [(v) => octetsOfBase64(v, SIGNATURE_OCTETS) !== undefined, `base64 of ${SIGNATURE_OCTETS} octets`],
  });
  if (faults.length > 0) throw new GatewayError('denied', `${SIGNATURE_FILE}: ${faults.join('; ')}`);
  return value as unknown as SignatureFile;
}

export function formatSignature(signature: SignatureFile): string {
  return `${JSON.stringify(signature, null, 2)}\n`;
}
