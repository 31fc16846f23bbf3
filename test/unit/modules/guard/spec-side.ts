/** One side of the comparison in spec-suite.test.ts: instances of a script's modules, as their author made them or guarded. */

/** A value as `wast2json` writes it. */
export interface ScriptValue {
  readonly type: string;
  readonly value?: string | readonly string[];
}

export interface ScriptAction {
  readonly type: 'invoke' | 'get';
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly ScriptValue[];
}

/** What an action came to: values, or the kind of error. Two sides are the same when these texts are. */
export type Outcome = string;

/** More than any script uses. */
const FUEL = 1n << 60n;

export class Side {
  readonly #registered: Record<string, WebAssembly.Exports> = {};
  readonly #named = new Map<string, WebAssembly.Instance>();
  #last: WebAssembly.Instance | undefined;

  /** @returns the outcome of making an instance. */
  instantiate(binary: Uint8Array, name: string | undefined): Outcome {
    this.#last = undefined;
    return outcomeOf(() => {
      const module = new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>);
      const instance = new WebAssembly.Instance(module, { spectest: SPECTEST, ...this.#registered });
      refuel(instance);
      this.#last = instance;
      if (name !== undefined) this.#named.set(name, instance);
      return 'made';
    });
  }

  register(as: string, name: string | undefined): void {
    const instance = this.#find(name);
    if (instance !== undefined) this.#registered[as] = instance.exports;
  }

  run({ type, module, field, args = [] }: ScriptAction): Outcome {
    const instance = this.#find(module);
    if (instance === undefined) return 'no instance';
    refuel(instance);
    return outcomeOf(() => {
      const exported = instance.exports[field];
      if (type === 'get') return (exported as WebAssembly.Global).value;
      return (exported as (...args: unknown[]) => unknown)(...args.map(toJs));
    });
  }

  #find(name: string | undefined): WebAssembly.Instance | undefined {
    return name === undefined ? this.#last : this.#named.get(name);
  }
}

/** The names of the standard's own test module, functions only: the guard grants nothing else. */
const nothing = () => undefined;
const SPECTEST = {
  print: nothing,
  print_i32: nothing,
  print_i64: nothing,
  print_f32: nothing,
  print_f64: nothing,
  print_i32_f32: nothing,
  print_f64_f64: nothing,
};

/** Values of vectors cannot pass through JavaScript. */
export function canPass({ args = [] }: ScriptAction): boolean {
  return args.every(({ type }) => type !== 'v128');
}

function refuel(instance: WebAssembly.Instance): void {
  const fuel = instance.exports.gw_fuel;
  if (fuel instanceof WebAssembly.Global) fuel.value = FUEL;
}

function outcomeOf(act: () => unknown): Outcome {
  try {
    return show(act());
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error instanceof WebAssembly.RuntimeError ? `trap: ${error.message}` : error.constructor.name;
  }
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.map(show).join(', ');
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** Numbers are written as the unsigned whole number of their bits. */
function toJs({ type, value }: ScriptValue): unknown {
  const bits = typeof value === 'string' ? value : '0';
  if (type === 'externref' || type === 'funcref') return bits === 'null' || type === 'funcref' ? null : bits;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits.startsWith('nan') ? 0x7ff8_0000_0000_0000n : BigInt(bits), true);
  if (type === 'i32') return view.getInt32(0, true);
  if (type === 'i64') return view.getBigInt64(0, true);
  return type === 'f32' ? view.getFloat32(0, true) : view.getFloat64(0, true);
}
