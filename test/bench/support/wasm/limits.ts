import type { GuardLimits } from '../../../../gateway/src/core/modules/guard/limits.ts';

/** As much as the engine takes: the benchmark is about time. */
export const ROOMY: GuardLimits = {
  memoryPages: 256,
  tableElems: 100_000,
  tables: 1,
  codeBytes: 1 << 28,
  dataBytes: 1 << 28,
  customBytes: 1 << 28,
  functions: 1_000_000,
  localsPerFunction: 49_999,
  globals: 1_000_000,
  types: 1_000_000,
  exports: 1_000_000,
  elementSegments: 1000,
  dataSegments: 1000,
  imports: new Set(),
};

export const validate = (wasm: Uint8Array): boolean => WebAssembly.validate(wasm as Uint8Array<ArrayBuffer>);

export const compile = (wasm: Uint8Array): WebAssembly.Module =>
  new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
