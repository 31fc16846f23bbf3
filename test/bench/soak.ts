/** Hours under the rated load, looked at again and again; started by `npm run soak`, which says what it takes. See docs/reference/service.md. */
import { parseArgs } from 'node:util';
import { parseDuration } from '../../gateway/src/base/units.ts';
import { findBinary } from '../support/require.ts';
import { runSoak, type SoakResult } from './support/soak-run.ts';
import { type SoakSample, TREND_FIELDS } from './support/soak-sample.ts';
import { trendOf } from './support/trend.ts';

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '60s' },
    rate: { type: 'string', default: '2000' },
    every: { type: 'string', default: '5s' },
    'replace-every': { type: 'string', default: '1m' },
    'warm-up': { type: 'string' },
    exe: { type: 'string' },
    'no-cloud': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const DAY_SECONDS = 86_400;
/** 2,000 messages of one reading and 500 of twenty. */
const RATED_POINTS_PER_SECOND = 12_000;

function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

const spanMs = (name: 'for' | 'every' | 'replace-every', text: string): number => {
  const span = parseDuration(text);
  if (span === undefined || span === 0) refuse(`--${name}: a span such as 60s or 8h expected, ${text} found`);
  return span;
};
const rate = Number(values.rate);
if (!(rate >= 4)) refuse(`--rate: at least 4 messages a second expected, ${values.rate} found`);
const totalMs = spanMs('for', values.for);
/** A third of the run, 15 minutes at most: caches fill, V8 compiles, windows of modules open. */
const warmUpSeconds = (parseDuration(values['warm-up'] ?? '') ?? Math.min(totalMs / 3, 900_000)) / 1000;

// An ordinary exit, so that what runs for us is ended with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

const COLUMNS: readonly (readonly [string, (sample: SoakSample) => number, number])[] = [
  ['s', (one) => one.seconds, 0],
  ['PSS MB', (one) => one.pssMb, 1],
  ['anonymous', (one) => one.anonymousMb, 1],
  ['JS heap', (one) => one.heapMb, 1],
  ['external', (one) => one.externalMb, 1],
  ['fds', (one) => one.descriptors, 0],
  ['threads', (one) => one.threads, 0],
  ['points', (one) => one.points, 0],
];
const WIDTH = 10;

/** Against the clock, and against the work: what a greater rate does in an hour is what the rated load does in several. */
const CLOCKS = {
  perDay: (one: SoakSample) => one.seconds,
  perRatedDay: (one: SoakSample) => one.points / RATED_POINTS_PER_SECOND,
} as const;

/** Slope and its standard error, each in units a day; null for too few samples. */
function trendsOf(samples: readonly SoakSample[]) {
  const settled = samples.filter(({ seconds }) => seconds >= warmUpSeconds);
  const daily = (field: (typeof TREND_FIELDS)[number], clock: keyof typeof CLOCKS) => {
    const trend = trendOf(settled.map((one) => [CLOCKS[clock](one), one[field]] as const));
    return trend && ([trend.slope * DAY_SECONDS, trend.error * DAY_SECONDS] as const);
  };
  return TREND_FIELDS.map((field) => ({
    field,
    perDay: daily(field, 'perDay'),
    perRatedDay: daily(field, 'perRatedDay'),
  }));
}

function printReport(result: SoakResult): void {
  console.log(
    `\nBy least squares after ${Math.round(warmUpSeconds)} s, with the standard error of the slope: a day, and a day's work at 12,000 points/s`,
  );
  const told = (trend: readonly [number, number] | null) =>
    trend === null ? 'too few samples' : trend.map((one) => one.toFixed(1)).join(' ± ');
  for (const { field, perDay, perRatedDay } of trendsOf(result.samples)) {
    console.log(`  ${field.padEnd(14)} ${told(perDay).padEnd(20)} ${told(perRatedDay)}`);
  }
  const { sentPoints, acknowledgedPoints, receivedPoints, confirmedPoints, balanced, replacements, functionCalls } =
    result;
  console.log(
    `\n${sentPoints} points sent, ${acknowledgedPoints} acknowledged, ${receivedPoints} in the ledger, ${confirmedPoints} confirmed; the ledger ${balanced ? 'balances' : 'DOES NOT BALANCE'}.`,
  );
  console.log(`${replacements} replacements of a module, ${functionCalls} calls of a function.`);
  for (const fault of result.faults) console.log(`fault: ${fault}`);
}

const cells = (row: readonly string[]) => row.map((cell) => cell.padStart(WIDTH)).join('');
if (!values.json) {
  console.log(
    `${values.exe ?? 'the sources'}: ${rate} messages/s of 1 reading, ${rate / 4} of 20, four modules, one replaced each ${values['replace-every']}, a function; for ${values.for}`,
  );
  console.log(cells(COLUMNS.map(([name]) => name)));
}
const result = await runSoak(
  {
    seconds: totalMs / 1000,
    singlesPerSecond: rate,
    sampleMs: spanMs('every', values.every),
    replaceMs: spanMs('replace-every', values['replace-every']),
    executable: values.exe,
    withCloud: !values['no-cloud'] && findBinary('nats-server') !== undefined,
  },
  (sample) => {
    if (!values.json) console.log(cells(COLUMNS.map(([, read, digits]) => read(sample).toFixed(digits))));
  },
);
if (values.json) console.log(JSON.stringify({ ...result, trends: trendsOf(result.samples) }));
else printReport(result);
const isWhole = result.sentPoints === result.acknowledgedPoints && result.sentPoints === result.receivedPoints;
process.exit(isWhole && result.balanced && result.faults.length === 0 ? 0 : 1);
