/**
 * Fuel: a global that is lowered at the entry of every function and at the head of every loop by the cost of the instructions that
 * follow up to the next such place, and before bulk operations by their size. Below zero the module traps, and the instance stays usable.
 *
 * Whatever path is taken costs at least as much as it executes: instructions inside a loop are charged by its head, each time round.
 */

import { fixedCost, type SizedCost, sizedCost } from './costs.ts';
import { OP, readInstruction, type Step, skipPlain } from './instructions.ts';
import type { Cursor } from './octets.ts';
import { refused } from './octets.ts';
import { Output } from './output.ts';

/** Blocks inside each other; V8 has a bound of its own, ours is for the walk below. */
const DEPTH_MAX = 1000;

/** A place where fuel is taken: by the instructions that follow, or by the size of a bulk operation. */
interface Place {
  /** Offset of the first instruction that it pays for. */
  readonly at: number;
  readonly sized: SizedCost | undefined;
  cost: number;
}

/** What the walk over one body finds. */
export interface BodyPlan {
  /** In the order in which they stand. */
  readonly places: readonly Place[];
  readonly hasSized: boolean;
}

/** What a body can call that is not the module's own. */
export interface ImportedFunctions {
  readonly count: number;
  /** Whether a table or a reference may hold one. */
  readonly areReferred: boolean;
}

/**
 * Writes the instructions of one body (its locals are the caller's), with fuel taken.
 * @param plan of the same body.
 * @param ownLocals index of the first local of our own: an i64, and when the body has bulk operations an i32 behind it.
 */
export function writeFuelled(body: Cursor, plan: BodyPlan, out: Output, fuel: FuelCode, ownLocals: number): void {
  let copied = body.at;
  for (const place of plan.places) {
    out.copy(body.octets, copied, place.at);
    copied = place.at;
    if (place.sized === undefined) fuel.charge(out, ownLocals, place.cost);
    else fuel.chargeBySize(out, ownLocals, place.sized);
  }
  out.copy(body.octets, copied, body.end);
}

/** Walks over one body; the cursor ends where it began. @throws GatewayError `denied` or `corrupt`. */
export function planBody(body: Cursor, imported: ImportedFunctions): BodyPlan {
  const start = body.at;
  const entry: Place = { at: start, sized: undefined, cost: 0 };
  const places = [entry];
  let hasSized = false;
  /** For each open block: who pays for what stands in it. */
  const payers: Place[] = [];
  const step: Step = { opAt: 0, opcode: 0, operand: 0 };
  let payer = entry;
  while (!body.isAtEnd) {
    payer.cost += skipPlain(body);
    if (body.isAtEnd) break;
    readInstruction(body, step);
    const { opcode } = step;
    payer.cost += fixedCost(step, imported.count, imported.areReferred);
    const sized = sizedCost(step);
    if (sized !== undefined) {
      payer.cost += sized.base;
      places.push({ at: step.opAt, sized, cost: 0 });
      hasSized = true;
    }
    if (opcode === OP.loop || opcode === OP.block || opcode === OP.if) {
      if (payers.length === DEPTH_MAX) throw refused(step.opAt, 'nested blocks', DEPTH_MAX, DEPTH_MAX + 1);
      payers.push(payer);
      if (opcode === OP.loop) {
        payer = { at: body.at, sized: undefined, cost: 0 };
        places.push(payer);
      }
    } else if (opcode === OP.end) payer = payers.pop() ?? payer;
  }
  body.at = start;
  return { places, hasSized };
}

/** The instructions that take fuel from one module's global, written out once for all places. */
export class FuelCode {
  readonly #take: Uint8Array;
  readonly #store: Uint8Array;
  readonly #trap: Uint8Array;

  /** @param fuelGlobal its index. */
  constructor(fuelGlobal: number) {
    this.#take = octets((out) => {
      out.u8(OP.globalGet);
      out.u32(fuelGlobal);
    });
    this.#store = octets((out) => {
      out.u8(OP.globalSet);
      out.u32(fuelGlobal);
    });
    this.#trap = octets((out) => {
      out.raw([OP.i64Const, 0, OP.i64LtS, OP.if, 0x40, OP.unreachable, OP.end]);
    });
  }

  /** fuel -= cost; if (fuel < 0) trap */
  charge(out: Output, fuelLocal: number, cost: number): void {
    out.raw(this.#take);
    out.u8(OP.i64Const);
    out.s32(cost);
    this.#storeAndCheck(out, fuelLocal);
  }

  /** The size is on top of the stack, and stays there. */
  chargeBySize(out: Output, fuelLocal: number, { shift }: SizedCost): void {
    const sizeLocal = fuelLocal + 1;
    out.u8(OP.localTee);
    out.u32(sizeLocal);
    out.raw(this.#take);
    out.u8(OP.localGet);
    out.u32(sizeLocal);
    out.u8(OP.i64ExtendI32U);
    out.u8(OP.i64Const);
    out.s32(Math.abs(shift));
    out.u8(shift < 0 ? OP.i64Shl : OP.i64ShrU);
    this.#storeAndCheck(out, fuelLocal);
  }

  /** The check reads a local: V8 would load what was just stored, which took up to a fifth more of the time of short loops. */
  #storeAndCheck(out: Output, fuelLocal: number): void {
    out.u8(OP.i64Sub);
    out.u8(OP.localTee);
    out.u32(fuelLocal);
    out.raw(this.#store);
    out.u8(OP.localGet);
    out.u32(fuelLocal);
    out.raw(this.#trap);
  }
}

function octets(write: (out: Output) => void): Uint8Array {
  const out = new Output(32);
  write(out);
  return out.view();
}
