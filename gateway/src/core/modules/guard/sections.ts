/** Splitting a module into its sections; whatever can be counted without decoding is checked here, before anything else is done with it. */
import type { GuardLimits } from './limits.ts';
import { Cursor, malformed, refused } from './octets.ts';

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** Sections in the order in which they must stand. */
export const ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11] as const;

/** For each section that was there its octets, without number and length. */
export type Sections = ReadonlyMap<number, Cursor>;

/**
 * Each section once and in order. Custom sections are left out.
 * @throws GatewayError `corrupt` for what is no module, `denied` for what is not allowed.
 */
export function splitSections(wasm: Uint8Array, limits: GuardLimits): Sections {
  checkHeader(wasm);
  const sections = new Map<number, Cursor>();
  const cursor = new Cursor(wasm, 8);
  let rank = -1;
  let customBytes = 0;
  while (!cursor.isAtEnd) {
    const at = cursor.at;
    const id = cursor.u8();
    const body = cursor.part(cursor.u32());
    const size = body.end - body.at;
    if (id === SECTION.custom) {
      customBytes += size;
      if (customBytes > limits.customBytes)
        throw refused(at, 'custom sections', `${limits.customBytes} octets`, customBytes);
      continue;
    }
    const next = (ORDER as readonly number[]).indexOf(id);
    if (next < 0) throw refused(at, 'a section', 'those of WebAssembly 2.0', `section ${id}`);
    if (next <= rank) throw malformed(at, 'each section once and in order', `section ${id}`);
    rank = next;
    if (id === SECTION.start) throw refused(at, 'a start function', 'none', 'one');
    if (id === SECTION.code && size > limits.codeBytes) throw refused(at, 'code', `${limits.codeBytes} octets`, size);
    if (id === SECTION.data && size > limits.dataBytes) throw refused(at, 'data', `${limits.dataBytes} octets`, size);
    checkCount(id, body, limits);
    sections.set(id, body);
  }
  return sections;
}

function checkHeader(wasm: Uint8Array): void {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const wrong = header.findIndex((octet, at) => wasm[at] !== octet);
  if (wrong >= 0) throw malformed(wrong, 'the header of WebAssembly 1', wasm[wrong] ?? 'the end');
}

/** An import may stand there more than once, with another type each time: a compiler that does so does it a few times. */
const TIMES_IMPORTED_MAX = 4;

/** Every section begins with a number; of all but the start function it is a count. */
function checkCount(id: number, body: Cursor, limits: GuardLimits): void {
  const counted: Partial<Record<number, readonly [what: string, most: number]>> = {
    [SECTION.type]: ['types', limits.types],
    [SECTION.import]: ['imports', Math.max(1, limits.imports.size * TIMES_IMPORTED_MAX)],
    [SECTION.function]: ['functions', limits.functions],
    [SECTION.table]: ['tables', limits.tables],
    [SECTION.global]: ['globals', limits.globals],
    [SECTION.export]: ['exports', limits.exports],
    [SECTION.element]: ['element segments', limits.elementSegments],
    [SECTION.code]: ['functions', limits.functions],
    [SECTION.data]: ['data segments', limits.dataSegments],
    [SECTION.dataCount]: ['data segments', limits.dataSegments],
  };
  const [what, most] = counted[id] ?? ['', Number.POSITIVE_INFINITY];
  const count = body.copy().u32();
  if (count > most) throw refused(body.at, what, most, count);
}
