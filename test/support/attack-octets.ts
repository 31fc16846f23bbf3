/** Modules of the ABI `gw1` octet by octet, for what no compiler would write: exports of other types, buffers that are none, tables that grow. */
import { buildModule, F64, type FunctionSpec, I32, type ModuleSpec } from './wasm-builder.ts';

export const I64 = 0x7e;

const IN_AT = 1024;
const OUT_AT = 65_536;
const PANIC_AT = 98_304;

/** Opcodes that are needed here. */
const OP = {
  unreachable: 0x00,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  drop: 0x1a,
  globalSet: 0x24,
  i32Store: 0x36,
  i64Const: 0x42,
} as const;
const BLOCK = 0x40;

/** `i32.const n`, n as signed 32 bits. */
export function i32Const(n: number): number[] {
  return [0x41, ...signed(n | 0)];
}

function signed(n: number): number[] {
  return n >= -64 && n < 64 ? [n & 127] : [(n & 127) | 128, ...signed(n >> 7)];
}

/** One export, where it differs from an honest one. */
export type ExportChange = Omit<FunctionSpec, 'name'>;

const returning = (n: number): ExportChange => ({ results: [I32], code: i32Const(n) });
const quiet: ExportChange = { parameters: [I32], results: [I32], code: i32Const(0) };

const HONEST: Readonly<Record<string, ExportChange>> = {
  gw_abi_1_0: { code: [] },
  gw_in_ptr: returning(IN_AT),
  gw_in_cap: returning(OUT_AT - IN_AT),
  gw_out_ptr: returning(OUT_AT),
  gw_out_cap: returning(4096),
  gw_init: quiet,
  gw_on_batch: quiet,
};

/** @param changes by name of the export. @param rest tables, globals and whatever else belongs to the module. */
export function octetModule(changes: Readonly<Record<string, ExportChange>> = {}, rest: ModuleSpec = {}): Uint8Array {
  const exported = Object.entries({ ...HONEST, ...changes }).map(([name, spec]) => ({ name, ...spec }));
  return buildModule({ memory: [2, 4], ...rest, functions: [...exported, ...(rest.functions ?? [])] });
}

/** Modules that are ended for what their buffers or the types of their exports are, and the reason. */
export const MISSHAPEN: Readonly<Record<string, { readonly wasm: Uint8Array; readonly reason: RegExp }>> = {
  'in-unaligned': bufferOf('gw_in_ptr', 1028, /gw_in_ptr: an aligned buffer/),
  'in-negative': bufferOf('gw_in_ptr', -8, /gw_in_ptr: an aligned buffer/),
  'in-outside': bufferOf('gw_in_ptr', 262_144, /gw_in_ptr: an aligned buffer/),
  'in-without-end': bufferOf('gw_in_cap', -1, /gw_in_ptr: an aligned buffer/),
  'in-of-nothing': bufferOf('gw_in_cap', 0, /gw_in_ptr: an aligned buffer/),
  'in-without-room-for-a-row': bufferOf('gw_in_cap', 47, /gw_in_ptr: an aligned buffer/),
  'out-unaligned': bufferOf('gw_out_ptr', 65_540, /gw_out_ptr: an aligned buffer/),
  'out-outside': bufferOf('gw_out_ptr', -4096, /gw_out_ptr: an aligned buffer/),
  'out-across-the-end': bufferOf('gw_out_ptr', 131_064, /gw_out_ptr: an aligned buffer/),
  'out-larger-than-granted': bufferOf('gw_out_cap', 65_536, /an output of at most 4096 octets/),
  'panic-outside': { wasm: withPanic(-8, 512), reason: /gw_panic_ptr: an aligned buffer/ },
  'panic-across-the-end': { wasm: withPanic(131_064, 512), reason: /gw_panic_ptr: an aligned buffer/ },
  'panic-without-room': { wasm: withPanic(PANIC_AT, 0), reason: /gw_panic_ptr: an aligned buffer/ },
  'panic-without-size': { wasm: octetModule({ gw_panic_ptr: returning(PANIC_AT) }), reason: /gw_panic_cap: the type/ },
  'panic-longer-than-its-buffer': { wasm: withPanic(PANIC_AT, 512), reason: /^unreachable: why$/ },
  'panic-at-the-end': { wasm: withPanic(131_064, 8), reason: /^unreachable: why$/ },
  'in-is-64-bit': exportOf('gw_in_ptr', { results: [I64], code: [0x42, 0] }),
  'init-takes-64-bit': exportOf('gw_init', { parameters: [I64], results: [I32], code: i32Const(0) }),
  'batch-takes-64-bit': exportOf('gw_on_batch', { parameters: [I64], results: [I32], code: i32Const(0) }),
  'batch-gives-64-bit': exportOf('gw_on_batch', { parameters: [I32], results: [I64], code: [0x42, 1] }),
  'batch-gives-nothing': exportOf('gw_on_batch', { parameters: [I32], code: [] }),
  'batch-gives-a-fraction': exportOf('gw_on_batch', {
    parameters: [I32],
    results: [F64],
    code: [0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
  }),
  'batch-gives-two': exportOf('gw_on_batch', {
    parameters: [I32],
    results: [I32, I32],
    code: [...i32Const(24), ...i32Const(24)],
  }),
  'tick-takes-64-bit': exportOf('gw_on_tick', { parameters: [I64], results: [I32], code: i32Const(0) }),
};

/** `gw_on_batch` writes "why" and a line break into its panic buffer, claims that the text never ends, and traps. */
function withPanic(at: number, octets: number): Uint8Array {
  const store = (where: number, value: number) => [...i32Const(where), ...i32Const(value), OP.i32Store, 2, 0];
  const code = [...store(at, -1), ...store(at + 4, Buffer.from('why\n').readInt32LE()), OP.unreachable];
  const gw_panic = { gw_panic_ptr: returning(at), gw_panic_cap: returning(octets) };
  return octetModule({ ...gw_panic, gw_on_batch: { ...quiet, code } });
}

function bufferOf(name: string, value: number, reason: RegExp) {
  return { wasm: octetModule({ [name]: returning(value) }), reason };
}

function exportOf(name: string, spec: ExportChange) {
  return { wasm: octetModule({ [name]: spec }), reason: new RegExp(name) };
}

/** `gw_on_batch` asks for a thousand more elements of its table, for ever. */
export function tableBomb(): Uint8Array {
  const nullFunction = [0xd0, 0x70];
  const tableGrow = [0xfc, 0x0f, 0];
  const code = [OP.loop, BLOCK, ...nullFunction, ...i32Const(1000), ...tableGrow, OP.drop, OP.br, 0, OP.end];
  return octetModule({ gw_on_batch: { ...quiet, code: [...code, ...i32Const(0)] } }, { tables: [[1]] });
}

/** Fills a mutable global of its own, the only one that it has, in an endless loop: the guard's comes after it. */
export function fuelForger(): Uint8Array {
  const fill = [OP.i64Const, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, OP.globalSet, 0];
  const code = [OP.loop, BLOCK, ...fill, OP.br, 0, OP.end, ...i32Const(0)];
  return octetModule({ gw_on_batch: { ...quiet, code } }, { extra: { 6: [1, I64, 1, OP.i64Const, 0, OP.end] } });
}
