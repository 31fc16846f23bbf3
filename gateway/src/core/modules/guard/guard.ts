/**
 * The guard: takes a module as its author built it and gives back one that cannot take more than it was granted. The original is validated
 * first, so that nothing in it can refer to what the guard adds.
 *
 * Refused: imports that are not granted, a start function, shared, 64-bit or several memories, threads and other extensions, more
 * functions, locals, globals, segments or octets than allowed. Clamped: the maxima of memory and tables. Added: fuel (`fuel.ts`).
 * Dropped: custom sections, once their size has been checked.
 */
import { GatewayError } from '../../../base/errors.ts';
import { FUEL_EXPORT } from '../ports.ts';
import { planBody, writeFuelled } from './fuel.ts';
import { Cursor, malformed, Output, refused } from './octets.ts';

/** Part of every cache key: a change of what the guard does must not meet results of an older one. */
export const GUARD_VERSION = 1;

export interface GuardLimits {
  /** Pages of 64 KiB. */
  readonly memoryPages: number;
  /** Elements of one table. */
  readonly tableElems: number;
  readonly tables: number;
  /** Octets of the code section, of the data section, and of all custom sections together. */
  readonly codeBytes: number;
  readonly dataBytes: number;
  readonly customBytes: number;
  readonly functions: number;
  readonly localsPerFunction: number;
  readonly globals: number;
  readonly types: number;
  readonly exports: number;
  readonly elementSegments: number;
  readonly dataSegments: number;
  /** `module.name` of functions that may be imported. */
  readonly imports: ReadonlySet<string>;
}

export interface GuardedModule {
  readonly binary: Uint8Array;
  /** Pages the memory may grow to. */
  readonly memoryPages: number;
  readonly functions: number;
  readonly codeBytes: number;
}

const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** Sections in the order in which they must stand. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

const KIND = { func: 0, table: 1, memory: 2, global: 3 } as const;
const I32 = 0x7f;
const I64 = 0x7e;

/**
 * @param validate says whether the original is valid WebAssembly.
 * @throws GatewayError `corrupt` for what is no module, `denied` for what is not allowed: what, where, limit, found.
 */
export function guardModule(
  wasm: Uint8Array,
  limits: GuardLimits,
  validate: (wasm: Uint8Array) => boolean,
): GuardedModule {
  checkHeader(wasm);
  const sections = splitSections(wasm, limits);
  if (!validate(wasm)) throw new GatewayError('corrupt', 'module: not valid WebAssembly');
  return new Guard(sections, limits).run(wasm);
}

function checkHeader(wasm: Uint8Array): void {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const wrong = header.findIndex((octet, at) => wasm[at] !== octet);
  if (wrong >= 0) throw malformed(wrong, 'the header of WebAssembly 1', wasm[wrong] ?? 'the end');
}

/** Each section once and in order; sizes are checked before anything is decoded. */
function splitSections(wasm: Uint8Array, limits: GuardLimits): Map<number, Cursor> {
  const sections = new Map<number, Cursor>();
  const cursor = new Cursor(wasm, 8);
  let rank = -1;
  let customBytes = 0;
  while (!cursor.isAtEnd) {
    const at = cursor.at;
    const id = cursor.u8();
    const body = cursor.part(cursor.u32());
    const size = body.end - body.at;
    if (id === SECTION.custom) {
      customBytes += size;
      if (customBytes > limits.customBytes)
        throw refused(at, 'custom sections', `${limits.customBytes} octets`, customBytes);
      continue;
    }
    const next = ORDER.indexOf(id);
    if (next < 0) throw refused(at, 'a section', 'those of WebAssembly 2.0', `section ${id}`);
    if (next <= rank) throw malformed(at, 'each section once and in order', `section ${id}`);
    rank = next;
    if (id === SECTION.start) throw refused(at, 'a start function', 'none', 'one');
    if (id === SECTION.code && size > limits.codeBytes) throw refused(at, 'code', `${limits.codeBytes} octets`, size);
    if (id === SECTION.data && size > limits.dataBytes) throw refused(at, 'data', `${limits.dataBytes} octets`, size);
    sections.set(id, body);
  }
  return sections;
}

