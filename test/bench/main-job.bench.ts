/**
 * The main job end to end, and Node-RED at the same work in the same run; started by `npm run bench`, which says what it takes.
 * Every run has a gateway of its own on a fresh state folder. How each number comes about: docs/reference/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import { findBinary } from '../support/require.ts';
import { hasNatsServer } from './support/gateway-rig.ts';
import { type GatewayFigures, runGateway } from './support/gateway-run.ts';
import type { LoadShape } from './support/load-run.ts';
import { type PeerFigures, searchPeer } from './support/node-red-search.ts';
import { machineFigures } from './support/process-figures.ts';
import { figure, printTable, type Row, type Section } from './support/table.ts';

const { values: options, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'node-red': { type: 'string' },
    'peer-missing': { type: 'string' },
  },
  allowPositionals: true,
});
const isQuick = options.quick;
const SPANS = isQuick ? { warmUpSeconds: 1, seconds: 3 } : { warmUpSeconds: 3, seconds: 12 };
const TRIAL = isQuick ? { warmUpSeconds: 1, seconds: 1.5 } : { warmUpSeconds: 1, seconds: 4 };
const CONFIRM_WAIT_MS = isQuick ? 20_000 : 120_000;

/** One value a message from 100 sensors; and 100 values a message, each sensor at about a thousand a second. */
const SINGLE: LoadShape = { readings: 1, series: 100, messagesPerSecond: Infinity };
const HUNDRED: LoadShape = { readings: 100, series: 1000, messagesPerSecond: Infinity };
const STEADY_RATE = 50_000;

interface Shape {
  readonly name: string;
  readonly load: LoadShape;
  readonly pointsTarget: number;
  /** Messages a second at which the search for the peer's rate begins. */
  readonly peerFirstRate: number;
  full?: GatewayFigures;
  half?: GatewayFigures;
  peer?: PeerFigures;
}

const shapes: Shape[] = [
  { name: '1 reading a message, QoS 1', load: SINGLE, pointsTarget: 40_000, peerFirstRate: 10_000 },
  { name: '100 readings a message, QoS 1', load: HUNDRED, pointsTarget: 500_000, peerFirstRate: 1000 },
];
const isWanted = (part: string) => positionals.includes(part);
const say = (line: string) => console.error(line);
const cloud = hasNatsServer ? 'with nats-server and sink' : 'store only: no nats-server here';
const sections: Section[] = [];
const faults: string[] = [];

/** Ctrl-C and SIGTERM end what runs for us. */
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

async function run(what: string, withCloud: boolean, load: LoadShape): Promise<GatewayFigures> {
  say(`${what} (${withCloud ? 'cloud' : 'store only'})...`);
  const figures = await runGateway(withCloud, load, SPANS, CONFIRM_WAIT_MS);
  if (!figures.balanced) faults.push(`${what}: the ledger does not balance, or not all that was sent is in it`);
  return figures;
}

const before = machineFigures();

if (isWanted('rate') || isWanted('latency')) {
  for (const shape of shapes) shape.full = await run(`rate, ${shape.name}`, hasNatsServer, shape.load);
  sections.push({ title: `acknowledged after the commit, through two modules, ${cloud}`, rows: shapes.map(rateRow) });
  sections.push({ title: 'memory of the gateway', rows: shapes.flatMap(memoryRows) });
}

if (isWanted('latency')) {
  for (const shape of shapes) {
    const messagesPerSecond = Math.round(shape.full!.pointsPerSecond / shape.load.readings / 2);
    const load = { ...shape.load, messagesPerSecond, isStamped: true };
    shape.half = await run(`latency at half the rate, ${shape.name}`, hasNatsServer, load);
  }
  sections.push({ title: `latency at half that rate, ${cloud}`, rows: shapes.flatMap(latencyRows) });
}

if (isWanted('bytes')) {
  const steady = { ...SINGLE, messagesPerSecond: STEADY_RATE };
  const rows: Row[] = [];
  for (const withCloud of hasNatsServer ? [false, true] : [false]) {
    for (const [name, load] of [
      [`${figure(STEADY_RATE)} points/s, 1 reading a message, 100 series`, steady],
      [`the same, 1000 series`, { ...steady, series: 1000 }],
      ['full rate, 100 readings a message, 1000 series', HUNDRED],
    ] as const) {
      const figures = await run(`octets written, ${name}`, withCloud, load);
      const note = `at ${figure(figures.pointsPerSecond)} points/s`;
      const what = `${name}, ${withCloud ? 'with sync' : 'store only'}`;
      rows.push({ what, value: figures.bytesPerPoint, unit: 'B/point', target: { at: 'most', value: 2 }, note });
    }
  }
  sections.push({ title: 'written to storage by the gateway', rows });
}

const peerMissing =
  options['peer-missing'] ?? (findBinary('mosquitto') === undefined ? 'no mosquitto here' : undefined);
