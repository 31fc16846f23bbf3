/** A small package, its author's key, and a gateway that trusts it: made anew for each test that changes something. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { PackageContents } from '../../../../gateway/src/core/modules/ports.ts';
import { publicKeyFile } from '../../../../gateway/src/core/modules/signing/public-key.ts';
import { signPackage } from '../../../../gateway/src/core/modules/signing/sign-package.ts';
import { addKey, type Grant } from '../../../../gateway/src/core/modules/signing/trust-changes.ts';
import { parseTrust, type TrustStore } from '../../../../gateway/src/core/modules/signing/trust-store.ts';
import { BODY, wasmModule } from '../../../support/wasm-module.ts';

/** When everything here is signed: 2026-11-24. */
export const SIGNED_MS = Date.UTC(2026, 10, 24, 10);
export const DAY_MS = 86_400_000;

export const WASM = wasmModule(BODY.quiet);

/** Says of itself what a manifest says, with the right hash unless told otherwise. */
export function manifestOf(id: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const limits = { memoryPages: 2, tableElems: 1, codeBytes: 4096, functions: 20, localsPerFunction: 8 };
  return {
    id,
    version: '1.2.0',
    abi: 'gw1',
    summary: 'Says nothing, politely: °C, 😀.',
    wasm: `${id}.wasm`,
    sha256: createHash('sha256').update(WASM).digest('hex'),
    config: [{ name: 'alpha', unit: '', default: 0.1, min: 1e-6, max: 1, help: '' }],
    outputs: [{ name: 'out', kind: 'point', unit: '=', help: 'Nothing.' }],
    limits: { ...limits, fuelPerCall: 1e9, startFuel: 1e9, outBytes: 4096, deadlineMs: 100 },
    ...changes,
  };
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** @param space of the texts: 0 for the shortest form. */
export function signed(
  key: KeyObject,
  manifest = manifestOf('quiet'),
  space = 0,
  signedMs = SIGNED_MS,
): PackageContents {
  const manifestText = JSON.stringify(manifest, null, space);
  const signature = signPackage({ manifestText, wasm: WASM }, key, signedMs);
  return { manifestText, wasm: WASM, signatureText: JSON.stringify(signature, null, space) };
}

/** A gateway that trusts this key for everything, unless told. */
export function trusting(key: KeyObject, grant: Partial<Grant> = {}, trust: TrustStore = parseTrust(null)): TrustStore {
  const all: Grant = { role: 'vendor', modules: ['*'], notBefore: null, notAfter: null };
  return addKey(trust, publicKeyFile(key, 'Example Works'), { ...all, ...grant });
}