class Guard {
  readonly #sections: ReadonlyMap<number, Cursor>;
  readonly #limits: GuardLimits;
  #importedGlobals = 0;
  #definedGlobals = 0;
  #functions = 0;
  #memoryPages = 0;
  #codeBytes = 0;
  /** Parameters of each type, by index; and the type of each function defined here. */
  #parameters: number[] = [];
  #typeOf: number[] = [];

  constructor(sections: ReadonlyMap<number, Cursor>, limits: GuardLimits) {
    this.#sections = sections;
    this.#limits = limits;
  }

  run(wasm: Uint8Array): GuardedModule {
    const out = new Output(wasm.length + wasm.length / 2 + 256);
    out.raw(wasm.subarray(0, 8));
    const rewrite: Partial<Record<number, (body: Cursor | undefined) => Uint8Array | null>> = {
      [SECTION.type]: (body) => this.#types(body),
      [SECTION.import]: (body) => this.#imports(body),
      [SECTION.function]: (body) => this.#functionTypes(body),
      [SECTION.table]: (body) => this.#tables(body),
      [SECTION.memory]: (body) => this.#memory(body),
      [SECTION.global]: (body) => this.#globals(body),
      [SECTION.export]: (body) => this.#exports(body),
      [SECTION.element]: (body) => this.#counted(body, 'element segments', this.#limits.elementSegments),
      [SECTION.code]: (body) => this.#code(body),
      [SECTION.data]: (body) => this.#counted(body, 'data segments', this.#limits.dataSegments),
    };
    for (const id of ORDER) {
      const body = this.#sections.get(id);
      const written = rewrite[id] === undefined ? body && octetsOf(body) : rewrite[id](body);
      if (written) out.section(id, written);
    }
    return {
      binary: out.view().slice(),
      memoryPages: this.#memoryPages,
      functions: this.#functions,
      codeBytes: this.#codeBytes,
    };
  }

