/**
 * Fuel: a global that is lowered at the entry of every function and at the head of every loop by the number of instructions that
 * follow up to the next such place, and before bulk operations by their size. Below zero the module traps, and the instance stays usable.
 *
 * Whatever path is taken costs at least as much as it executes: instructions inside a loop are charged by its head, each time round.
 */

import { OP, readInstruction, type Step } from './instructions.ts';
import type { Cursor } from './octets.ts';
import { type Output, refused } from './octets.ts';

/** Blocks inside each other; V8 has a bound of its own, ours is for the walk below. */
const DEPTH_MAX = 1000;

/** A place where fuel is taken. */
interface Checkpoint {
  /** Offset of the first instruction that it pays for. */
  readonly at: number;
  cost: number;
}

interface BulkPlace {
  readonly at: number;
}

/** What the walk over one body finds. */
interface BodyPlan {
  readonly checkpoints: Checkpoint[];
  readonly bulk: BulkPlace[];
}

/** Octets of one operation in memory cost one unit a 16 of them, as a vector instruction would. */
const BULK_SHIFT = 4;

/**
 * Writes the instructions of one body (its locals are the caller's), with fuel taken.
 * @param fuelGlobal index of the fuel global.
 * @param scratchLocal index of an i32 local of our own; asked for only when the body has bulk operations.
 */
export function writeFuelled(body: Cursor, out: Output, fuelGlobal: number, scratchLocal: number): void {
  const { checkpoints, bulk } = planBody(body);
  const places = [
    ...checkpoints.map((place) => ({ ...place, isBulk: false })),
    ...bulk.map((place) => ({ ...place, cost: 0, isBulk: true })),
  ];
  places.sort((a, b) => a.at - b.at);
  let copied = body.at;
  for (const place of places) {
    out.raw(body.octets.subarray(copied, place.at));
    copied = place.at;
    if (place.isBulk) chargeBySize(out, fuelGlobal, scratchLocal);
    else charge(out, fuelGlobal, place.cost);
  }
  out.raw(body.octets.subarray(copied, body.end));
}

/** True when the body needs the scratch local. */
export function hasBulk(body: Cursor): boolean {
  return planBody(body).bulk.length > 0;
}

function planBody(body: Cursor): BodyPlan {
  const start = body.at;
  const entry: Checkpoint = { at: start, cost: 0 };
  const checkpoints = [entry];
  const bulk: BulkPlace[] = [];
  /** For each open block: who pays for what stands in it. */
  const payers: Checkpoint[] = [];
  const step: Step = { opAt: 0, opcode: 0, isBulk: false };
  let payer = entry;
  while (!body.isAtEnd) {
    readInstruction(body, step);
    payer.cost++;
    if (step.isBulk) bulk.push({ at: step.opAt });
    if (step.opcode === OP.loop || step.opcode === OP.block || step.opcode === OP.if) {
      if (payers.length === DEPTH_MAX) throw refused(step.opAt, 'nested blocks', DEPTH_MAX, DEPTH_MAX + 1);
      payers.push(payer);
      if (step.opcode === OP.loop) {
        payer = { at: body.at, cost: 0 };
        checkpoints.push(payer);
      }
    } else if (step.opcode === OP.end) payer = payers.pop() ?? payer;
  }
  body.at = start;
  return { checkpoints, bulk };
}

/** fuel -= cost; if (fuel < 0) trap */
function charge(out: Output, fuelGlobal: number, cost: number): void {
  out.u8(OP.globalGet);
  out.u32(fuelGlobal);
  out.u8(OP.i64Const);
  out.s32(cost);
  out.u8(OP.i64Sub);
  storeAndCheck(out, fuelGlobal);
}

/** The size is on top of the stack, and stays there. */
function chargeBySize(out: Output, fuelGlobal: number, scratchLocal: number): void {
  out.u8(OP.localTee);
  out.u32(scratchLocal);
  out.u8(OP.globalGet);
  out.u32(fuelGlobal);
  out.u8(OP.localGet);
  out.u32(scratchLocal);
  out.u8(OP.i64ExtendI32U);
  out.u8(OP.i64Const);
  out.s32(BULK_SHIFT);
  out.u8(OP.i64ShrU);
  out.u8(OP.i64Sub);
  storeAndCheck(out, fuelGlobal);
}

function storeAndCheck(out: Output, fuelGlobal: number): void {
  out.u8(OP.globalSet);
  out.u32(fuelGlobal);
  out.u8(OP.globalGet);
  out.u32(fuelGlobal);
  out.u8(OP.i64Const);
  out.s32(0);
  out.u8(OP.i64LtS);
  out.u8(OP.if);
  out.u8(0x40);
  out.u8(OP.unreachable);
  out.u8(OP.end);
}
