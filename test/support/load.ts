/** A load generator in a process of its own. Prints `{"started":true}` when connected, one JSON line of results at the end. */
import { parseArgs } from 'node:util';
import { LoadClient, type LoadOptions, percentile } from './load-client.ts';

const HELP = `load.ts --port P [OPTIONS]

  --connections N   (4)
  --series N        of each connection (25)
  --readings N      in a message (1)
  --rate N          messages a second of all connections together; max: as acknowledgements allow (max)
  --warm-up SPAN    seconds before latencies count (0)
  --for SPAN        seconds after that (5); it ends earlier on SIGTERM
  --qos 0|1         (1)
  --in-flight N     messages of a connection that are not acknowledged, at most (4000)
  --values KIND     numbered: each reading its own number; walk: two decimals, as sensors send (numbered)
  --times KIND      millisecond, even, now: see load-client.ts (millisecond)`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '1883' },
    connections: { type: 'string', default: '4' },
    series: { type: 'string', default: '25' },
    readings: { type: 'string', default: '1' },
    rate: { type: 'string', default: 'max' },
    'warm-up': { type: 'string', default: '0' },
    for: { type: 'string', default: '5' },
    qos: { type: 'string', default: '1' },
    'in-flight': { type: 'string', default: '4000' },
    values: { type: 'string', default: 'numbered' },
    times: { type: 'string', default: 'millisecond' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const connections = Number(values.connections);
const readings = Number(values.readings);
const perConnection = values.rate === 'max' ? Infinity : Number(values.rate) / connections;
const clients = Array.from({ length: connections }, (_, i) => {
  return new LoadClient({
    port: Number(values.port),
    name: `load${i}`,
    series: Number(values.series),
    readingsPerMessage: readings,
    qos: values.qos === '0' ? 0 : 1,
    inFlightMax: Number(values['in-flight']),
    messagesPerSecond: perConnection,
    firstNumber: i * 2e9,
    values: values.values as NonNullable<LoadOptions['values']>,
    times: values.times as NonNullable<LoadOptions['times']>,
  });
});
const total = (count: (client: LoadClient) => number) => clients.reduce((sum, client) => sum + count(client), 0);
const toldToEnd = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
/** Seconds, or less when we are told to end. */
const pass = (seconds: number) =>
  Promise.race([toldToEnd, new Promise((resolve) => setTimeout(resolve, seconds * 1000))]);

await Promise.all(clients.map((client) => client.start()));
console.log(JSON.stringify({ started: true }));
await pass(Number(values['warm-up']));
for (const client of clients) client.forgetLatencies();
const before = total((client) => client.acknowledged);
const sentBefore = total((client) => client.sent);
const cpuBefore = process.cpuUsage();
const start = performance.now();
await pass(Number(values.for));
const seconds = (performance.now() - start) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const during =
  values.qos === '0' ? total((client) => client.sent) - sentBefore : total((client) => client.acknowledged) - before;
const latencies = clients.flatMap((client) => [...client.latencies]);
await Promise.all(clients.map((client) => client.stop(10_000)));
const sent = total((client) => client.sent);
console.log(
  JSON.stringify({
    sent,
    acknowledged: total((client) => client.acknowledged),
    points: sent * readings,
    pointsPerSecond: Math.round((during * readings) / seconds),
    /** Processor seconds a second: near 1 means that the generator, one thread, is what limits. */
    cores: (cpu.user + cpu.system) / 1e6 / seconds,
    ackP50Ms: percentile(latencies, 0.5),
    ackP99Ms: percentile(latencies, 0.99),
  }),
);
process.exit(0);
