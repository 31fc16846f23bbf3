/** What a module's binary holds, read without running it: for whoever decides whether to sign or to trust it. */
import { Cursor, malformed } from '../guard/octets.ts';

export interface BinarySummary {
  readonly octets: number;
  /** In order; `at` is the offset of the section's body. */
  readonly sections: readonly { readonly name: string; readonly at: number; readonly octets: number }[];
  readonly imports: readonly { readonly name: string; readonly kind: string }[];
  readonly exports: readonly { readonly name: string; readonly kind: string }[];
  /** Defined here, imports not counted. */
  readonly functions: number;
  /** Of the function with the most, parameters included. */
  readonly localsMax: number;
  readonly codeBytes: number;
  /** Its own memory, in pages of 64 KiB; null: none. */
  readonly memory: Extent | null;
  /** Its first table, in elements; null: none. */
  readonly table: Extent | null;
}

export interface Extent {
  readonly initial: number;
  /** Null: none declared. */
  readonly maximum: number | null;
}

const SECTION_NAMES =
  'custom type import function table memory global export start element code data dataCount tag'.split(' ');
const KINDS = ['function', 'table', 'memory', 'global', 'tag'];
const HEADER_OCTETS = 8;

/** @throws GatewayError `corrupt` with the offset, for what is no module or uses forms that the guard refuses anyway. */
export function summarizeBinary(wasm: Uint8Array): BinarySummary {
  if (Buffer.from(wasm.subarray(0, HEADER_OCTETS)).toString('hex') !== '0061736d01000000')
    throw malformed(0, 'the header of WebAssembly 1', 'another');
  const sections: { name: string; at: number; octets: number }[] = [];
  const bodies = new Map<string, Cursor>();
  for (const cursor = new Cursor(wasm, HEADER_OCTETS); !cursor.isAtEnd; ) {
    const id = cursor.u8();
    const body = cursor.part(cursor.u32());
    const name = SECTION_NAMES[id] ?? `section ${id}`;
    const { at, end } = body;
    sections.push({ name: id === 0 ? `custom "${body.name()}"` : name, at, octets: end - at });
    if (id !== 0) bodies.set(name, body);
  }
  const code = bodies.get('code');
  const codeBytes = code === undefined ? 0 : code.end - code.at;
  const parameters = readEach(bodies.get('type'), parametersOf);
  const functions = readEach(bodies.get('function'), (body) => parameters[body.u32()] ?? 0);
  return {
    octets: wasm.length,
    sections,
    imports: readEach(bodies.get('import'), importOf),
    exports: readEach(bodies.get('export'), exportOf),
    functions: functions.length,
    localsMax: readEach(code, localsOf).reduce((most, locals, index) => Math.max(most, locals + functions[index]!), 0),
    codeBytes,
    memory: readEach(bodies.get('memory'), extentOf)[0] ?? null,
    table: readEach(bodies.get('table'), tableOf)[0] ?? null,
  };
}

function readEach<T>(body: Cursor | undefined, read: (body: Cursor) => T): T[] {
  const items: T[] = [];
  for (let count = body?.u32() ?? 0; count > 0; count--) items.push(read(body!));
  return items;
}

function parametersOf(body: Cursor): number {
  const at = body.at;
  const form = body.u8();
  if (form !== 0x60) throw malformed(at, 'a function type', `form 0x${form.toString(16)}`);
  const parameters = body.u32();
  body.skip(parameters);
  body.skip(body.u32());
  return parameters;
}

function importOf(body: Cursor): { name: string; kind: string } {
  const name = `${body.name()}.${body.name()}`;
  const at = body.at;
  const kind = body.u8();
  if (kind === 0) body.u32();
  else if (kind === 1) tableOf(body);
  else if (kind === 2) extentOf(body);
  else if (kind === 3) body.skip(2);
  else throw malformed(at, 'a function, table, memory or global', `kind ${kind}`);
  return { name, kind: KINDS[kind]! };
}

function exportOf(body: Cursor): { name: string; kind: string } {
  const name = body.name();
  const kind = body.u8();
  body.u32();
  return { name, kind: KINDS[kind] ?? `kind ${kind}` };
}

function tableOf(body: Cursor): Extent {
  body.u8();
  return extentOf(body);
}

function extentOf(body: Cursor): Extent {
  const hasMaximum = (body.u8() & 1) === 1;
  const initial = body.u32();
  return { initial, maximum: hasMaximum ? body.u32() : null };
}

/** Without parameters. */
function localsOf(code: Cursor): number {
  const body = code.part(code.u32());
  return readEach(body, () => {
    const count = body.u32();
    body.u8();
    return count;
  }).reduce((sum, count) => sum + count, 0);
}
