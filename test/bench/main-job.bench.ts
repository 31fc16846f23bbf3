/**
 * The main job end to end, and Node-RED at the same work in the same run; started by `npm run bench`, which says what it takes.
 * Every run has a gateway of its own on a fresh state folder. How each number comes about: docs/reference/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import { describeError } from '../../gateway/src/base/errors.ts';
import { findBinary } from '../support/require.ts';
import { hasNatsServer } from './support/gateway-rig.ts';
import { type GatewayFigures, runGateway } from './support/gateway-run.ts';
import type { LoadShape } from './support/load-run.ts';
import { searchPeer } from './support/node-red-search.ts';
import { machineFigures } from './support/process-figures.ts';
import * as report from './support/report-rows.ts';
import { figure, printTable, type Section } from './support/table.ts';

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
/** Of each rate tried on the peer. */
const TRIAL = isQuick ? { warmUpSeconds: 1, seconds: 1.5 } : { warmUpSeconds: 1, seconds: 4 };
const CONFIRM_WAIT_MS = isQuick ? 30_000 : 180_000;

/** One value a message from 100 sensors; and 100 values a message from 1000. */
const SINGLE: LoadShape = { readings: 1, series: 100, messagesPerSecond: Infinity };
const HUNDRED: LoadShape = { readings: 100, series: 1000, messagesPerSecond: Infinity };
const STEADY: LoadShape = { ...SINGLE, messagesPerSecond: 50_000 };

const shapes: report.Shape[] = [
  { name: '1 reading a message', load: SINGLE, pointsTarget: 40_000, peerFirstRate: 10_000, full: {}, half: {} },
  { name: '100 readings a message', load: HUNDRED, pointsTarget: 500_000, peerFirstRate: 1000, full: {}, half: {} },
];
const places: readonly report.Place[] = hasNatsServer ? ['store', 'cloud'] : ['store'];
const sections: Section[] = [];
const faults: string[] = [];
/** Of each run of the gateway. */
const otherCores: number[] = [];
const isWanted = (...parts: string[]) => parts.some((part) => positionals.includes(part));
const say = (line: string) => console.error(line);
const forEach = <T>(rows: (place: report.Place, shape: report.Shape) => T | T[]): T[] =>
  places.flatMap((place) => shapes.flatMap((shape) => rows(place, shape)));

// An ordinary exit, so that what runs for us is ended with us.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

async function run(what: string, place: report.Place, load: LoadShape): Promise<GatewayFigures> {
  say(`${what}, ${report.PLACES[place]}...`);
  const figures = await runGateway(place === 'cloud', load, SPANS, CONFIRM_WAIT_MS);
  otherCores.push(figures.otherCores);
  if (!figures.balanced) faults.push(`${what}: the ledger does not balance, or what was sent is not what is in it`);
  return figures;
}

async function measureGateway(): Promise<void> {
  if (!hasNatsServer) say('No nats-server here: the gateway is measured without a cloud.');
  const written = [];
  if (isWanted('rate', 'latency')) {
    for (const place of places) {
      for (const shape of shapes) {
        const figures = await run(`full rate, ${shape.name}`, place, shape.load);
        shape.full[place] = figures;
        written.push(report.writtenRow(`full rate, ${shape.name}`, place, figures));
      }
    }
    sections.push({
      title: 'acknowledged (QoS 1) after the commit, through two modules',
      rows: forEach(report.rateRow),
    });
    const memory = [report.memoryRow('idle', shapes[0]!.full.store!.idle)];
    memory.push(
      ...forEach((place, { name, full }) =>
        report.memoryRow(`full rate, ${name}, ${report.PLACES[place]}`, full[place]!.loaded),
      ),
    );
    sections.push({ title: 'memory of the gateway', rows: memory });
  }
  if (isWanted('latency')) {
    for (const place of places) {
      for (const shape of shapes) {
        const messagesPerSecond = Math.round(shape.full[place]!.pointsPerSecond / shape.load.readings / 2);
        const load = { ...shape.load, messagesPerSecond, isStamped: true };
        shape.half[place] = await run(`half rate, ${shape.name}`, place, load);
      }
    }
    sections.push({ title: 'latency at half that rate', rows: forEach(report.latencyRows) });
  }
  if (isWanted('bytes')) {
    for (const place of places) {
      for (const series of [SINGLE.series, HUNDRED.series]) {
        const what = `1 reading a message, ${series} series`;
        written.push(report.writtenRow(what, place, await run(what, place, { ...STEADY, series })));
      }
    }
  }
  if (written.length > 0) sections.push({ title: 'written to storage by the gateway', rows: written });
}

async function measurePeer(folder: string): Promise<void> {
  for (const shape of shapes) {
    say(`Node-RED, ${shape.name}...`);
    try {
      shape.peer = await searchPeer(folder, shape.load, shape.peerFirstRate, TRIAL, SPANS);
    } catch (error) {
      say(`Node-RED is left out: ${describeError(error)}`);
    }
  }
  const measured = shapes.filter(({ peer }) => peer !== undefined);
  sections.push({
    title: 'Node-RED: MQTT in, mean over 10 s a topic, MQTT out; not durable',
    rows: measured.flatMap(report.peerRows),
  });
  sections.push({ title: 'gateway, store only, beside Node-RED', rows: measured.flatMap(report.ratioRows) });
}

const before = machineFigures();
await measureGateway();
const reason = options['peer-missing'] ?? (findBinary('mosquitto') === undefined ? 'no mosquitto here' : undefined);
if (reason !== undefined) say(`Node-RED is left out: ${reason}`);
else if (options['node-red'] !== undefined) await measurePeer(options['node-red']);
const after = machineFigures();

printTable(sections);
const stealPercent = (100 * (after.stolenTicks - before.stolenTicks)) / Math.max(1, after.ticks - before.ticks);
console.log(
  `machine: ${before.cores} cores, ${before.processor}, ${figure(before.memoryGb)} GB; ` +
    `load average before ${before.loadAverage.toFixed(2)}, steal time ${stealPercent.toFixed(1)} %`,
);
if (otherCores.length > 0) {
  console.log(
    `other programs: at most ${Math.max(...otherCores).toFixed(2)} cores busy before the load of a run; near 0 on a quiet machine`,
  );
}
if (isQuick) console.log('A quick run: not to be quoted.');
for (const fault of faults) console.log(`FAULT: ${fault}`);
if (options.json)
  console.log(JSON.stringify({ isQuick, machine: { ...before, stealPercent, otherCores }, shapes, sections, faults }));
process.exit(faults.length === 0 ? 0 : 1);
