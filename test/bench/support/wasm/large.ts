/** A module of a given size out of a small one: its functions over and over. What they call are the first ones, so it is valid. */
import { Cursor } from '../../../../gateway/src/core/modules/guard/octets.ts';
import { Output } from '../../../../gateway/src/core/modules/guard/output.ts';

const FUNCTION = 3;
const CODE = 10;

/** @returns a module of at least `bytes` octets. */
export function enlarge(wasm: Uint8Array, bytes: number): Uint8Array {
  const copies = Math.max(1, Math.ceil((bytes - wasm.length) / sizeOf(wasm, CODE)) + 1);
  const out = new Output(bytes * 2);
  out.copy(wasm, 0, 8);
  for (const cursor = new Cursor(wasm, 8); !cursor.isAtEnd; ) {
    const id = cursor.u8();
    const body = cursor.part(cursor.u32());
    const isRepeated = id === FUNCTION || id === CODE;
    out.section(id, isRepeated ? repeat(body, copies) : wasm.subarray(body.at, body.end));
  }
  return out.view().slice();
}

/** A vector with its items `copies` times. */
function repeat(body: Cursor, copies: number): Uint8Array {
  const out = new Output((body.end - body.at) * copies + 8);
  out.u32(body.u32() * copies);
  for (let i = 0; i < copies; i++) out.copy(body.octets, body.at, body.end);
  return out.view();
}

function sizeOf(wasm: Uint8Array, wanted: number): number {
  for (const cursor = new Cursor(wasm, 8); !cursor.isAtEnd; ) {
    const id = cursor.u8();
    const body = cursor.part(cursor.u32());
    if (id === wanted) return body.end - body.at;
  }
  throw new Error(`section ${wanted} expected, none found`);
}
