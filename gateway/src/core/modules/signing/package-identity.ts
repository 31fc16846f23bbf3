import { createHash } from 'node:crypto';
import { type JsonValue, parseStrictJson } from '../../../base/canonical-json.ts';
import { GatewayError } from '../../../base/errors.ts';

/** What signing and verifying need to know of a package. */
export interface PackageIdentity {
  readonly id: string;
  /** Of the file, not of what the manifest says; hex. */
  readonly wasmSha256: string;
  /** As it is signed. */
  readonly manifest: JsonValue;
}

/**
 * Finds out what a package says it is, and that its manifest speaks of this very file. The rest of the manifest is `parseManifest`'s to judge.
 * @throws GatewayError `invalid` for a malformed manifest, `denied` when the hash is another.
 */
export function identityOf(manifestText: string, wasm: Uint8Array): PackageIdentity {
  const manifest = parseStrictJson(manifestText, 'manifest.json');
  const { id, sha256 } = (manifest ?? {}) as { id?: JsonValue; sha256?: JsonValue };
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,32}$/.test(id))
    throw new GatewayError('invalid', 'manifest.json: id: a kebab-case name of 1 to 32 characters expected');
  const wasmSha256 = createHash('sha256').update(wasm).digest('hex');
  if (sha256 !== wasmSha256) {
    throw new GatewayError(
      'denied',
      `module ${id}: hash ${String(sha256).slice(0, 64)} expected, ${wasmSha256} found`,
      {
        hint: 'The file is not the one the manifest was made for: build or fetch both again.',
      },
    );
  }
  return { id, wasmSha256, manifest };
}
