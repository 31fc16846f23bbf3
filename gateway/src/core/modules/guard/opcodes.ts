/**
 * The opcodes of WebAssembly 2.0 and what follows each. What is not in the table is refused: threads, exceptions, tail calls, garbage
 * collection, and whatever comes after.
 * @see https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */

/** What follows an opcode. */
export const AFTER = {
  none: 0,
  index: 1,
  twoIndices: 2,
  block: 3,
  memory: 4,
  i32: 5,
  i64: 6,
  f32: 7,
  f64: 8,
  branches: 9,
  types: 10,
  refType: 11,
  misc: 12,
  vector: 13,
  refused: 255,
} as const;

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  memoryGrow: 0x40,
  i64Const: 0x42,
  i64LtS: 0x53,
  i64Sub: 0x7d,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i64ExtendI32U: 0xad,
  refFunc: 0xd2,
  misc: 0xfc,
  vector: 0xfd,
} as const;

/** By opcode. */
export const FOLLOWS = (() => {
  const table = new Uint8Array(256).fill(AFTER.refused);
  const set = (follows: number, from: number, to = from) => table.fill(follows, from, to + 1);
  set(AFTER.none, 0x00, 0x01);
  set(AFTER.block, 0x02, 0x04);
  set(AFTER.none, 0x05);
  set(AFTER.none, 0x0b);
  set(AFTER.index, 0x0c, 0x0d);
  set(AFTER.branches, 0x0e);
  set(AFTER.none, 0x0f);
  set(AFTER.index, 0x10);
  set(AFTER.twoIndices, 0x11);
  set(AFTER.none, 0x1a, 0x1b);
  set(AFTER.types, 0x1c);
  set(AFTER.index, 0x20, 0x26);
  set(AFTER.memory, 0x28, 0x3e);
  set(AFTER.index, 0x3f, 0x40);
  set(AFTER.i32, 0x41);
  set(AFTER.i64, 0x42);
  set(AFTER.f32, 0x43);
  set(AFTER.f64, 0x44);
  set(AFTER.none, 0x45, 0xc4);
  set(AFTER.refType, 0xd0);
  set(AFTER.none, 0xd1);
  set(AFTER.index, 0xd2);
  set(AFTER.misc, OP.misc);
  set(AFTER.vector, OP.vector);
  return table;
})();

/** Behind `misc`: 0–7 saturating truncations, 8–17 bulk memory and tables. */
export const MISC_INDICES = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
