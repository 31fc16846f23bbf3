/** Element segments: what functions of the module a table or a reference can hold. */
import { OP, readInstruction, type Step } from './instructions.ts';
import { type Cursor, malformed, refused } from './octets.ts';
import { readReferenceType } from './value-types.ts';

/** Bits of a segment's flags. */
const PASSIVE = 1;
/** With PASSIVE: declared only. Without: a table's index and a kind are given. */
const EXPLICIT = 2;
const EXPRESSIONS = 4;

/**
 * @param imported number of imported functions, which come first.
 * @param elementsMax of all segments together.
 * @returns whether a segment holds an imported function.
 */
export function holdsImported(section: Cursor, imported: number, elementsMax: number): boolean {
  let holds = false;
  let elements = 0;
  for (let segments = section.u32(); segments > 0; segments--) {
    const at = section.at;
    const flags = section.u32();
    if (flags > 7) throw malformed(at, 'the flags of an element segment', flags);
    skipPlace(section, flags);
    const count = section.u32();
    elements += count;
    if (elements > elementsMax) throw refused(at, 'elements of segments', elementsMax, elements);
    for (let i = 0; i < count; i++) {
      const isImported = (flags & EXPRESSIONS) === 0 ? section.u32() < imported : refersToImported(section, imported);
      holds ||= isImported;
    }
  }
  return holds;
}

/** Table, offset, and kind or type of the elements: what stands before their count. */
function skipPlace(section: Cursor, flags: number): void {
  if ((flags & PASSIVE) === 0) {
    if ((flags & EXPLICIT) !== 0) section.u32();
    refersToImported(section, 0);
  }
  if ((flags & (PASSIVE | EXPLICIT)) === 0) return;
  if ((flags & EXPRESSIONS) !== 0) readReferenceType(section);
  else section.u8();
}

/** Reads a constant expression with its `end`. @returns whether it is a reference to an imported function. */
export function refersToImported(section: Cursor, imported: number): boolean {
  const step: Step = { opAt: 0, opcode: 0, operand: 0 };
  let refers = false;
  for (;;) {
    readInstruction(section, step);
    if (step.opcode === OP.end) return refers;
    if (step.opcode === OP.refFunc && step.operand < imported) refers = true;
  }
}
