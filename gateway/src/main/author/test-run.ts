/** What `module test` does: vectors, replay of a recording, comparison, and the check that state can move. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { compareFiles, type LineDifference } from './file-compare.ts';
import { LineWriter } from './line-file.ts';
import type { BuiltModule } from './program.ts';
import { inOrderOfTime, type RecordingItem, readRecording, withTicks } from './recording.ts';
import { type ReplaySum, replay } from './replay.ts';
import { readVectors } from './vector.ts';
import { runVector } from './vector-run.ts';

export interface VectorsSum {
  readonly vectors: number;
  /** Vectors were run a second time with the state moved before every step. */
  readonly isStateMoved: boolean;
  /** Lines for people, with the names of those that failed. */
  readonly faults: readonly string[];
  readonly failed: readonly string[];
}

export function runVectors(folder: string, built: BuiltModule): VectorsSum {
  const { manifest } = built;
  const vectors = readVectors(folder, manifest);
  const isStateMoved = manifest.state !== null && manifest.kind === 'stream';
  const results = vectors.map((vector) => {
    const plain = runVector(built, vector, false);
    return plain.faults.length > 0 || !isStateMoved ? plain : runVector(built, vector, true);
  });
  const failed = results.filter(({ faults }) => faults.length > 0);
  return {
    vectors: vectors.length,
    isStateMoved,
    faults: failed.flatMap(({ faults }) => faults),
    failed: failed.map(({ name }) => name),
  };
}

export interface RecordingOptions {
  readonly recording: string;
  readonly config: Uint8Array;
  readonly batchRows: number;
  readonly snapshotEvery: number;
  readonly byTime: boolean;
  /** Milliseconds; null: only the ticks of the recording. */
  readonly tickEveryMs: number | null;
  readonly out: string | undefined;
  readonly expect: string | undefined;
}

export interface Comparison {
  readonly isSame: boolean;
  /** Null when they are the same. */
  readonly difference: LineDifference | null;
}

export interface RecordingSum extends ReplaySum {
  /** With `--expect`; null when it was not given. */
  readonly expected: Comparison | null;
  /** Of a run with moved state with the one without; null when the module keeps no state. */
  readonly state: Comparison | null;
}

/** @throws GatewayError when the module breaks the ABI, or a file cannot be used. */
export function runRecording(built: BuiltModule, options: RecordingOptions): RecordingSum {
  refuseOverwriting(options);
  const scratch = fs.mkdtempSync(join(tmpdir(), 'tidegate-replay-'));
  try {
    const out = options.out ?? join(scratch, 'out.ndjson');
    const play = (path: string, snapshotEvery: number | null) => {
      using sink = new LineWriter(path);
      return replay(built, options.config, itemsOf(options), { batchRows: options.batchRows, snapshotEvery }, sink);
    };
    const sum = play(out, null);
    const expected = options.expect === undefined ? null : compare(options.expect, out);
    if (built.manifest.state === null) return { ...sum, expected, state: null };
    const moved = join(scratch, 'moved.ndjson');
    const { moves } = play(moved, options.snapshotEvery);
    return { ...sum, moves, expected, state: compare(out, moved) };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function compare(expected: string, found: string): Comparison {
  const difference = compareFiles(expected, found);
  return { isSame: difference === null, difference };
}

/** A slip of the hand must not cost a recording. */
function refuseOverwriting({ out, recording, expect }: RecordingOptions): void {
  if (out === undefined) return;
  const inputs = [recording, ...(expect === undefined ? [] : [expect])];
  const taken = inputs.find((path) => resolve(path) === resolve(out));
  if (taken !== undefined)
    throw new GatewayError('invalid', `--out ${out}: another file than what is read expected, ${taken} found`);
}

function itemsOf({ recording, byTime, tickEveryMs }: RecordingOptions): Iterable<RecordingItem> {
  const items = byTime ? inOrderOfTime(readRecording(recording)) : readRecording(recording);
  return tickEveryMs === null ? items : withTicks(items, tickEveryMs);
}
