/**
 * What instructions cost in fuel. One unit is about half a nanosecond of the machine this was measured on at the most; most instructions
 * take less and cost one. Those that the engine carries out by a call into itself cost what they take, or a loop of them would run
 * hundreds of times longer on its fuel than any other.
 */
import { OP, type Step } from './instructions.ts';

/** A call of an imported function: the host does something for it, so a loop of calls ends as early as one that computes. */
export const IMPORT_CALL_COST = 100;
/** The check of the type at a call through a table. */
const INDIRECT_CALL_COST = 5;

/** An operation whose work grows with the number on top of the stack: `base`, plus that number shifted right (left when negative). */
export interface SizedCost {
  readonly base: number;
  readonly shift: number;
}

/** Sixteen octets a unit, as a vector instruction would move them. */
const OCTETS: SizedCost = { base: 20, shift: 4 };
/** Up to 34 ns an element. */
const ELEMENTS: SizedCost = { base: 100, shift: -6 };
/** 640 ns when there is nothing to grow. A page costs what filling a part of it does; memory that was grown must be zeroed once. */
const PAGES: SizedCost = { base: 2000, shift: -6 };

/** By second opcode behind `misc`. */
const MISC: readonly (SizedCost | undefined)[] = (() => {
  const costs: (SizedCost | undefined)[] = new Array(18).fill(undefined);
  // memory.init, memory.copy, memory.fill
  for (const second of [8, 10, 11]) costs[second] = OCTETS;
  // table.init, table.copy, table.grow, table.fill
  for (const second of [12, 14, 15, 17]) costs[second] = ELEMENTS;
  return costs;
})();

const FIXED = (() => {
  const costs = new Uint16Array(256).fill(1);
  costs[OP.callIndirect] = INDIRECT_CALL_COST;
  costs[OP.tableSet] = 150;
  return costs;
})();

/** What is known of an instruction before it runs. @param imported number of imported functions: those come first. */
export function fixedCost(step: Step, imported: number, canReachImports: boolean): number {
  if (imported > 0) {
    if (step.opcode === OP.call && step.operand < imported) return IMPORT_CALL_COST;
    if (step.opcode === OP.callIndirect && canReachImports) return IMPORT_CALL_COST;
  }
  return FIXED[step.opcode]!;
}

/** What else it costs by its size; undefined for all but a few. */
export function sizedCost(step: Step): SizedCost | undefined {
  if (step.opcode === OP.misc) return MISC[step.operand];
  return step.opcode === OP.memoryGrow ? PAGES : undefined;
}