if (options['node-red'] !== undefined && peerMissing === undefined) {
  for (const shape of shapes) {
    say(`peer, ${shape.name}...`);
    shape.peer = await searchPeer(options['node-red'], shape.load, shape.peerFirstRate, TRIAL, SPANS);
  }
  sections.push({
    title: 'Node-RED: MQTT in, mean over 10 s a topic, MQTT out; not durable',
    rows: shapes.flatMap(peerRows),
  });
  sections.push({ title: 'gateway beside Node-RED', rows: shapes.flatMap(ratioRows) });
} else if (peerMissing !== undefined) say(`Node-RED is left out: ${peerMissing}`);

const after = machineFigures();
printTable(sections);
const steal = (100 * (after.stolenTicks - before.stolenTicks)) / Math.max(1, after.ticks - before.ticks);
console.log(
  `machine: ${before.cores} cores, ${before.processor}, ${figure(before.memoryGb)} GB; ` +
    `load average before ${before.loadAverage.toFixed(2)}, steal time ${steal.toFixed(1)} %${isQuick ? '; QUICK run: not to be quoted' : ''}`,
);
for (const fault of faults) console.log(`FAULT: ${fault}`);
if (options.json)
  console.log(
    JSON.stringify({ isQuick, cloud, machine: { ...before, stealPercent: steal }, shapes, sections, faults }),
  );
process.exit(faults.length === 0 ? 0 : 1);

function rateRow({ name, full, pointsTarget }: Shape): Row {
  const { pointsPerSecond, cores, skippedPoints, balanced, isAllConfirmed, confirmedAtEnd, load } = full!;
  const note = [
    balanced ? 'ledger balances' : 'LEDGER DOES NOT BALANCE',
    `${cores.toFixed(2)} cores`,
    `${figure((100 * skippedPoints) / load.points)} % not seen by modules`,
    hasNatsServer
      ? `${figure((100 * confirmedAtEnd) / load.points)} % confirmed meanwhile${isAllConfirmed ? ', all in the end' : ''}`
      : '',
  ];
  return {
    ...{ what: name, value: pointsPerSecond, unit: 'points/s', target: { at: 'least', value: pointsTarget } },
    note: note.filter(Boolean).join(', '),
  };
}

function memoryRows({ name, full }: Shape, index: number): Row[] {
  const { idle, loaded } = full!;
  const anonymous = (mb: number) => `${figure(mb)} MB of it anonymous`;
  const rows: Row[] = [
    {
      what: `at full rate, ${name}`,
      value: loaded.pssMb,
      unit: 'MB PSS',
      target: { at: 'most', value: 90 },
      note: anonymous(loaded.anonymousMb),
    },
  ];
  if (index === 0) rows.unshift({ what: 'idle', value: idle.pssMb, unit: 'MB PSS', note: anonymous(idle.anonymousMb) });
  return rows;
}

function latencyRows({ name, half }: Shape): Row[] {
  const { load, moduleP50Ms, moduleP99Ms, pointsPerSecond, skippedPoints } = half!;
  const at = `at ${figure(pointsPerSecond)} points/s`;
  const skipped =
    skippedPoints === 0 ? at : `${at}; ${figure((100 * skippedPoints) / load.points)} % not seen by modules`;
  return [
    { what: `publish to PUBACK p50, ${name}`, value: load.ackP50Ms, unit: 'ms', note: at },
    { what: `publish to PUBACK p99, ${name}`, value: load.ackP99Ms, unit: 'ms' },
    { what: `publish to module output p50, ${name}`, value: moduleP50Ms, unit: 'ms', note: skipped },
    {
      what: `publish to module output p99, ${name}`,
      value: moduleP99Ms,
      unit: 'ms',
      target: { at: 'most', value: 8.3 },
    },
  ];
}

function peerRows({ name, peer }: Shape): Row[] {
  const { pointsPerSecond, p50Ms, p99Ms } = peer!;
  return [
    { what: `sustained, ${name}`, value: pointsPerSecond, unit: 'points/s' },
    { what: `publish to flow output p50, ${name}`, value: p50Ms, unit: 'ms', note: 'at half that rate' },
    { what: `publish to flow output p99, ${name}`, value: p99Ms, unit: 'ms' },
  ];
}

function ratioRows({ name, full, half, peer }: Shape): Row[] {
  const rows: Row[] = [];
  if (full !== undefined) {
    rows.push({
      what: `points/s, ${name}`,
      value: full.pointsPerSecond / peer!.pointsPerSecond,
      unit: 'times',
      target: { at: 'least', value: 20 },
    });
  }
  if (half?.moduleP99Ms && peer!.p99Ms !== null) {
    rows.push({
      what: `p99 to output, ${name}, each at half its own rate`,
      value: peer!.p99Ms / half.moduleP99Ms,
      unit: 'times shorter',
    });
  }
  return rows;
}
