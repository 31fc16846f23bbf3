/**
 * What the packaged executable costs beside plain Node on the sources, and beside a program that does nothing in as many threads: processor time to
 * ready and at rest, and memory at rest and under the rated load, and under as many points a second as single readings.
 * `npm run bench -- package [--quick]` on `dist/tidegate-<this machine>`. All take turns in one run, each time on a state folder of its own.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GatewayProcess } from '../support/gateway-process.ts';
import { serviceEnvironment } from '../support/service-unit.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { killWithUs, pause, startChild } from './support/child.ts';
import { type LoadShape, ROOT, runLoad } from './support/load-run.ts';
import { type MemoryFigures, memoryOf } from './support/process-figures.ts';
import { printTable, type Row } from './support/table.ts';
import { median, ratio } from './support/wasm/turns.ts';

const { values: options, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [executable, ...v8Options] = positionals;
if (executable === undefined) {
  console.error('usage: package.bench.ts [--quick] EXECUTABLE [-- ITS V8 OPTIONS]');
  process.exit(2);
}
const STARTS = options.quick ? 3 : 11;
/** Memory that is not used is given back ten seconds after the start, and then each minute: a whole minute of the load is looked at. */
const SPANS = options.quick ? { warmUpSeconds: 5, seconds: 10 } : { warmUpSeconds: 20, seconds: 60 };
/** 12,000 points a second each. The rated load is that of the soak. */
const LOADS = {
  rated: [
    { readings: 20, series: 100, messagesPerSecond: 500 },
    { readings: 1, series: 100, messagesPerSecond: 2000 },
  ],
  single: [{ readings: 1, series: 100, messagesPerSecond: 12_000 }],
} as const satisfies Record<string, readonly LoadShape[]>;
/** Main, store, ingest, and the modules, all of one class. */
const THREADS = 4;
const FOUR_MODULES = ['window-aggregate', 'threshold-alarm', 'deadband', 'unit-convert']
  .map((id) => `[[module]]\nname = "${id}"\nmodule = "${id}"\n[[module.input]]\nseries = "**"\n`)
  .join('');
/** What a start sets going has ended by then, and what only it needs has been given back: eight collections, five seconds apart. */
const REST_MS = 60_000;
const WATCHED_MS = options.quick ? 3000 : 10_000;
const LOOK_EVERY_MS = 1000;
const CPU_MS = 100;
const PSS_MB = 90;

// An ordinary exit, so that what runs for us is ended with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

using folder = temporaryFolder();
// A service has no certificates beside Node's own, which it would read at its start.
delete process.env.NODE_EXTRA_CA_CERTS;
const env = { ...serviceEnvironment(), TIDEGATE_NATIVE_DIR: join(folder.path, 'native') };
// Of our own: pages that another process has mapped as well would count by half only.
const program = join(folder.path, 'tidegate');
copyFileSync(executable, program);
const WAYS = {
  packaged: { program: [program], env },
  plain: { env },
} as const;
type Way = keyof typeof WAYS | 'empty';

const figures: Record<string, Record<Way, number[]>> = {};
function note(what: string, way: Way, value: number): void {
  figures[what] ??= { packaged: [], plain: [], empty: [] };
  figures[what][way].push(value);
}

function noteMemory(when: string, way: Way, looks: readonly MemoryFigures[]): void {
  // This process, and what sends, run the same file as plain Node: its PSS says nothing.
  if (way === 'packaged') note(`${when}Pss`, way, median(looks.map(({ pssMb }) => pssMb)));
  note(`${when}Anonymous`, way, median(looks.map(({ anonymousMb }) => anonymousMb)));
}

/** Milliseconds of processor time that a thread of the process has had; proc_pid_schedstat. */
function cpuMs(pid: number, thread: string): number {
  return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function cpuAllMs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + cpuMs(pid, thread), 0);
}

function noteStart(way: Way, pid: number): void {
  note('cpuMain', way, cpuMs(pid, String(pid)));
  note('cpuAll', way, cpuAllMs(pid));
}

