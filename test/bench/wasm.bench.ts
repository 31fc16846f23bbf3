/**
 * What running a module costs: the guard, fuel, start, memory, and stopping what never ends; beside wazero and native code.
 * `npm run bench -- wasm [--quick] [--json] [--no-peer]`. Ways that are compared take turns in one run; medians of processor time.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { guardModule } from '../../gateway/src/core/modules/guard/guard.ts';
import { findBinary } from '../support/require.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { printTable, type Row, type Section } from './support/table.ts';
import { Gw1Instance, ROWS, windowAggregate } from './support/wasm/gw1-calls.ts';
import { buildNative, buildWasm, cpuOf, KERNELS, type Kernel } from './support/wasm/kernels.ts';
import { enlarge } from './support/wasm/large.ts';
import { compile, ROOMY, validate } from './support/wasm/limits.ts';
import { stopByFuel, stopByTermination } from './support/wasm/runaway.ts';
import { cpuMs, median, ratio, takeTurns, warmUp } from './support/wasm/turns.ts';
import { runInWazero } from './support/wasm/wazero.ts';

const flag = { type: 'boolean', default: false } as const;
const { values: options } = parseArgs({
  options: { quick: flag, json: flag, wazero: { type: 'string' }, 'peer-missing': { type: 'string' } },
});
const TURNS = options.quick ? 3 : 9;
const COLD_RUNS = options.quick ? 3 : 7;
const CHILD = fileURLToPath(new URL('support/wasm/cold-child.ts', import.meta.url));
const COMPILERS = ['clang', 'wasm-ld', 'gcc'];
const missing = COMPILERS.filter((name) => findBinary(name) === undefined);
const noCompiler = missing.length > 0 ? `not installed: ${missing.join(', ')}` : undefined;

using work = temporaryFolder();
const sections: Section[] = [];
const skipped = (what: string, note: string): Row => ({ what, value: null, unit: '', note: `left out: ${note}` });

function child<T>(...args: string[]): T {
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', CHILD, ...args], { encoding: 'utf8' })) as T;
}

function callsOfWindow(): Row[] {
  const { manifest, wasm } = windowAggregate();
  const of = (binary: Uint8Array) => {
    const instance = new Gw1Instance(compile(binary), manifest);
    warmUp(() => instance.batch());
    const batches = 30_000;
    return () =>
      cpuMs(() => {
        for (let i = 0; i < batches; i++) instance.batch();
      }) / batches;
  };
  const { plain, fuelled } = takeTurns(TURNS, {
    plain: of(wasm),
    fuelled: of(guardModule(wasm, ROOMY, validate).binary),
  });
  return [
    { what: `window-aggregate, a batch of ${ROWS}`, value: median(fuelled) * 1000, unit: 'us' },
    {
      what: 'beside the same without fuel',
      value: ratio(fuelled, plain),
      unit: 'x',
      target: { at: 'most', value: 1.1 },
    },
  ];
}

function callsOfKernel(kernel: Kernel): Row[] {
  if (noCompiler !== undefined) return [skipped(kernel, noCompiler)];
  // A tenth of a second: the kernel counts processor time in ticks of 4 ms.
  const rounds = kernel === 'aggregate' ? 8000 : 2500;
  const wasm = readFileSync(buildWasm(work.path));
  const inV8 = (binary: Uint8Array) => {
    const run = new WebAssembly.Instance(compile(binary), {}).exports as Record<string, unknown>;
    const call = run[kernel] as (rounds: number) => number;
    const fuel = run.gw_fuel as WebAssembly.Global<bigint> | undefined;
    if (fuel !== undefined) fuel.value = 1n << 60n;
    warmUp(() => call(10));
    return () => {
      return cpuMs(() => call(rounds)) / rounds;
    };
  };
  /** Two amounts of work, so that starting the program is not in the difference. */
  const few = { kernel, rounds: 10 };
  const many = { kernel, rounds: options.quick ? 2000 : 6000 };
  const difference = (run: (path: string) => number, small: string, large: string) => () =>
    (run(large) - run(small)) / (many.rounds - few.rounds);
  const native = difference((path) => cpuOf(path, []), buildNative(work.path, few), buildNative(work.path, many));
  const ways = { plain: inV8(wasm), fuelled: inV8(guardModule(wasm, ROOMY, validate).binary), native };
  const times = takeTurns(TURNS, ways);
  const rows: Row[] = [
    { what: `${kernel}, 4096 rows`, value: median(times.fuelled) * 1000, unit: 'us' },
    {
      what: 'beside the same without fuel',
      value: ratio(times.fuelled, times.plain),
      unit: 'x',
      target: { at: 'most', value: 1.1 },
    },
    { what: 'beside native code, gcc -O2', value: ratio(times.fuelled, times.native), unit: 'x', note: 'the limit' },
  ];
  return [...rows, ...besideWazero(median(times.fuelled), difference, few, many)];
}

