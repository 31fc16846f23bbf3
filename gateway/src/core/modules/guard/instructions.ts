/**
 * Walks instructions without understanding them: what follows each opcode, so that the next one can be found. What is not in the
 * table is refused: threads, exceptions, tail calls, garbage collection, and whatever comes after.
 * @see https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */
import { type Cursor, malformed, refused } from './octets.ts';

/** What follows an opcode. */
const NONE = 0;
const INDEX = 1;
const TWO_INDICES = 2;
const BLOCK = 3;
const MEMORY = 4;
const I32 = 5;
const I64 = 6;
const F32 = 7;
const F64 = 8;
const BRANCHES = 9;
const TYPES = 10;
const REF_TYPE = 11;
const MISC = 12;
const VECTOR = 13;
const REFUSED = 255;

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i64Const: 0x42,
  i64LtS: 0x53,
  i64Sub: 0x7d,
  i64ShrU: 0x88,
  i64ExtendI32U: 0xad,
  misc: 0xfc,
  vector: 0xfd,
} as const;

/** Second opcodes behind `misc` whose work grows with the number on top of the stack. */
const BULK = {
  memoryInit: 8,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  tableCopy: 14,
  tableGrow: 15,
  tableFill: 17,
} as const;
const BULK_OPS = new Set<number>(Object.values(BULK));

const FOLLOWS = (() => {
  const table = new Uint8Array(256).fill(REFUSED);
  const set = (follows: number, from: number, to = from) => table.fill(follows, from, to + 1);
  set(NONE, 0x00, 0x01);
  set(BLOCK, 0x02, 0x04);
  set(NONE, 0x05);
  set(NONE, 0x0b);
  set(INDEX, 0x0c, 0x0d);
  set(BRANCHES, 0x0e);
  set(NONE, 0x0f);
  set(INDEX, 0x10);
  set(TWO_INDICES, 0x11);
  set(NONE, 0x1a, 0x1b);
  set(TYPES, 0x1c);
  set(INDEX, 0x20, 0x26);
  set(MEMORY, 0x28, 0x3e);
  set(INDEX, 0x3f, 0x40);
  set(I32, 0x41);
  set(I64, 0x42);
  set(F32, 0x43);
  set(F64, 0x44);
  set(NONE, 0x45, 0xc4);
  set(REF_TYPE, 0xd0);
  set(NONE, 0xd1);
  set(INDEX, 0xd2);
  set(MISC, OP.misc);
  set(VECTOR, OP.vector);
  return table;
})();

/** Behind `misc`: 0–7 saturating truncations, 8–17 bulk memory and tables. */
const MISC_INDICES = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

/** One step: the opcode stood at `opAt`; `isBulk` when its work grows with its operand. */
export interface Step {
  opAt: number;
  opcode: number;
  isBulk: boolean;
}

/** Reads one instruction with all that belongs to it. `into` is filled anew, so that nothing is allocated for an instruction. */
export function readInstruction(cursor: Cursor, into: Step): void {
  into.opAt = cursor.at;
  const opcode = cursor.u8();
  into.opcode = opcode;
  into.isBulk = opcode === OP.memoryGrow;
  switch (FOLLOWS[opcode]) {
    case NONE:
      return;
    case INDEX:
      cursor.u32();
      return;
    case TWO_INDICES:
      cursor.u32();
      cursor.u32();
      return;
    case BLOCK:
      return skipBlockType(cursor);
    case MEMORY:
      return skipMemoryArgument(cursor);
    case I32:
      return cursor.skipSigned(5);
    case I64:
      return cursor.skipSigned(10);
    case F32:
      return cursor.skip(4);
    case F64:
      return cursor.skip(8);
    case BRANCHES: {
      for (let count = boundedCount(cursor) + 1; count > 0; count--) cursor.u32();
      return;
    }
    case TYPES: {
      for (let count = boundedCount(cursor); count > 0; count--) cursor.u8();
      return;
    }
    case REF_TYPE:
      cursor.u8();
      return;
    case MISC:
      return readMisc(cursor, into);
    case VECTOR:
      return skipVector(cursor, into.opAt);
    default:
      throw refused(into.opAt, 'an instruction', 'WebAssembly 2.0 without threads', `opcode 0x${opcode.toString(16)}`);
  }
}

/** A count of things of at least one octet each cannot be larger than what is left. */
function boundedCount(cursor: Cursor): number {
  const at = cursor.at;
  const count = cursor.u32();
  if (count > cursor.end - cursor.at) throw malformed(at, `at most ${cursor.end - cursor.at} entries`, count);
  return count;
}

function skipBlockType(cursor: Cursor): void {
  // 0x40, a value type, or the index of a type as a positive number of 33 bits.
  cursor.skipSigned(5);
}

/** Bit 6 of the alignment says that a memory index follows: several memories are refused anyway. */
function skipMemoryArgument(cursor: Cursor): void {
  const at = cursor.at;
  if (cursor.u32() >= 64) throw refused(at, 'a memory argument', 'the only memory', 'an index of another');
  cursor.u32();
}

function readMisc(cursor: Cursor, into: Step): void {
  const second = cursor.u32();
  const indices = MISC_INDICES[second];
  if (indices === undefined) {
    throw refused(into.opAt, 'an instruction', 'WebAssembly 2.0 without threads', `opcode 0xfc ${second}`);
  }
  into.isBulk = BULK_OPS.has(second);
  for (let i = 0; i < indices; i++) cursor.u32();
}

/** Fixed-width SIMD, opcodes 0–255 of its page; relaxed SIMD is refused: its results differ between machines. */
function skipVector(cursor: Cursor, opAt: number): void {
  const second = cursor.u32();
  if (second > 255) throw refused(opAt, 'an instruction', 'SIMD with fixed results', `opcode 0xfd ${second}`);
  if (second <= 11 || second === 92 || second === 93) skipMemoryArgument(cursor);
  else if (second === 12 || second === 13) cursor.skip(16);
  else if (second >= 21 && second <= 34) cursor.skip(1);
  else if (second >= 84 && second <= 91) {
    skipMemoryArgument(cursor);
    cursor.skip(1);
  }
}
