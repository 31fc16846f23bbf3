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

/** A place where fuel is taken: by the instructions that follow, or by the size of a bulk operation. */
interface Place {
  /** Offset of the first instruction that it pays for. */
  readonly at: number;
  readonly isBulk: boolean;
  cost: number;
}

/** What the walk over one body finds. */
export interface BodyPlan {
  /** In the order in which they stand. */
  readonly places: readonly Place[];
  readonly hasBulk: boolean;
}

/** Octets of one operation in memory cost one unit a 16 of them, as a vector instruction would. */
const BULK_SHIFT = 4;

/**
 * Writes the instructions of one body (its locals are the caller's), with fuel taken.
 * @param plan of the same body.
 * @param fuelGlobal index of the fuel global.
 * @param scratchLocal index of an i32 local of our own; used only when the body has bulk operations.
 */
export function writeFuelled(
  body: Cursor,
  plan: BodyPlan,
  out: Output,
  fuelGlobal: number,
  scratchLocal: number,
): void {
  let copied = body.at;
  for (const place of plan.places) {
    out.raw(body.octets.subarray(copied, place.at));
    copied = place.at;
    if (place.isBulk) chargeBySize(out, fuelGlobal, scratchLocal);
    else charge(out, fuelGlobal, place.cost);
  }
  out.raw(body.octets.subarray(copied, body.end));
}

/** Walks over one body; the cursor ends where it began. @throws GatewayError `denied` or `corrupt`. */
export function planBody(body: Cursor): BodyPlan {
  const start = body.at;
  const entry: Place = { at: start, isBulk: false, cost: 0 };
  const places = [entry];
  let hasBulk = false;
  /** For each open block: who pays for what stands in it. */
  const payers: Place[] = [];
  const step: Step = { opAt: 0, opcode: 0, isBulk: false };
  let payer = entry;
  while (!body.isAtEnd) {
    readInstruction(body, step);
    payer.cost++;
    if (step.isBulk) {
      places.push({ at: step.opAt, isBulk: true, cost: 0 });
      hasBulk = true;
    }
    if (step.opcode === OP.loop || step.opcode === OP.block || step.opcode === OP.if) {
      if (payers.length === DEPTH_MAX) throw refused(step.opAt, 'nested blocks', DEPTH_MAX, DEPTH_MAX + 1);
      payers.push(payer);
      if (step.opcode === OP.loop) {
        payer = { at: body.at, isBulk: false, cost: 0 };
        places.push(payer);
      }
    } else if (step.opcode === OP.end) payer = payers.pop() ?? payer;
  }
  body.at = start;
  return { places, hasBulk };
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