function besideWazero(
  fuelled: number,
  difference: (run: (path: string) => number, small: string, large: string) => () => number,
  few: { kernel: Kernel; rounds: number },
  many: { kernel: Kernel; rounds: number },
): Row[] {
  const what = 'wazero with interruption, beside ours with fuel';
  const buf = options.wazero;
  const without = skipped(
    'wazero without interruption',
    'no package of npm or Debian carries a program that runs it so',
  );
  if (buf === undefined) return [skipped(what, options['peer-missing'] ?? '--no-peer'), without];
  const run = difference((path) => runInWazero(buf, path), buildWasm(work.path, few), buildWasm(work.path, many));
  const time = median(Array.from({ length: 3 }, run));
  if (time <= 0) return [skipped(what, 'more rounds took no longer: the program did not run the kernel'), without];
  const note = `${(time * 1000).toFixed(1)} us; wazero 1.12.0 in buf 1.75.0`;
  return [{ what, value: time / fuelled, unit: 'x', target: { at: 'least', value: 1 }, note }, without];
}

function guardFigures(): Row[] {
  const { wasm } = windowAggregate();
  return [120_000, 1_000_000].flatMap((bytes) => {
    const path = join(work.path, `large-${bytes}.wasm`);
    writeFileSync(path, enlarge(wasm, bytes));
    const runs = Array.from({ length: COLD_RUNS }, () =>
      child<Record<'guardMs' | 'validateMs' | 'guardedBytes', number>>('guard', path),
    );
    const size = statSync(path).size;
    const growth = runs[0]!.guardedBytes / size;
    const target = bytes === 120_000 ? { target: { at: 'most', value: 10 } as const } : {};
    return [
      {
        what: `guard, ${Math.round(size / 1000)} KB, first in its process`,
        value: median(runs.map((run) => run.guardMs)),
        unit: 'ms',
        ...target,
        note: `validation ${median(runs.map((run) => run.validateMs)).toFixed(1)} ms; grows to ${growth.toFixed(2)}x`,
      },
    ];
  });
}

function startFigures(): Row[] {
  type Start = Record<'guardMs' | 'compileMs', number>;
  const cold = Array.from({ length: COLD_RUNS }, (_, i) => child<Start>('start', join(work.path, `cache-${i}`)));
  const cached = Array.from({ length: COLD_RUNS }, () => child<Start>('start', join(work.path, 'cache-0')));
  const row = (what: string, runs: Start[]): Row => ({
    what: `window-aggregate, ${what}`,
    value: median(runs.map(({ guardMs, compileMs }) => guardMs + compileMs)),
    unit: 'ms',
    note: `of that compile, instance and init ${median(runs.map((run) => run.compileMs)).toFixed(1)} ms`,
  });
  return [row('guarded and kept', cold), row('from the cache', cached)];
}

function memoryFigures(): Row[] {
  type Memory = Record<'madeKb' | 'calledKb', number>;
  const of = (module: string) => child<Memory>('memory', module);
  const small = of('small');
  const window = of('window-aggregate');
  const note =
    'anonymous resident memory of the process over 200 instances: pages they touched and what the engine keeps';
  return [
    {
      what: 'an instance more, of a module without state',
      value: small.madeKb,
      unit: 'KB',
      target: { at: 'most', value: 50 },
      note,
    },
    { what: 'the same after a call', value: small.calledKb, unit: 'KB' },
    {
      what: 'of window-aggregate, after gw_init',
      value: window.madeKb,
      unit: 'KB',
      note: 'with the tables that it fills itself',
    },
    { what: 'the same after a batch of 16 series', value: window.calledKb, unit: 'KB' },
  ];
}

async function runawayFigures(): Promise<Row[]> {
  const { fuelPerCall } = windowAggregate().manifest.limits;
  const fuel = options.quick ? 2_000_000 : 20_000_000;
  const figures = stopByFuel(fuel);
  const slowest = figures.reduce((a, b) => (b.ms > a.ms ? b : a));
  const terminations: number[] = [];
  for (let i = 0; i < (options.quick ? 3 : 7); i++) terminations.push(await stopByTermination());
  const millions = (n: number) => `${(n / 1e6).toFixed(0)} million`;
  return [
    ...figures.map(({ loop, ms }) => ({ what: `stopped by fuel: ${loop}`, value: (ms * 1e6) / fuel, unit: 'ns/unit' })),
    {
      what: 'fuel that is gone after 10 ms at the latest',
      value: (10 * fuel) / slowest.ms / 1e6,
      unit: 'million',
      note: `${slowest.loop}; ${millions(fuelPerCall)}, window-aggregate's fuelPerCall, ${((slowest.ms / fuel) * fuelPerCall).toFixed(0)} ms`,
    },
    { what: 'ended with its worker', value: median(terminations), unit: 'ms', target: { at: 'most', value: 50 } },
  ];
}

sections.push({ title: 'calls', rows: [...callsOfWindow(), ...KERNELS.flatMap(callsOfKernel)] });
sections.push({ title: 'guard', rows: guardFigures() });
sections.push({ title: 'start', rows: startFigures() });
sections.push({ title: 'memory', rows: memoryFigures() });
sections.push({ title: 'code that never ends', rows: await runawayFigures() });
printTable(sections);
if (options.json) console.log(JSON.stringify({ sections }));