/** With what `run` does when it is told nothing: the two default modules. */
async function measureStart(way: keyof typeof WAYS): Promise<void> {
  await using gateway = new GatewayProcess(WAYS[way]);
  using parts = new DisposableStack();
  parts.defer(killWithUs(() => gateway.kill()));
  await gateway.start();
  noteStart(way, gateway.pid);
}

/** As after a boot: the kernel maps more around each page of a file that has just been written than of one that it has read. */
function readAnew(file: string): void {
  execFileSync('sync', [file]);
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

async function measureLoad(way: keyof typeof WAYS): Promise<void> {
  readAnew(program);
  await using gateway = new GatewayProcess({ ...WAYS[way], config: FOUR_MODULES });
  using parts = new DisposableStack();
  parts.defer(killWithUs(() => gateway.kill()));
  await gateway.start();
  const { pid } = gateway;
  await pause(REST_MS);
  const before = cpuAllMs(pid);
  await pause(WATCHED_MS);
  note('restCpu', way, ((cpuAllMs(pid) - before) / WATCHED_MS) * 1000);
  noteMemory('rest', way, [memoryOf(pid)]);
  for (const [name, shapes] of Object.entries(LOADS)) {
    const looks: MemoryFigures[] = [];
    let timer: NodeJS.Timeout | undefined;
    const look = async (at: 'begin' | 'end') => {
      clearInterval(timer);
      if (at === 'begin') timer = setInterval(() => looks.push(memoryOf(pid)), LOOK_EVERY_MS);
    };
    await Promise.all(shapes.map((shape) => runLoad(gateway.mqttPort, shape, SPANS, look)));
    noteMemory(name, way, looks);
  }
}

/** What no program in so many threads of Node can be below. */
async function measureEmpty(): Promise<void> {
  const args = [...v8Options, join(ROOT, 'test/bench/support/empty-threads.mjs'), String(THREADS)];
  await using child = startChild(process.execPath, args, ROOT);
  await child.nextJson<{ started: true }>();
  noteStart('empty', child.pid);
  await pause(LOOK_EVERY_MS);
  note('restAnonymous', 'empty', memoryOf(child.pid).anonymousMb);
}

for (let turn = -1; turn < STARTS; turn++) {
  for (const way of ['packaged', 'plain'] as const) await measureStart(way);
  await measureEmpty();
  // The first start puts native parts where they are found from then on.
  if (turn < 0) for (const what of Object.keys(figures)) delete figures[what];
}
for (const way of ['packaged', 'plain'] as const) await measureLoad(way);

function rows(what: string, name: string, unit: string, most?: number): Row[] {
  const { packaged, plain, empty } = figures[what]!;
  const beside = (who: string, others: readonly number[]): Row => ({
    what: `  beside ${who}`,
    value: others.length === packaged.length ? ratio(packaged, others) : median(packaged) / median(others),
    unit: 'x',
    note: `${median(others).toFixed(0)} ${unit}`,
  });
  return [
    { what: name, value: median(packaged), unit, ...(most !== undefined && { target: { at: 'most', value: most } }) },
    ...(plain.length > 0 ? [beside('plain Node on the sources', plain)] : []),
    ...(empty.length > 0 ? [beside(`Node with ${THREADS} threads that do nothing`, empty)] : []),
  ];
}

printTable([
  {
    title: 'processor time from start to ready, default modules',
    rows: [...rows('cpuMain', 'main thread', 'ms', CPU_MS), ...rows('cpuAll', 'all threads', 'ms', CPU_MS)],
  },
  {
    title: 'at rest, four modules',
    rows: [
      ...rows('restCpu', 'processor time a second', 'ms'),
      ...rows('restPss', 'PSS', 'MB'),
      ...rows('restAnonymous', 'anonymous', 'MB'),
    ],
  },
  {
    title: 'memory under the rated load: 2,000 single readings and 500 messages of 20 a second',
    rows: [...rows('ratedPss', 'PSS', 'MB', PSS_MB), ...rows('ratedAnonymous', 'anonymous', 'MB')],
  },
  {
    title: 'memory under 12,000 single readings a second',
    rows: [...rows('singlePss', 'PSS', 'MB', PSS_MB), ...rows('singleAnonymous', 'anonymous', 'MB')],
  },
]);
