/**
 * What the packaged executable costs beside plain Node on the sources: processor time to ready and at rest, and memory at rest and under the rated
 * load.
 * `npm run bench -- package [--quick]` on `dist/tidegate-<this machine>`. Both take turns in one run, each time on a state folder of its own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GatewayProcess } from '../support/gateway-process.ts';
import { serviceEnvironment } from '../support/service-unit.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { killWithUs, pause } from './support/child.ts';
import { type LoadShape, runLoad } from './support/load-run.ts';
import { memoryOf } from './support/process-figures.ts';
import { printTable, type Row } from './support/table.ts';
import { median, ratio } from './support/wasm/turns.ts';

const { values: options, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [executable] = positionals;
if (executable === undefined) {
  console.error('usage: package.bench.ts [--quick] EXECUTABLE');
  process.exit(2);
}
const STARTS = options.quick ? 3 : 11;
const LOADS = options.quick ? 1 : 3;
const SPANS = options.quick ? { warmUpSeconds: 2, seconds: 3 } : { warmUpSeconds: 5, seconds: 15 };
/** 12,000 points a second. */
const RATED: LoadShape = { readings: 1, series: 100, messagesPerSecond: 12_000 };
/** What a start sets going has ended after the first span; the processor is watched for the second. */
const REST_MS = 2000;
const WATCHED_MS = options.quick ? 3000 : 10_000;
const CPU_MAIN_MS = 100;
const PSS_MB = 90;

// An ordinary exit, so that what runs for us is ended with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

using folder = temporaryFolder();
const env = { ...serviceEnvironment(), TIDEGATE_NATIVE_DIR: join(folder.path, 'native') };
const WAYS = { packaged: { program: [executable], env }, plain: { env } } as const;
type Way = keyof typeof WAYS;

const figures: Record<string, Record<Way, number[]>> = {};
function note(what: string, way: Way, value: number): void {
  figures[what] ??= { packaged: [], plain: [] };
  figures[what][way].push(value);
}

/** Milliseconds of processor time that a thread of the process has had; proc_pid_schedstat. */
function cpuMs(pid: number, thread: string): number {
  return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function cpuAllMs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + cpuMs(pid, thread), 0);
}

async function measure(way: Way, isLoaded: boolean): Promise<void> {
  await using gateway = new GatewayProcess(WAYS[way]);
  using parts = new DisposableStack();
  parts.defer(killWithUs(() => gateway.kill()));
  await gateway.start();
  const { pid } = gateway;
  note('cpuMain', way, cpuMs(pid, String(pid)));
  note('cpuAll', way, cpuAllMs(pid));
  if (!isLoaded) return;
  await pause(REST_MS);
  const before = cpuAllMs(pid);
  await pause(WATCHED_MS);
  note('restCpu', way, ((cpuAllMs(pid) - before) / WATCHED_MS) * 1000);
  const rest = memoryOf(pid);
  note('restPss', way, rest.pssMb);
  note('restAnonymous', way, rest.anonymousMb);
  await runLoad(gateway.mqttPort, RATED, SPANS, async (at) => {
    if (at === 'begin') return;
    const loaded = memoryOf(pid);
    note('loadedPss', way, loaded.pssMb);
    note('loadedAnonymous', way, loaded.anonymousMb);
  });
}

for (let turn = -1; turn < STARTS; turn++) {
  for (const way of ['packaged', 'plain'] as const) await measure(way, turn >= 0 && turn < LOADS);
  // The first start puts native parts where they are found from then on.
  if (turn < 0) for (const what of Object.keys(figures)) delete figures[what];
}

function rows(what: string, name: string, unit: string, most?: number): Row[] {
  const { packaged, plain } = figures[what]!;
  return [
    { what: name, value: median(packaged), unit, ...(most !== undefined && { target: { at: 'most', value: most } }) },
    {
      what: '  beside plain Node',
      value: ratio(packaged, plain),
      unit: 'x',
      note: `${median(plain).toFixed(0)} ${unit}`,
    },
  ];
}

printTable([
  {
    title: 'processor time from start to ready',
    rows: [...rows('cpuMain', 'main thread', 'ms', CPU_MAIN_MS), ...rows('cpuAll', 'all threads', 'ms', CPU_MAIN_MS)],
  },
  {
    title: 'at rest',
    rows: [
      ...rows('restCpu', 'processor time a second', 'ms'),
      ...rows('restPss', 'PSS', 'MB'),
      ...rows('restAnonymous', 'anonymous', 'MB'),
    ],
  },
  {
    title: 'memory at 12,000 points/s, two modules',
    rows: [...rows('loadedPss', 'PSS', 'MB', PSS_MB), ...rows('loadedAnonymous', 'anonymous', 'MB')],
  },
]);
