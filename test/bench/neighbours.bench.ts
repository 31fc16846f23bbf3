/**
 * What publishers feel of a module that misbehaves: how long a PUBACK takes beside each kind of attack, and beside the same module while it does
 * nothing. `npm run bench -- neighbours [--quick]`. All kinds take turns in one run; each has a gateway of its own. docs/reference/benchmarks.md.
 */
import { parseArgs } from 'node:util';
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

interface Neighbour {
  readonly what: string;
  /** Undefined: none of them. */
  readonly attack?: AttackName;
  readonly limits?: Readonly<Record<string, number>>;
}

const QUIET: Neighbour = { what: 'does nothing' };
const NEIGHBOURS: readonly Neighbour[] = [
  { what: 'never ends, stopped by fuel', attack: 'loop' },
  { what: 'never ends, stopped by its deadline', attack: 'loop', limits: { fuelPerCall: HUGE_FUEL } },
  { what: 'uses all the fuel that it has a second', attack: 'slow-together' },
  { what: 'grows its memory', attack: 'memory-bomb' },
  { what: 'floods with rows', attack: 'flood-of-rows' },
  { what: 'floods the log', attack: 'log-flood' },
  { what: 'floods with events', attack: 'emit-flood' },
  { what: 'floods with metrics', attack: 'metric-flood' },
];

type Figures = Pick<LoadResult, 'ackP50Ms' | 'ackP99Ms'>;

/** PUBACK times of one run. @throws Error when a reading was not acknowledged. */
async function measure({ what, attack, limits }: Neighbour): Promise<Figures> {
  using folder = temporaryFolder();
  const id = installAttack(folder.path, attack ?? 'loop', limits && { limits });
  const input = `series = "sensors/**"\nconfig = { attack = ${attack === undefined ? NO_ATTACK : attackNumber(attack)} }`;
  await using rig = await startGatewayRig(false, {
    config: `[[module]]\nname = "neighbour"\nmodule = "${id}"\n[[module.input]]\n${input}\n`,
    env: { TIDEGATE_MODULES: folder.path },
    modules: 'quarantine_after = 1000',
  });
  const load = await runLoad(rig.mqttPort, LOAD, SPANS, async () => {});
  if (load.acknowledged !== load.sent) throw new Error(`${what}: ${load.sent - load.acknowledged} without a PUBACK`);
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
