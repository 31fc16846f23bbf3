/** The sections of a module that declare things: each is checked, and copied or written anew. They come in the order of the standard. */
import { FUEL_EXPORT } from '../ports.ts';
import { holdsImported, refersToImported } from './elements.ts';
import { checkImportType, type FunctionType, readFunctionType } from './function-types.ts';
import type { GuardLimits } from './limits.ts';
import { type Cursor, malformed, refused } from './octets.ts';
import { Output } from './output.ts';
import { I64, readReferenceType, readValueType } from './value-types.ts';

const KIND = { func: 0, table: 1, memory: 2, global: 3 } as const;
const KIND_NAMES = ['function', 'table', 'memory', 'global'];

/** What is known of a module when its code is reached. */
export class Declarations {
  /** Defined here; imported ones are not among them. */
  functions = 0;
  memoryPages = 0;
  importedFunctions = 0;
  /** Whether a table, a global or a reference may hold an imported function. */
  areImportsReferred = false;
  /** The fuel global comes last, so that no index of the original changes. */
  fuelGlobal = 0;
  readonly #limits: GuardLimits;
  readonly #types: FunctionType[] = [];
  readonly #typeOf: number[] = [];

  constructor(limits: GuardLimits) {
    this.#limits = limits;
  }

  /** Parameters of a function defined here. */
  parametersOf(index: number): number {
    return this.#types[this.#typeOf[index]!]?.parameters ?? 0;
  }

  types(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const section = octetsOf(body);
    for (let count = body.u32(); count > 0; count--) this.#types.push(readFunctionType(body));
    return section;
  }

  imports(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const section = octetsOf(body);
    for (let count = body.u32(); count > 0; count--) {
      const at = body.at;
      const name = `${body.name()}.${body.name()}`;
      const kind = body.u8();
      if (kind !== KIND.func || !this.#limits.imports.has(name)) {
        const granted = [...this.#limits.imports].join(', ') || 'none';
        const what = KIND_NAMES[kind] ?? `kind ${kind}`;
        throw refused(at, 'imports', granted, kind === KIND.func ? name : `${name} (not a function: ${what})`);
      }
      const type = this.#types[body.u32()];
      if (type === undefined) throw malformed(at, 'a type of the module', 'another');
      checkImportType(at, name, type, this.#limits.importTypes?.get(name));
      this.importedFunctions++;
    }
    return section;
  }

  functionTypes(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const section = octetsOf(body);
    this.functions = body.u32();
    for (let i = 0; i < this.functions; i++) this.#typeOf.push(body.u32());
    return section;
  }

  /** Every table gets a maximum of at most what is granted. */
  tables(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const count = body.u32();
    const out = new Output(body.end - body.at + 16);
    out.u32(count);
    for (let i = 0; i < count; i++) {
      out.u8(readReferenceType(body));
      this.#clamp(body, out, this.#limits.tableElems, 'elements of a table');
    }
    return out.view();
  }

  memory(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) throw refused(8, 'memories', 'exactly one', 'none');
    const at = body.at;
    const count = body.u32();
    if (count !== 1) throw refused(at, 'memories', 'exactly one', count);
    const out = new Output(16);
    out.u32(1);
    this.memoryPages = this.#clamp(body, out, this.#limits.memoryPages, 'pages of memory');
    return out.view();
  }

  globals(body: Cursor | undefined): Uint8Array {
    const out = new Output((body === undefined ? 0 : body.end - body.at) + 16);
    const count = body?.u32() ?? 0;
    this.fuelGlobal = count;
    out.u32(count + 1);
    if (body !== undefined) {
      out.raw(octetsOf(body));
      for (let i = 0; i < count; i++) {
        readValueType(body);
        body.u8();
        if (refersToImported(body, this.importedFunctions)) this.areImportsReferred = true;
      }
    }
    out.raw(new Uint8Array([I64, 1, 0x42, 0, 0x0b]));
    return out.view();
  }

  exports(body: Cursor | undefined): Uint8Array {
    const out = new Output((body === undefined ? 0 : body.end - body.at) + 32);
    const count = body?.u32() ?? 0;
    out.u32(count + 1);
    if (body !== undefined) {
      out.raw(octetsOf(body));
      for (let i = 0; i < count; i++) this.#export(body);
    }
    out.name(FUEL_EXPORT);
    out.u8(KIND.global);
    out.u32(this.fuelGlobal);
    return out.view();
  }

  elements(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const section = octetsOf(body);
    if (holdsImported(body, this.importedFunctions, this.#limits.tableElems)) this.areImportsReferred = true;
    return section;
  }

  /** An exported function may be referred to by instructions too. */
  #export(body: Cursor): void {
    const at = body.at;
    if (body.name() === FUEL_EXPORT) throw refused(at, 'an export', `any name but ${FUEL_EXPORT}`, FUEL_EXPORT);
    const kind = body.u8();
    if (body.u32() < this.importedFunctions && kind === KIND.func) this.areImportsReferred = true;
  }

  /** @returns the maximum written. */
  #clamp(body: Cursor, out: Output, limit: number, what: string): number {
    const at = body.at;
    const flags = body.u8();
    if (flags > 1) throw refused(at, what, 'plain 32-bit limits', `flags ${flags}`);
    const initial = body.u32();
    const maximum = flags === 1 ? Math.min(body.u32(), limit) : limit;
    if (initial > limit) throw refused(at, what, limit, initial);
    out.u8(1);
    out.u32(initial);
    out.u32(maximum);
    return maximum;
  }
}

function octetsOf(body: Cursor): Uint8Array {
  return body.octets.subarray(body.at, body.end);
}
