/** What the tests of the guard share: limits, and a guarded module that runs. */
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { type GuardLimits, guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { FUEL_EXPORT } from '../../../../gateway/src/core/modules/ports.ts';
import { buildModule, type ModuleSpec } from '../../../support/wasm-builder.ts';

export const LIMITS: GuardLimits = {
  memoryPages: 16,
  tableElems: 64,
  tables: 1,
  codeBytes: 100_000,
  dataBytes: 10_000,
  customBytes: 1000,
  functions: 50,
  localsPerFunction: 20,
  globals: 10,
  types: 50,
  exports: 50,
  elementSegments: 4,
  dataSegments: 4,
  imports: new Set(),
};

export const validate = (wasm: Uint8Array) => WebAssembly.validate(wasm as Uint8Array<ArrayBuffer>);
export const guard = (wasm: Uint8Array, limits = LIMITS) => guardModule(wasm, limits, validate);

export interface Running {
  readonly call: (name: string, ...args: number[]) => number;
  readonly memory: WebAssembly.Memory;
  fuel: bigint;
}

export function run(spec: ModuleSpec, fuel = 1_000_000n, limits = LIMITS, imports: WebAssembly.Imports = {}): Running {
  return runGuarded(guard(buildModule(spec), limits).binary, fuel, imports);
}

export function runGuarded(binary: Uint8Array, fuel: bigint, imports: WebAssembly.Imports = {}): Running {
  const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
  const instance = new WebAssembly.Instance(module, imports);
  const tank = instance.exports[FUEL_EXPORT] as WebAssembly.Global<bigint>;
  tank.value = fuel;
  return {
    call: (name, ...args) => (instance.exports[name] as unknown as (...args: number[]) => number)(...args),
    memory: instance.exports.memory as WebAssembly.Memory,
    get fuel() {
      return tank.value;
    },
    set fuel(value) {
      tank.value = value;
    },
  };
}

/** For `assert.throws`: an expected failure whose text fits. */
export const refusal = (pattern: RegExp) => (error: unknown) =>
  error instanceof GatewayError && pattern.test(error.message);

/** loop { br 0 } */
export const ENDLESS = [0x03, 0x40, 0x0c, 0, 0x0b];