  #types(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const start = body.at;
    for (let count = this.#count(body, 'types', this.#limits.types); count > 0; count--) {
      const at = body.at;
      const form = body.u8();
      if (form !== 0x60) throw refused(at, 'a type', 'function types', `form 0x${form.toString(16)}`);
      const parameters = body.u32();
      body.skip(parameters);
      body.skip(body.u32());
      this.#parameters.push(parameters);
    }
    return body.octets.subarray(start, body.end);
  }

  #imports(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const start = body.at;
    for (let count = body.u32(); count > 0; count--) {
      const at = body.at;
      const name = `${body.name()}.${body.name()}`;
      const kind = body.u8();
      if (kind !== KIND.func || !this.#limits.imports.has(name)) {
        const granted = [...this.#limits.imports].join(', ') || 'none';
        throw refused(at, 'imports', granted, kind === KIND.func ? name : `${name} (not a function)`);
      }
      body.u32();
    }
    return body.octets.subarray(start, body.end);
  }

  #functionTypes(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const start = body.at;
    this.#functions = this.#count(body, 'functions', this.#limits.functions);
    for (let i = 0; i < this.#functions; i++) this.#typeOf.push(body.u32());
    return body.octets.subarray(start, body.end);
  }

  /** Every table gets a maximum of at most what is granted. */
  #tables(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    const { tableElems, tables } = this.#limits;
    const count = this.#count(body, 'tables', tables);
    const out = new Output(body.end - body.at + 16 * count);
    out.u32(count);
    for (let i = 0; i < count; i++) {
      const at = body.at;
      const element = body.u8();
      if (element !== 0x70 && element !== 0x6f)
        throw refused(at, 'a table', 'function or external references', `0x${element.toString(16)}`);
      out.u8(element);
      this.#clamp(body, out, tableElems, 'elements of a table');
    }
    return out.view();
  }

  #memory(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) throw refused(8, 'memories', 'exactly one', 'none');
    const at = body.at;
    const count = body.u32();
    if (count !== 1) throw refused(at, 'memories', 'exactly one', count);
    const out = new Output(16);
    out.u32(1);
    this.#memoryPages = this.#clamp(body, out, this.#limits.memoryPages, 'pages of memory');
    return out.view();
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

  /** The fuel global comes last, so that no index of the original changes. */
  #globals(body: Cursor | undefined): Uint8Array {
    const out = new Output((body === undefined ? 0 : body.end - body.at) + 16);
    this.#definedGlobals = body === undefined ? 0 : this.#count(body, 'globals', this.#limits.globals);
    out.u32(this.#definedGlobals + 1);
    if (body !== undefined) out.raw(body.octets.subarray(body.at, body.end));
    out.raw(new Uint8Array([I64, 1, 0x42, 0, 0x0b]));
    return out.view();
  }

  #exports(body: Cursor | undefined): Uint8Array {
    const out = new Output((body === undefined ? 0 : body.end - body.at) + 32);
    const count = body === undefined ? 0 : this.#count(body, 'exports', this.#limits.exports);
    const start = body?.at ?? 0;
    for (let i = 0; i < count; i++) {
      const at = body!.at;
      if (body!.name() === FUEL_EXPORT) throw refused(at, 'an export', `any name but ${FUEL_EXPORT}`, FUEL_EXPORT);
      body!.u8();
      body!.u32();
    }
    out.u32(count + 1);
    if (body !== undefined) out.raw(body.octets.subarray(start, body.end));
    out.name(FUEL_EXPORT);
    out.u8(KIND.global);
    out.u32(this.#fuelGlobal);
    return out.view();
  }

  #counted(body: Cursor | undefined, what: string, limit: number): Uint8Array | null {
    if (body === undefined) return null;
    const octets = octetsOf(body);
    this.#count(body, what, limit);
    return octets;
  }

  #code(body: Cursor | undefined): Uint8Array | null {
    if (body === undefined) return null;
    this.#codeBytes = body.end - body.at;
    const out = new Output(this.#codeBytes + this.#codeBytes / 2 + 64);
    const count = body.u32();
    if (count !== this.#functions) throw malformed(body.at, `${this.#functions} bodies`, count);
    out.u32(count);
    for (let i = 0; i < count; i++) {
      const written = this.#body(body.part(body.u32()), this.#parameters[this.#typeOf[i]!] ?? 0);
      out.u32(written.length);
      out.raw(written);
    }
    return out.view();
  }

  #body(body: Cursor, parameters: number): Uint8Array {
    const out = new Output((body.end - body.at) * 2 + 64);
    const localsAt = body.at;
    const groups = body.u32();
    const groupsAt = body.at;
    let locals = parameters;
    for (let i = 0; i < groups; i++) {
      locals += body.u32();
      body.u8();
      if (locals > this.#limits.localsPerFunction)
        throw refused(localsAt, 'locals of a function', this.#limits.localsPerFunction, locals);
    }
    const plan = planBody(body);
    out.u32(groups + (plan.hasBulk ? 1 : 0));
    out.raw(body.octets.subarray(groupsAt, body.at));
    if (plan.hasBulk) out.raw(new Uint8Array([1, I32]));
    writeFuelled(body, plan, out, this.#fuelGlobal, locals);
    return out.view();
  }

  get #fuelGlobal(): number {
    return this.#importedGlobals + this.#definedGlobals;
  }

  #count(body: Cursor, what: string, limit: number): number {
    const at = body.at;
    const count = body.u32();
    if (count > limit) throw refused(at, what, limit, count);
    return count;
  }
}

function octetsOf(body: Cursor): Uint8Array {
  return body.octets.subarray(body.at, body.end);
}
