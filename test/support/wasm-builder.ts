/** WebAssembly modules by hand, for tests of the guard and the host: sections of octets, nothing checked. */

export function leb(value: number): number[] {
  const octets: number[] = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    octets.push(value > 0 ? low | 128 : low);
  } while (value > 0);
  return octets;
}

const vector = (items: readonly (readonly number[])[]) => [...leb(items.length), ...items.flat()];
const text = (name: string) => [...leb(name.length), ...Buffer.from(name)];

export const I32 = 0x7f;
export const F64 = 0x7c;
export const END = 0x0b;

export interface FunctionSpec {
  /** Exported under this name; not exported without one. */
  readonly name?: string;
  readonly parameters?: readonly number[];
  readonly results?: readonly number[];
  /** Groups of locals: count and type. */
  readonly locals?: readonly (readonly [number, number])[];
  /** Instructions, without the last `end`. */
  readonly code: readonly number[];
}

export interface ModuleSpec {
  readonly functions?: readonly FunctionSpec[];
  /** Initial and maximum pages; null: no memory. */
  readonly memory?: readonly [number, number?] | null;
  readonly tables?: readonly (readonly [number, number?])[];
  readonly exports?: readonly { readonly name: string; readonly kind: number; readonly index: number }[];
  /** Further sections, by number: put where they belong. */
  readonly extra?: Readonly<Record<number, readonly number[]>>;
}

/** Sections in the order of the standard. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11, 0];

export function buildModule(spec: ModuleSpec): Uint8Array {
  const functions = spec.functions ?? [];
  const sections: Record<number, readonly number[]> = {};
  if (functions.length > 0) {
    sections[1] = vector(
      functions.map((f) => [
        0x60,
        ...vector((f.parameters ?? []).map((t) => [t])),
        ...vector((f.results ?? []).map((t) => [t])),
      ]),
    );
    sections[3] = vector(functions.map((_, index) => leb(index)));
    sections[10] = vector(functions.map(bodyOf));
  }
  if (spec.tables !== undefined) sections[4] = vector(spec.tables.map((limits) => [0x70, ...limitsOf(limits)]));
  if (spec.memory !== null) sections[5] = vector([limitsOf(spec.memory ?? [1, 1])]);
  const named = functions.flatMap((f, index) => (f.name === undefined ? [] : [{ name: f.name, kind: 0, index }]));
  const memory = spec.memory === null ? [] : [{ name: 'memory', kind: 2, index: 0 }];
  const all = [...named, ...memory, ...(spec.exports ?? [])];
  sections[7] = vector(all.map(({ name, kind, index }) => [...text(name), kind, ...leb(index)]));
  Object.assign(sections, spec.extra);
  const octets = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  for (const id of ORDER) {
    const body = sections[id];
    if (body === undefined) continue;
    octets.push(id, ...leb(body.length));
    for (const octet of body) octets.push(octet);
  }
  return Uint8Array.from(octets);
}

function bodyOf({ locals = [], code }: FunctionSpec): number[] {
  const body = [...vector(locals.map(([count, type]) => [...leb(count), type])), ...code, END];
  return [...leb(body.length), ...body];
}

function limitsOf([initial, maximum]: readonly [number, number?]): number[] {
  return maximum === undefined ? [0, ...leb(initial)] : [1, ...leb(initial), ...leb(maximum)];
}
