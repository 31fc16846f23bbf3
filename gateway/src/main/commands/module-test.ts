import { GatewayError } from '../../base/errors.ts';
import { configOfSettings } from '../author/config-rows.ts';
import { type BuiltModule, loadBuilt, STALE_WARNING } from '../author/program.ts';
import { openProject } from '../author/project.ts';
import { type Comparison, type RecordingSum, runRecording, runVectors, type VectorsSum } from '../author/test-run.ts';
import { type Command, EXIT, listOf, type OptionValues, print, printJson, textOf } from './command.ts';

const BATCH_ROWS = 256;
const SNAPSHOT_EVERY = 10;

export const moduleTest: Command = {
  verb: 'module test',
  usage:
    '[DIR] [--replay FILE [--out FILE] [--expect FILE] [--set NAME=NUMBER]... [--batch N] [--snapshot-every N] [--by-time] [--tick-every MS]]',
  summary: 'Runs a built module’s vectors, and a recording through it; compares, and checks that its state can move.',
  options: {
    replay: { type: 'string' },
    out: { type: 'string' },
    expect: { type: 'string' },
    set: { type: 'string', multiple: true },
    batch: { type: 'string' },
    'snapshot-every': { type: 'string' },
    'by-time': { type: 'boolean' },
    'tick-every': { type: 'string' },
  },
  words: [0, 1],
  async run({ options, words: [folder = '.'] }) {
    const project = openProject(folder);
    const built = loadBuilt(project);
    const vectors = runVectors(project.folder, built);
    const recording = options.replay === undefined ? null : replayWith(options, built);
    const isGood = vectors.failed.length === 0 && (recording === null || isSame(recording));
    const { id, version } = built.manifest;
    if (options.json) printJson({ id, version, isGood, vectors, recording });
    else {
      print(`${id} ${version}`);
      printVectors(vectors);
      if (recording !== null) printRecording(recording, built);
      if (built.isStale) print(STALE_WARNING);
    }
    return isGood ? EXIT.ok : EXIT.failed;
  },
};

function replayWith(options: OptionValues, built: BuiltModule): RecordingSum {
  if (built.manifest.kind === 'function')
    throw new GatewayError('invalid', '--replay: a stream module expected, a function found', {
      hint: 'Functions are tried with vectors of events.',
    });
  return runRecording(built, {
    recording: textOf(options.replay)!,
    config: configOfSettings(built.manifest, listOf(options.set)),
    batchRows: countOf('--batch', options.batch) ?? BATCH_ROWS,
    snapshotEvery: countOf('--snapshot-every', options['snapshot-every']) ?? SNAPSHOT_EVERY,
    byTime: options['by-time'] === true,
    tickEveryMs: countOf('--tick-every', options['tick-every']) ?? null,
    out: textOf(options.out),
    expect: textOf(options.expect),
  });
}

function countOf(option: string, value: OptionValues[string]): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new GatewayError('invalid', `${option}: a whole number of at least 1 expected, ${value} found`);
}

const isSame = ({ expected, state }: RecordingSum): boolean => (expected?.isSame ?? true) && (state?.isSame ?? true);

function printVectors({ vectors, failed, faults, isStateMoved }: VectorsSum): void {
  for (const line of faults) print(line);
  const how = isStateMoved ? ', each also with its state moved to a fresh instance before every step' : '';
  print(`vectors: ${vectors - failed.length} of ${vectors} pass${how}`);
  if (failed.length > 0) print(`failed: ${failed.join(', ')} (- expected, + found)`);
}

function printRecording(sum: RecordingSum, { manifest }: BuiltModule): void {
  const count = (n: number) => n.toLocaleString('en-US');
  const share = ((100 * sum.fuelOfCallMax) / manifest.limits.fuelPerCall).toFixed(1);
  print(
    `replay: ${count(sum.rowsIn)} rows of ${count(sum.series)} series in ${count(sum.batches)} batches, ${count(sum.ticks)} ticks: ${count(sum.rowsOut)} rows out`,
  );
  print(
    `fuel: ${(sum.fuel / Math.max(1, sum.rowsIn)).toFixed(1)} a row; the largest call took ${share} % of limits.fuelPerCall`,
  );
  if (sum.refused > 0) print(`refused by the module: ${count(sum.refused)} batches or ticks (lines with "error")`);
  if (sum.state === null) print('state: the manifest names none, so a restart begins anew');
  else printComparison(`state moved ${count(sum.moves)} times`, sum.state);
  if (sum.expected !== null) printComparison('compared with --expect', sum.expected);
}

function printComparison(what: string, { difference }: Comparison): void {
  if (difference === null) return print(`${what}: the same, octet for octet`);
  const { line, expected, found } = difference;
  print(`${what}: differs at line ${line}\n  - ${expected ?? '(the end)'}\n  + ${found ?? '(the end)'}`);
}
