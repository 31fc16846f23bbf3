/** Guarding once: the result is kept under a key of all that it depends on, so that the next start of the gateway only compiles. */
import { type GuardLimits, guardModule } from './guard.ts';
import { guardKey } from './limits.ts';

/**
 * Where results are kept. What it gives back is compiled and trusted without another look: it must be what was put there, octet for octet,
 * or nothing. A cache that cannot read or write gives nothing and keeps nothing; it never fails.
 */
export interface GuardCache {
  /** @param key 64 hexadecimal digits. */
  get(key: string): Uint8Array | undefined;
  put(key: string, binary: Uint8Array): void;
}

/**
 * Only what was let in is kept: a refusal is found anew each time, with its reason.
 * @param validate says whether the original is valid WebAssembly. @param cache null: the guard works each time.
 * @returns the guarded binary. @throws GatewayError as `guardModule`.
 */
export function guardedOrCached(
  wasm: Uint8Array,
  limits: GuardLimits,
  validate: (wasm: Uint8Array) => boolean,
  cache: GuardCache | null,
): Uint8Array {
  if (cache === null) return guardModule(wasm, limits, validate).binary;
  const key = guardKey(wasm, limits);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const { binary } = guardModule(wasm, limits, validate);
  cache.put(key, binary);
  return binary;
}
