import { createHash } from 'node:crypto';
import { GatewayError } from '../../base/errors.ts';
import { type GuardCache, guardedOrCached } from './guard/cache.ts';
import type { GuardLimits } from './guard/limits.ts';
import type { ModuleManifest } from './manifest.ts';

/** What no manifest needs to say. */
const FIXED_LIMITS = {
  tables: 1,
  dataBytes: 1 << 20,
  customBytes: 256 * 1024,
  globals: 1000,
  types: 1000,
  exports: 100,
  elementSegments: 100,
  dataSegments: 1000,
} as const satisfies Partial<GuardLimits>;

export interface AdmissionTerms extends Pick<GuardLimits, 'imports' | 'importTypes'> {
  /** Whether the original is valid WebAssembly. */
  readonly validate: (wasm: Uint8Array) => boolean;
  /** Null: the guard works each time. */
  readonly cache: GuardCache | null;
}

export function guardLimits(
  { limits }: ModuleManifest,
  terms: Pick<AdmissionTerms, 'imports' | 'importTypes'>,
): GuardLimits {
  const { memoryPages, tableElems, codeBytes, functions, localsPerFunction } = limits;
  const { imports, importTypes = new Map() } = terms;
  return { ...FIXED_LIMITS, memoryPages, tableElems, codeBytes, functions, localsPerFunction, imports, importTypes };
}

/**
 * Lets a module in: checks that the file is the one its manifest speaks of, and guards it.
 * @returns the binary to compile. @throws GatewayError `denied` or `corrupt`, with the reason.
 */
export function admitModule(wasm: Uint8Array, manifest: ModuleManifest, terms: AdmissionTerms): Uint8Array {
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  if (sha256 !== manifest.sha256) {
    throw new GatewayError('denied', `module ${manifest.id}: hash ${manifest.sha256} expected, ${sha256} found`, {
      hint: 'The file is not the one the manifest was made for: build or fetch both again.',
    });
  }
  return guardedOrCached(wasm, guardLimits(manifest, terms), terms.validate, terms.cache);
}
