/** What a module may have, and the key under which results of the guard are kept. */
import { createHash } from 'node:crypto';

/** Part of every cache key: a change of what the guard does must not meet results of an older one. */
export const GUARD_VERSION = 2;

/** Each a maximum, whole and not negative. */
export interface GuardLimits {
  /** Pages of 64 KiB. */
  readonly memoryPages: number;
  /** Elements of one table, and of all element segments together. */
  readonly tableElems: number;
  readonly tables: number;
  /** Octets of the code section, of the data section, and of all custom sections together. */
  readonly codeBytes: number;
  readonly dataBytes: number;
  readonly customBytes: number;
  readonly functions: number;
  /** Parameters included. */
  readonly localsPerFunction: number;
  readonly globals: number;
  readonly types: number;
  readonly exports: number;
  readonly elementSegments: number;
  readonly dataSegments: number;
  /** `module.name` of functions that may be imported. */
  readonly imports: ReadonlySet<string>;
  /**
   * Types that imports must have, by `module.name`, as `(i32, f64) -> (i32)`. An import without one may have any type of numbers.
   * What has one is never called with arguments of another kind.
   */
  readonly importTypes?: ReadonlyMap<string, string>;
}

/** Hexadecimal SHA-256 of all that the guard's result depends on: the original, the guard's version and the limits. */
export function guardKey(wasm: Uint8Array, limits: GuardLimits): string {
  const original = createHash('sha256').update(wasm).digest('hex');
  return createHash('sha256')
    .update(`guard ${GUARD_VERSION} ${original} ${fingerprint(limits)}`)
    .digest('hex');
}

/** The same limits give the same text, in whatever order they were written down. */
function fingerprint(limits: GuardLimits): string {
  const { imports, importTypes = new Map<string, string>(), ...numbers } = limits;
  const sorted = <T>(entries: Iterable<T>) => [...entries].sort((a, b) => (String(a) < String(b) ? -1 : 1));
  return JSON.stringify([sorted(Object.entries(numbers)), sorted(imports), sorted(importTypes)]);
}
