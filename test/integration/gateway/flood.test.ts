/** As much as clients can send: sources are slowed down, nothing acknowledged is lost, the ledger balances, memory stays within bounds. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { LoadClient } from '../../support/load-client.ts';
import { FIRST_VALUE } from '../../support/load-frames.ts';

const CLIENTS = 3;
const MESSAGES = 30_000;
const RSS_MIB_MAX = 450;

function rssMiB({ pid }: GatewayProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

function loadClients(
  port: number,
  readings: number,
  qos: 0 | 1,
  onAcknowledged?: (first: number) => void,
): LoadClient[] {
  return Array.from({ length: CLIENTS }, (_, i) => {
    const options = { port, name: `flood${i}`, series: 10, readingsPerMessage: readings, qos, inFlightMax: 20_000 };
    return new LoadClient({
      ...options,
      messagesPerSecond: Infinity,
      firstNumber: i * 1e8,
      ...(onAcknowledged && { onAcknowledged }),
    });
  });
}

const sum = (clients: readonly LoadClient[], of: 'sent' | 'acknowledged') =>
  clients.reduce((total, client) => total + client[of], 0);

async function flood(gateway: GatewayProcess, clients: readonly LoadClient[], messages: number): Promise<number> {
  let peakMiB = 0;
  await Promise.all(clients.map((client) => client.start()));
  await eventually(
    `${messages} messages`,
    () => {
      peakMiB = Math.max(peakMiB, rssMiB(gateway));
      return sum(clients, 'sent') >= messages;
    },
    60_000,
  );
  await Promise.all(clients.map((client) => client.stop(30_000)));
  return peakMiB;
}

test('single readings at QoS 1 at full speed: every acknowledged one is stored, once', async () => {
  const acknowledged: number[] = [];
  await using gateway = await startGateway();
  const clients = loadClients(gateway.mqttPort, 1, 1, (first) => acknowledged.push(first));
  const peakMiB = await flood(gateway, clients, MESSAGES * 3);
  assert.equal(sum(clients, 'acknowledged'), sum(clients, 'sent'));
  const { ledger } = await gateway.status();
  assert.ok(ledger.balanced);
  assert.equal(ledger.lanes.live.received, sum(clients, 'sent'));
  assert.equal(await gateway.stop(), 0, gateway.log);
  const found = (await gateway.exported('flood*/s*'))
    .filter(({ lane }) => lane === 'live')
    .map(({ value }) => value! - FIRST_VALUE);
  assert.equal(found.length, acknowledged.length);
  assert.deepEqual(Float64Array.from(found).sort(), Float64Array.from(acknowledged).sort());
  assert.ok(peakMiB < RSS_MIB_MAX, `${peakMiB} MiB`);
});

test('arrays at QoS 1 fill the pipeline: senders are paused, nothing is lost, memory stays within bounds', async () => {
  await using gateway = await startGateway();
  const clients = loadClients(gateway.mqttPort, 500, 1);
  const peakMiB = await flood(gateway, clients, 6000);
  assert.equal(sum(clients, 'acknowledged'), sum(clients, 'sent'));
  const { ledger } = await gateway.status();
  assert.ok(ledger.balanced);
  assert.equal(ledger.lanes.live.stored, sum(clients, 'sent') * 500);
  assert.ok(peakMiB < RSS_MIB_MAX, `${peakMiB} MiB`);
});

test('at QoS 0 the socket slows the sender down: what it has sent is stored, every message of it', async () => {
  await using gateway = await startGateway();
  const clients = loadClients(gateway.mqttPort, 100, 0);
  const peakMiB = await flood(gateway, clients, 10_000);
  const points = sum(clients, 'sent') * 100;
  await eventually(
    `${points} points`,
    async () => (await gateway.status()).ledger.lanes.live.stored === points,
    30_000,
  );
  assert.ok(peakMiB < RSS_MIB_MAX, `${peakMiB} MiB`);
});

test('a gateway killed in the middle of a flood has stored everything it acknowledged', async () => {
  const acknowledged = new Set<number>();
  await using gateway = await startGateway();
  const clients = loadClients(gateway.mqttPort, 1, 1, (first) => acknowledged.add(first));
  await Promise.all(clients.map((client) => client.start()));
  await eventually('a good deal of it', () => acknowledged.size > MESSAGES, 60_000);
  await gateway.kill();
  await Promise.all(clients.map((client) => client.stop(1000)));
  await gateway.start();
  assert.ok((await gateway.status()).ledger.balanced);
  assert.equal(await gateway.stop(), 0, gateway.log);
  for (const { value } of await gateway.exported('flood*/s*')) acknowledged.delete(value! - FIRST_VALUE);
  assert.equal(acknowledged.size, 0, `${acknowledged.size} acknowledged readings are missing`);
});
