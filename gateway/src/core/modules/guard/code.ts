/** The code section: every body with fuel taken, and with the locals that this needs. */
import type { Declarations } from './declarations.ts';
import { FuelCode, type ImportedFunctions, planBody, writeFuelled } from './fuel.ts';
import type { GuardLimits } from './limits.ts';
import { type Cursor, malformed, refused } from './octets.ts';
import { Output } from './output.ts';
import { I32, I64, readValueType } from './value-types.ts';

/** What V8 takes of one body, and of its locals: a body must not grow beyond that. */
const BODY_BYTES_MAX = 7_654_321;
const LOCALS_MAX = 50_000;

/** @throws GatewayError `denied` or `corrupt`. */
export function writeCode(section: Cursor, declared: Declarations, limits: GuardLimits): Uint8Array {
  const size = section.end - section.at;
  const out = new Output(size + size / 2 + 64);
  const body = new Output(4096);
  const at = section.at;
  const count = section.u32();
  if (count !== declared.functions) throw malformed(at, `${declared.functions} bodies`, count);
  out.u32(count);
  const writer: BodyWriter = {
    localsMax: Math.min(limits.localsPerFunction, LOCALS_MAX - 2),
    imported: { count: declared.importedFunctions, areReferred: declared.areImportsReferred },
    fuel: new FuelCode(declared.fuelGlobal),
  };
  for (let i = 0; i < count; i++) {
    const bodyAt = section.at;
    body.length = 0;
    writeBody(section.part(section.u32()), declared.parametersOf(i), writer, body);
    if (body.length > BODY_BYTES_MAX)
      throw refused(bodyAt, 'a body with fuel', `${BODY_BYTES_MAX} octets`, body.length);
    out.u32(body.length);
    out.raw(body.view());
  }
  return out.view();
}

/** The same for all bodies of a module. */
interface BodyWriter {
  readonly localsMax: number;
  readonly imported: ImportedFunctions;
  readonly fuel: FuelCode;
}

function writeBody(body: Cursor, parameters: number, writer: BodyWriter, out: Output): void {
  const { groups, groupsAt, locals } = readLocals(body, parameters, writer.localsMax);
  const plan = planBody(body, writer.imported);
  out.u32(groups + (plan.hasSized ? 2 : 1));
  out.copy(body.octets, groupsAt, body.at);
  out.raw(plan.hasSized ? [1, I64, 1, I32] : [1, I64]);
  writeFuelled(body, plan, out, writer.fuel, locals);
}

/** Leaves the cursor at the first instruction. `locals`: how many there are, parameters included. */
function readLocals(body: Cursor, parameters: number, localsMax: number) {
  const at = body.at;
  const groups = body.u32();
  const groupsAt = body.at;
  let locals = parameters;
  for (let i = 0; i < groups; i++) {
    locals += body.u32();
    readValueType(body);
    if (locals > localsMax) throw refused(at, 'locals of a function', localsMax, locals);
  }
  return { groups, groupsAt, locals };
}
