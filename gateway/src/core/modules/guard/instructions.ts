/** Walks instructions without understanding them: what follows each opcode is skipped, so that the next one can be found. */
import { type Cursor, malformed, refused } from './octets.ts';
import { AFTER, FOLLOWS, MISC_INDICES, OP } from './opcodes.ts';
import { readReferenceType, readValueType, skipBlockType } from './value-types.ts';

export { OP } from './opcodes.ts';

/** Opcodes that cost one and steer nothing, by what follows them; most of what a module consists of. */
const PLAIN = (() => {
  const plain: readonly number[] = [AFTER.none, AFTER.index, AFTER.memory, AFTER.i32, AFTER.i64, AFTER.f32, AFTER.f64];
  const isPlain = (opcode: number) => plain.includes(FOLLOWS[opcode]!);
  const others = new Set<number>([OP.end, OP.call, OP.tableSet, OP.memoryGrow, OP.refFunc]);
  return Uint8Array.from({ length: 256 }, (_, opcode) =>
    isPlain(opcode) && !others.has(opcode) ? FOLLOWS[opcode]! : AFTER.refused,
  );
})();

/**
 * Skips the plain instructions at the cursor, if there are any: one tight loop, because a guard runs once, cold, over all of a module.
 * @returns their number.
 */
export function skipPlain(cursor: Cursor): number {
  const { octets, end } = cursor;
  let at = cursor.at;
  let count = 0;
  while (at < end) {
    const opAt = at;
    const follows = PLAIN[octets[at]!]!;
    if (follows === AFTER.refused) break;
    count++;
    at++;
    if (follows === AFTER.none) continue;
    if (follows === AFTER.f32) at += 4;
    else if (follows === AFTER.f64) at += 8;
    else {
      // Bit 6 of the alignment says that a memory index follows: several memories are refused anyway.
      if (follows === AFTER.memory && octets[at++]! >= 64)
        throw refused(opAt, 'a memory argument', 'the only memory', 'another');
      const longest = at + (follows === AFTER.i64 ? 10 : 5);
      while (octets[at++]! >= 128) if (at === longest) throw malformed(opAt, 'a number that ends', 'a longer one');
    }
    if (at > end) throw malformed(opAt, 'a whole instruction', 'the end');
  }
  cursor.at = at;
  return count;
}

/** One step: the opcode stood at `opAt`; `operand` is the index that follows it, or the second opcode behind `misc`. */
export interface Step {
  opAt: number;
  opcode: number;
  operand: number;
}

/** Reads one instruction with all that belongs to it. `into` is filled anew, so that nothing is allocated for an instruction. */
export function readInstruction(cursor: Cursor, into: Step): void {
  into.opAt = cursor.at;
  const opcode = cursor.u8();
  into.opcode = opcode;
  switch (FOLLOWS[opcode]) {
    case AFTER.none:
      return;
    case AFTER.index:
      into.operand = cursor.u32();
      return;
    case AFTER.twoIndices:
      into.operand = cursor.u32();
      cursor.u32();
      return;
    case AFTER.block:
      return skipBlockType(cursor);
    case AFTER.memory:
      return skipMemoryArgument(cursor);
    case AFTER.i32:
      cursor.skipSigned(5);
      return;
    case AFTER.i64:
      cursor.skipSigned(10);
      return;
    case AFTER.f32:
      return cursor.skip(4);
    case AFTER.f64:
      return cursor.skip(8);
    case AFTER.branches: {
      for (let count = boundedCount(cursor) + 1; count > 0; count--) cursor.u32();
      return;
    }
    case AFTER.types: {
      for (let count = boundedCount(cursor); count > 0; count--) readValueType(cursor);
      return;
    }
    case AFTER.refType:
      readReferenceType(cursor);
      return;
    case AFTER.misc:
      return readMisc(cursor, into);
    case AFTER.vector:
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
  into.operand = second;
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
