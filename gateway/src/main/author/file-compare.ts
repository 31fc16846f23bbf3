import * as fs from 'node:fs';
import { GatewayError } from '../../base/errors.ts';
import { readLines } from './line-file.ts';

export interface LineDifference {
  /** From 1. */
  readonly line: number;
  /** Null: the file ends before. */
  readonly expected: string | null;
  readonly found: string | null;
}

const PIECE_BYTES = 1 << 16;

/** Compares octet for octet. @returns the first line that differs; null when the files are the same. */
export function compareFiles(expectedPath: string, foundPath: string): LineDifference | null {
  if (areSame(expectedPath, foundPath)) return null;
  const found = readLines(foundPath);
  let line = 0;
  for (const expected of readLines(expectedPath)) {
    line++;
    const next = found.next();
    if (next.done) return { line, expected, found: null };
    if (next.value !== expected) return { line, expected, found: next.value };
  }
  const next = found.next();
  // Every line is the same and yet the files are not: one of them lacks the end of its last line.
  if (next.done) return { line, expected: '(the end of the last line)', found: '(not the same)' };
  return { line: line + 1, expected: null, found: next.value };
}

function areSame(a: string, b: string): boolean {
  if (!fs.existsSync(a)) throw new GatewayError('not_found', `${a}: cannot be read`);
  if (fs.statSync(a).size !== fs.statSync(b).size) return false;
  const files = [fs.openSync(a, 'r'), fs.openSync(b, 'r')] as const;
  try {
    const pieces = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)] as const;
    for (;;) {
      const [left, right] = [fs.readSync(files[0], pieces[0]), fs.readSync(files[1], pieces[1])];
      if (left !== right || !pieces[0].subarray(0, left).equals(pieces[1].subarray(0, right))) return false;
      if (left === 0) return true;
    }
  } finally {
    for (const file of files) fs.closeSync(file);
  }
}
