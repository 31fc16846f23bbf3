import { type KeyObject, sign } from 'node:crypto';
import { GatewayError } from '../../../base/errors.ts';
import { identityOf } from './package-identity.ts';
import { keyIdOf, rawPublicKey } from './public-key.ts';
import { type SignatureFile, signedOctets } from './signature-file.ts';

/**
 * Signs a package. Whether it deserves it (manifest, guard) is for the caller to find out first.
 * @param signedAtMs Unix epoch milliseconds; goes into what is signed.
 * @throws GatewayError `invalid` when the key is no Ed25519 private key or the manifest is malformed, `denied` when the hash is wrong.
 */
export function signPackage(
  { manifestText, wasm }: { readonly manifestText: string; readonly wasm: Uint8Array },
  privateKey: KeyObject,
  signedAtMs: number,
): SignatureFile {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
    const found = `${privateKey.type} ${privateKey.asymmetricKeyType ?? ''}`.trim();
    throw new GatewayError('invalid', `signing key: an Ed25519 private key expected, a ${found} key found`);
  }
  const { wasmSha256, manifest } = identityOf(manifestText, wasm);
  const signedAt = new Date(signedAtMs).toISOString();
  const signature = sign(null, signedOctets(manifest, wasmSha256, signedAt), privateKey).toString('base64');
  return { version: 1, algorithm: 'ed25519', keyId: keyIdOf(rawPublicKey(privateKey)), signedAt, signature };
}
