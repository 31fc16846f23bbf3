/**
 * The guard: takes a module as its author built it and gives back one that cannot take more than it was granted. The original is validated
 * first, so that nothing in it can refer to what the guard adds.
 *
 * Refused: imports that are not granted, a start function, shared, 64-bit or several memories, threads and other extensions, more
 * functions, locals, globals, segments or octets than allowed. Clamped: the maxima of memory and tables. Added: fuel (`fuel.ts`).
 * Dropped: custom sections, once their size has been checked.
 */
import { GatewayError } from '../../../base/errors.ts';
import { writeCode } from './code.ts';
import { Declarations } from './declarations.ts';
import type { GuardLimits } from './limits.ts';
import type { Cursor } from './octets.ts';
import { Output } from './output.ts';
import { ORDER, SECTION, type Sections, splitSections } from './sections.ts';

export { GUARD_VERSION, type GuardLimits } from './limits.ts';

export interface GuardedModule {
  readonly binary: Uint8Array;
  /** Pages the memory may grow to. */
  readonly memoryPages: number;
  readonly functions: number;
  /** Octets of the original's code section. */
  readonly codeBytes: number;
}

/**
 * Time and memory grow with the module's length and no faster, whatever its counts say.
 * @param validate says whether the original is valid WebAssembly.
 * @throws GatewayError `corrupt` for what is no module, `denied` for what is not allowed: what, where, limit, found.
 */
export function guardModule(
  wasm: Uint8Array,
  limits: GuardLimits,
  validate: (wasm: Uint8Array) => boolean,
): GuardedModule {
  const sections = splitSections(wasm, limits);
  if (!validate(wasm)) throw new GatewayError('corrupt', 'module: not valid WebAssembly');
  return rewrite(wasm, sections, limits);
}

function rewrite(wasm: Uint8Array, sections: Sections, limits: GuardLimits): GuardedModule {
  const declared = new Declarations(limits);
  const writers: Partial<Record<number, (body: Cursor | undefined) => Uint8Array | null>> = {
    [SECTION.type]: (body) => declared.types(body),
    [SECTION.import]: (body) => declared.imports(body),
    [SECTION.function]: (body) => declared.functionTypes(body),
    [SECTION.table]: (body) => declared.tables(body),
    [SECTION.memory]: (body) => declared.memory(body),
    [SECTION.global]: (body) => declared.globals(body),
    [SECTION.export]: (body) => declared.exports(body),
    [SECTION.element]: (body) => declared.elements(body),
    [SECTION.code]: (body) => (body === undefined ? null : writeCode(body, declared, limits)),
  };
  const out = new Output(wasm.length + wasm.length / 2 + 256);
  out.copy(wasm, 0, 8);
  for (const id of ORDER) {
    const body = sections.get(id);
    const write = writers[id];
    const written = write === undefined ? body?.octets.subarray(body.at, body.end) : write(body?.copy());
    if (written) out.section(id, written);
  }
  const code = sections.get(SECTION.code);
  return {
    binary: out.view().slice(),
    memoryPages: declared.memoryPages,
    functions: declared.functions,
    codeBytes: code === undefined ? 0 : code.end - code.at,
  };
}
