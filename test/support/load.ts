/** `load.ts --port P [--connections N] [--series N] [--readings N] [--rate MESSAGES/S] [--for SECONDS] [--qos 0|1]`: one JSON line at the end. */
import { parseArgs } from 'node:util';
import { LoadClient, percentile } from './load-client.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '1883' },
    connections: { type: 'string', default: '4' },
    series: { type: 'string', default: '25' },
    readings: { type: 'string', default: '1' },
    rate: { type: 'string', default: 'max' },
    for: { type: 'string', default: '5' },
    qos: { type: 'string', default: '1' },
    'in-flight': { type: 'string', default: '4000' },
  },
});

const connections = Number(values.connections);
const perConnection = values.rate === 'max' ? Infinity : Number(values.rate) / connections;
const clients = Array.from({ length: connections }, (_, i) => {
  return new LoadClient({
    port: Number(values.port),
    name: `load${i}`,
    series: Number(values.series),
    readingsPerMessage: Number(values.readings),
    qos: values.qos === '0' ? 0 : 1,
    inFlightMax: Number(values['in-flight']),
    messagesPerSecond: perConnection,
    firstNumber: i * 2e9,
  });
});
await Promise.all(clients.map((client) => client.start()));
const start = performance.now();
await new Promise((resolve) => setTimeout(resolve, Number(values.for) * 1000));
const seconds = (performance.now() - start) / 1000;
const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0);
await Promise.all(clients.map((client) => client.stop(10_000)));
const sent = clients.reduce((sum, client) => sum + client.sent, 0);
const latencies = clients.flatMap((client) => [...client.latencies]);
console.log(
  JSON.stringify({
    sent,
    acknowledged: clients.reduce((sum, client) => sum + client.acknowledged, 0),
    points: sent * Number(values.readings),
    pointsPerSecond: Math.round(((values.qos === '0' ? sent : acknowledged) * Number(values.readings)) / seconds),
    ackP50Ms: percentile(latencies, 0.5),
    ackP99Ms: percentile(latencies, 0.99),
  }),
);
process.exit(0);
