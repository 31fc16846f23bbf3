/**
 * Reads the memory a WebAssembly binary declares, before it is compiled: the maximum must stand in the module itself, because V8 enforces
 * that one exactly and a worker's resource limits do not count it.
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
import { GatewayError } from '../../base/errors.ts';

const SECTION = { import: 2, memory: 5, start: 8 } as const;

/** @returns the declared maximum in pages of 64 KiB. @throws GatewayError `denied` for what the host does not allow, `corrupt` for no module at all. */
export function declaredMemoryPages(wasm: Uint8Array, pagesMax: number): number {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (header.some((octet, at) => wasm[at] !== octet))
    throw new GatewayError('corrupt', 'module: a WebAssembly 1 binary expected');
  let memory: Memory | null = null;
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at]!;
    const [size, body] = leb(wasm, at + 1);
    if (id === SECTION.import && leb(wasm, body)[0] > 0) throw refusal(at, 'no imports', 'an import section');
    if (id === SECTION.start) throw refusal(at, 'no start function', 'one');
    if (id === SECTION.memory) memory = readMemory(wasm, body);
    at = body + size;
  }
  if (memory === null) throw refusal(8, 'one memory', 'none');
  if (memory.maximum === null) throw refusal(memory.at, `a memory maximum of at most ${pagesMax} pages`, 'none');
  if (memory.maximum > pagesMax)
    throw refusal(memory.at, `a memory maximum of at most ${pagesMax} pages`, `${memory.maximum}`);
  return memory.maximum;
}

interface Memory {
  readonly at: number;
  readonly maximum: number | null;
}

function readMemory(wasm: Uint8Array, body: number): Memory {
  const [count, flagsAt] = leb(wasm, body);
  if (count !== 1) throw refusal(body, 'one memory', String(count));
  const flags = wasm[flagsAt]!;
  // Bit 0: a maximum; bit 1: shared; bit 2: 64-bit addresses.
  if (flags > 1) throw refusal(flagsAt, 'a plain 32-bit memory', `flags ${flags}`);
  const [, afterInitial] = leb(wasm, flagsAt + 1);
  return { at: flagsAt, maximum: flags === 1 ? leb(wasm, afterInitial)[0] : null };
}

function refusal(at: number, expected: string, found: string): GatewayError {
  return new GatewayError('denied', `module: at offset ${at}: ${expected} expected, ${found} found`, {
    hint: 'Build it with an explicit --max-memory (--maximumMemory for AssemblyScript) within the manifest.',
  });
}

/** An unsigned LEB128 of at most five octets: its value, and where the next field starts. */
function leb(wasm: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const octet = wasm[at + i];
    if (octet === undefined) throw new GatewayError('corrupt', `module: cut off at offset ${at + i}`);
    value += (octet & 127) * 128 ** i;
    if (octet < 128) return [value, at + i + 1];
  }
  throw new GatewayError('corrupt', `module: a number of at most five octets expected at offset ${at}`);
}
