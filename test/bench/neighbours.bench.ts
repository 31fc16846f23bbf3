/**
 * What publishers feel of a module that misbehaves: how long a PUBACK takes beside each kind of attack, and beside the same module while it does
 * nothing. `npm run bench -- neighbours [--quick]`. All kinds take turns in one run; each has a gateway of its own. docs/reference/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import type { StatusDocument } from '../../gateway/src/main/status-report.ts';
import { HUGE_FUEL, installAttack } from '../support/attack-module.ts';
import { type AttackName, attackNumber } from '../support/attack-source.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startGatewayRig } from './support/gateway-rig.ts';
import { type LoadResult, type LoadShape, runLoad } from './support/load-run.ts';
import { printTable, type Row } from './support/table.ts';
import { median, ratio } from './support/wasm/turns.ts';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const TURNS = options.quick ? 1 : 3;
const SPANS = options.quick ? { warmUpSeconds: 2, seconds: 3 } : { warmUpSeconds: 3, seconds: 8 };
/** Every value is far above what sets off an attack. */
const LOAD: LoadShape = { readings: 1, series: 100, messagesPerSecond: 5000, values: 'numbered' };
/** What no attack has as its number. */
const NO_ATTACK = 1000;
/** Of the time beside a module that does nothing: within 20 % more. */
const RATIO_MOST = 1.2;

type ModuleRow = StatusDocument['modules'][number];

interface Neighbour {
  readonly what: string;
  /** Undefined: none of them. */
  readonly attack?: AttackName;
  readonly limits?: Readonly<Record<string, number>>;
  /** Whether its row in the status shows that it did what it is here for. */
  readonly hasDone: (row: ModuleRow) => boolean;
}

const hasTrapped = ({ traps }: ModuleRow) => traps > 0;
/** Fuel for a call that a module which only looks at its rows never takes. */
const MUCH_FUEL = 1_000_000;

const QUIET: Neighbour = { what: 'does nothing', hasDone: ({ traps, rowsOut }) => traps + rowsOut === 0 };
const NEIGHBOURS: readonly Neighbour[] = [
  { what: 'never ends, stopped by fuel', attack: 'loop', hasDone: hasTrapped },
  {
    what: 'never ends, stopped by its deadline',
    attack: 'loop',
    limits: { fuelPerCall: HUGE_FUEL },
    hasDone: hasTrapped,
  },
  { what: 'computes long', attack: 'slow-together', hasDone: ({ fuel, calls }) => fuel / calls > MUCH_FUEL },
  { what: 'grows its memory', attack: 'memory-bomb', hasDone: hasTrapped },
  { what: 'floods with rows', attack: 'flood-of-rows', hasDone: ({ rowsIn, rowsOut }) => rowsOut > rowsIn },
  { what: 'floods the log', attack: 'log-flood', hasDone: ({ dropped }) => dropped.logLines > 0 },
  { what: 'floods with events', attack: 'emit-flood', hasDone: ({ dropped }) => dropped.emits > 0 },
  { what: 'floods with metrics', attack: 'metric-flood', hasDone: ({ dropped }) => dropped.metrics > 0 },
];

type Figures = Pick<LoadResult, 'ackP50Ms' | 'ackP99Ms'>;

/** PUBACK times of one run. @throws Error when a reading was not acknowledged, or the neighbour did not do what it is here for. */
async function measure({ what, attack, limits, hasDone }: Neighbour): Promise<Figures> {
  using folder = temporaryFolder();
  const id = installAttack(folder.path, attack ?? 'loop', limits && { limits });
  const input = `series = "**"\nconfig = { attack = ${attack === undefined ? NO_ATTACK : attackNumber(attack)} }`;
  await using rig = await startGatewayRig(false, {
    config: `[[module]]\nname = "neighbour"\nmodule = "${id}"\n[[module.input]]\n${input}\n`,
    env: { TIDEGATE_MODULES: folder.path },
    modules: 'quarantine_after = 1000',
  });
  const load = await runLoad(rig.mqttPort, LOAD, SPANS, async () => {});
  if (load.acknowledged !== load.sent) throw new Error(`${what}: ${load.sent - load.acknowledged} without a PUBACK`);
  const row = (await rig.status()).modules.find(({ name }) => name === 'neighbour')!;
  if (!hasDone(row)) throw new Error(`a module that ${what}: ${JSON.stringify(row)}`);
  return load;
}

const figures = new Map<Neighbour, Figures[]>([QUIET, ...NEIGHBOURS].map((one) => [one, []]));
for (let turn = 0; turn < TURNS; turn++) {
  for (const [neighbour, runs] of figures) {
    console.error(`${neighbour.what}...`);
    runs.push(await measure(neighbour));
  }
}

function rows(field: keyof Figures): Row[] {
  const quiet = figures.get(QUIET)!.map((run) => run[field]);
  const beside = (one: Neighbour) =>
    ratio(
      figures.get(one)!.map((run) => run[field]),
      quiet,
    );
  return [
    { what: QUIET.what, value: median(quiet), unit: 'ms' },
    ...NEIGHBOURS.map(
      (one): Row => ({ what: one.what, value: beside(one), unit: 'x', target: { at: 'most', value: RATIO_MOST } }),
    ),
  ];
}

printTable([
  { title: 'PUBACK, median, beside a module that', rows: rows('ackP50Ms') },
  { title: 'PUBACK, p99, beside a module that', rows: rows('ackP99Ms') },
]);
