/**
 * What decoding one reading costs, beside `JSON.parse` of the text and a loop over the result, in the same run.
 * Run by hand: `node test/bench/decode.bench.ts`. Prints nanoseconds of processor time a reading (other work on the
 * machine counts less that way), the median of rounds that alternate, after some to warm up.
 */
import { allocateDecodedRows } from '../../gateway/src/core/ingest/decoded-rows.ts';
import { compileDecoder } from '../../gateway/src/core/ingest/decoder.ts';
import type { DecoderSpec } from '../../gateway/src/core/ingest/decoder-plan.ts';

const WARM_UP_ROUNDS = 5;
const ROUNDS = 15;
const ROUND_READINGS = 100_000;
const NOW_MS = 1_750_000_000_000;
const LIMITS = { readingsMax: 4096, timeMinMs: 0, timeMaxMs: 4e12 };
const AUTO: DecoderSpec = {
  decoder: 'auto',
  array: '',
  value: 'value',
  time: 'time',
  timeFormat: 'auto',
  fields: [],
  deviceKey: '',
  pointKey: '',
  qualityKey: '',
};

interface Shape {
  readonly name: string;
  readonly spec: DecoderSpec;
  readonly readings: number;
  message(i: number): unknown;
}

const reading = (i: number) => ({ value: Math.round(2000 + 500 * Math.sin(i / 50)) / 100, time: NOW_MS + i * 100 });
const many = (i: number) => Array.from({ length: 100 }, (_, k) => reading(i * 100 + k));
const SHAPES: readonly Shape[] = [
  { name: 'one flat reading', spec: AUTO, readings: 1, message: reading },
  { name: 'array of 100', spec: AUTO, readings: 100, message: many },
  { name: 'plain number', spec: { ...AUTO, decoder: 'number' }, readings: 1, message: (i) => reading(i).value },
  {
    name: 'nested payload.temp.value',
    spec: { ...AUTO, decoder: 'json', value: 'payload.temp.value', time: 'meta.ts' },
    readings: 1,
    message: (i) => ({
      meta: { ts: NOW_MS + i, fw: '1.2.3' },
      payload: { temp: { value: reading(i).value, unit: 'C' } },
    }),
  },
  {
    name: 'ten members by *',
    spec: { ...AUTO, decoder: 'json', fields: ['*'] },
    readings: 10,
    message: (i) => ({
      time: NOW_MS + i,
      ...Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`channel${k}`, reading(i + k).value])),
    }),
  },
  {
    name: 'array of 100, names and ISO time',
    spec: { ...AUTO, decoder: 'json', array: 'data', deviceKey: 'dev', pointKey: 'name' },
    readings: 100,
    message: (i) => ({
      dev: 'line-4',
      data: many(i).map((r, k) => ({ name: `sensor-${k % 20}`, value: r.value, time: new Date(r.time).toISOString() })),
    }),
  },
  {
    name: 'one reading of 17 digits',
    spec: AUTO,
    readings: 1,
    message: (i) => ({ value: 20 + Math.sin(i), time: NOW_MS + i }),
  },
];

/** Adds up what it finds, so that nothing is optimised away. */
function sumOf(found: unknown): number {
  if (typeof found === 'number') return found;
  if (typeof found === 'string') return Date.parse(found) || 0;
  let sum = 0;
  for (const key in found as object) sum += sumOf((found as Record<string, unknown>)[key]);
  return sum;
}

const rows = allocateDecodedRows(4096);
const parseText = new TextDecoder();
console.log('shape'.padEnd(36), 'ours ns', 'JSON.parse ns', 'ratio');
for (const shape of SHAPES) {
  const decoder = compileDecoder(shape.spec);
  // As in production: messages lie in one buffer of the network, as a Buffer.
  const messages = Array.from({ length: 1000 }, (_, i) => Buffer.from(JSON.stringify(shape.message(i))));
  const ours = () => {
    let sum = 0;
    for (const message of messages) {
      rows.length = 0;
      if (decoder.decode(message, 0, message.length, NOW_MS, LIMITS, rows) !== shape.readings)
        throw new Error(shape.name);
      sum += rows.value[0]! + rows.timeMs[0]!;
    }
    return sum;
  };
  const peer = () => {
    let sum = 0;
    for (const message of messages) sum += sumOf(JSON.parse(parseText.decode(message)));
    return sum;
  };
  const times: [number[], number[]] = [[], []];
  const passes = Math.max(1, Math.round(ROUND_READINGS / (messages.length * shape.readings)));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    [ours, peer].forEach((run, which) => {
      const start = process.cpuUsage().user;
      for (let pass = 0; pass < passes; pass++) run();
      if (round >= 0)
        times[which]!.push(((process.cpuUsage().user - start) * 1e3) / (passes * messages.length * shape.readings));
    });
  }
  const [a, b] = times.map((list) => list.sort((x, y) => x - y)[ROUNDS >> 1]!) as [number, number];
  console.log(
    shape.name.padEnd(36),
    a.toFixed(0).padStart(7),
    b.toFixed(0).padStart(13),
    (b / a).toFixed(1).padStart(5),
  );
}
