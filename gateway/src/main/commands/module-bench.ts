import { GatewayError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { type BenchResult, benchModule } from '../author/bench.ts';
import { configOfSettings } from '../author/config-rows.ts';
import { loadBuilt } from '../author/program.ts';
import { openProject } from '../author/project.ts';
import type { Spread } from '../author/spread.ts';
import { type Command, EXIT, listOf, type OptionValues, print, printJson, table } from './command.ts';

export const moduleBench: Command = {
  verb: 'module bench',
  usage: '[DIR] [--seconds N] [--rows N] [--series N] [--set NAME=NUMBER]...',
  summary:
    'Measures a built module on this machine: rate, time and fuel of a row, cold start, memory, state; with and without guard.',
  options: {
    seconds: { type: 'string' },
    rows: { type: 'string' },
    series: { type: 'string' },
    set: { type: 'string', multiple: true },
  },
  words: [0, 1],
  async run({ options, words: [folder = '.'] }) {
    const built = loadBuilt(openProject(folder));
    const result = benchModule(built, {
      seconds: numberOf('--seconds', options.seconds, 4, [0.1, 600]),
      rows: wholeOf('--rows', options.rows, 256, [1, 100_000]),
      series: wholeOf('--series', options.series, 100, [1, 1_000_000]),
      config: configOfSettings(built.manifest, listOf(options.set)),
    });
    const { id, version, kind } = built.manifest;
    const machine = { platform: `${process.platform}-${process.arch}`, node: process.version };
    if (options.json) printJson({ id, version, ...machine, ...result });
    else print(`${id} ${version} on ${machine.platform}, node ${machine.node}\n${textOf(result, kind === 'function')}`);
    return EXIT.ok;
  },
};

function textOf(result: BenchResult, isFunction: boolean): string {
  const { guarded, unguarded, cold, state } = result;
  const unit = isFunction ? 'event' : 'row';
  const load = isFunction ? 'one event a call' : `batches of ${result.rows} rows over ${result.series} series`;
  const both = (name: string, pick: (side: BenchResult['guarded']) => string) => [name, pick(guarded), pick(unguarded)];
  const speed = table(
    [load, 'guarded, with fuel', 'as compiled'],
    [
      both(isFunction ? 'events/s' : 'batches/s', (side) => range(side.callsPerSecond, 0)),
      both(`ns/${unit}`, (side) => range(side.nsPerRow, isFunction ? 0 : 1)),
      both('call p50, µs', (side) => side.callUsP50.toFixed(1)),
      both('call p99, µs', (side) => side.callUsP99.toFixed(1)),
    ],
  );
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const overhead = `${percent(result.fuelOverhead.median)} (${percent(result.fuelOverhead.min)} to ${percent(result.fuelOverhead.max)})`;
  const lines: [string, string][] = [
    ['guard and fuel cost', overhead],
    [`fuel per ${unit}`, result.fuelPerRow.toFixed(1)],
    ['largest call', `${percent(result.fuelShareMax)} of limits.fuelPerCall`],
    ['memory', formatBytes(result.memoryBytes)],
    ['cold: guard, ms', range(cold.guardMs, 2)],
    ['cold: compile, ms', range(cold.compileMs, 2)],
    ['cold: start, ms', range(cold.startMs, 2)],
    ['cold: first call, ms', range(cold.firstCallMs, 2)],
  ];
  if (state !== null) {
    lines.push(['state', `${formatBytes(state.bytes)} in ${state.pages} pages`]);
    lines.push(['state: snapshot, ms', range(state.snapshotMs, 2)], ['state: restore, ms', range(state.restoreMs, 2)]);
  }
  const notes = `Medians of ${result.rounds} rounds (least to most), taken in turn; a round's figure is its median call. Taking the time costs ${result.timerNs.toFixed(0)} ns of each call.${busyNote(result)} On another machine other numbers come out.`;
  const refused =
    result.refused > 0 ? `\n${result.refused} calls were refused by the module: these figures are of little use.` : '';
  return `${speed}\n\n${table(['', ''], lines).trim()}\n\n${notes}${refused}`;
}

/** Rounds this far apart measure the machine's other work. */
const SPREAD_MAX = 1.5;

function busyNote({ guarded, unguarded }: BenchResult): string {
  const apart = Math.max(...[guarded, unguarded].map(({ nsPerRow }) => nsPerRow.max / nsPerRow.min));
  return apart > SPREAD_MAX
    ? ` Rounds are up to ${apart.toFixed(1)} times apart: this machine is busy, measure again.`
    : '';
}

function range({ median, min, max }: Spread, digits: number): string {
  const text = (n: number) =>
    n.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text(median)} (${text(min)} to ${text(max)})`;
}

/** @throws GatewayError `invalid` outside of `least..most`. */
function numberOf(
  option: string,
  value: OptionValues[string],
  otherwise: number,
  [least, most]: [number, number],
): number {
  const number = value === undefined ? otherwise : Number(value);
  if (number >= least && number <= most) return number;
  throw new GatewayError('invalid', `${option}: ${least} to ${most} expected, ${value} found`);
}

function wholeOf(option: string, value: OptionValues[string], otherwise: number, bounds: [number, number]): number {
  const number = numberOf(option, value, otherwise, bounds);
  if (Number.isInteger(number)) return number;
  throw new GatewayError('invalid', `${option}: a whole number expected, ${value} found`);
}
