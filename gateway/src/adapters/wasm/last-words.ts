import type { AbiBuffer } from './guarded-instance.ts';

/** The length that stands before the text. */
const HEADER_BYTES = 4;
/** Octets read of the text; what is more is cut. */
const TEXT_BYTES_MAX = 512;

/**
 * What a module wrote into its panic buffer before it trapped (docs/reference/module-abi.md, *Last words*), as one line: what steers a terminal
 * or breaks a line is a space. None of its code runs for this. @returns '' when it wrote nothing.
 */
export function readLastWords(memory: WebAssembly.Memory, { at, bytes }: AbiBuffer): string {
  const octets = new DataView(memory.buffer).getUint32(at, true);
  const text = new Uint8Array(memory.buffer, at + HEADER_BYTES, Math.min(octets, bytes - HEADER_BYTES, TEXT_BYTES_MAX));
  // As part of a stream: a character that was cut in two is left out.
  return new TextDecoder()
    .decode(text, { stream: true })
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}
